//! A disk in memory that records what reaches it, fails when told to, and can be read as a crash would leave it.

use std::{
    io,
    sync::{Arc, Mutex},
};

use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;

/// What reaches a disk.
#[derive(Clone, Debug)]
pub enum Call {
    Write(u64, Vec<u8>),
    SetLength(u64),
    Sync,
}

/// Which call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The n-th write.
    Write(usize),
    /// The n-th sync.
    Sync(usize),
    /// The n-th change of length.
    SetLength(usize),
    /// The n-th read.
    Read(usize),
    /// Every write or change of length past so many bytes.
    Full(u64),
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    calls: Vec<Call>,
    counts: [usize; 4],
    failure: Option<Failure>,
    /// After the failing call, all others fail too.
    stays_broken: bool,
    broken: bool,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

/// What becomes of calls that no sync followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// All are on the disk.
    Kept,
    /// None is.
    Dropped,
    /// Only the last is.
    LastOnly,
    /// All but the last are, and of that the first half.
    LastTorn,
    /// Some sectors of some of them, in whatever order.
    Scattered,
}

pub const UNSYNCED: [Unsynced; 5] =
    [Unsynced::Kept, Unsynced::Dropped, Unsynced::LastOnly, Unsynced::LastTorn, Unsynced::Scattered];

/// What a disk writes at once.
const SECTOR_BYTES: usize = 512;

impl Disk {
    /// A disk with something on it.
    pub fn with(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { bytes, ..State::default() })))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }

    pub fn calls_count(&self) -> usize {
        self.0.lock().unwrap().calls.len()
    }

    /// Writes, syncs, changes of length, reads so far.
    pub fn counts(&self) -> [usize; 4] {
        self.0.lock().unwrap().counts
    }

    /// From now on, counting from now.
    pub fn fail(&self, failure: Failure, stays_broken: bool) {
        let mut state = self.0.lock().unwrap();
        state.counts = [0; 4];
        state.failure = Some(failure);
        state.stays_broken = stays_broken;
    }

    /// Whether the failure came to pass.
    pub fn has_failed(&self) -> bool {
        self.0.lock().unwrap().broken
    }

    fn call(&self, kind: usize, end: u64) -> io::Result<std::sync::MutexGuard<'_, State>> {
        let mut state = self.0.lock().unwrap();
        let count = state.counts[kind];
        state.counts[kind] += 1;
        let fails = match state.failure {
            None => false,
            Some(Failure::Write(nth)) => kind == 0 && count == nth,
            Some(Failure::Sync(nth)) => kind == 1 && count == nth,
            Some(Failure::SetLength(nth)) => kind == 2 && count == nth,
            Some(Failure::Read(nth)) => kind == 3 && count == nth,
            Some(Failure::Full(bytes)) => kind != 3 && end > bytes,
        };
        if fails || (state.broken && state.stays_broken) {
            state.broken = true;
            return Err(match state.failure {
                Some(Failure::Full(_)) => io::ErrorKind::StorageFull.into(),
                _ => io::Error::other("this disk is broken"),
            });
        }
        Ok(state)
    }
}

/// The disk after a crash: `synced` calls are on it, of the others what `unsynced` says.
pub fn crash_image(start: &[u8], calls: &[Call], unsynced: Unsynced, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let synced = calls.iter().rposition(|call| matches!(call, Call::Sync)).map_or(0, |last| last + 1);
    let mut image = start.to_vec();
    calls[..synced].iter().for_each(|call| apply(&mut image, call));
    let open = &calls[synced..];
    match unsynced {
        Unsynced::Dropped => {}
        Unsynced::Kept => open.iter().for_each(|call| apply(&mut image, call)),
        Unsynced::LastOnly => open.iter().rev().take(1).for_each(|call| apply(&mut image, call)),
        Unsynced::LastTorn => {
            let Some((last, others)) = open.split_last() else { return image };
            others.iter().for_each(|call| apply(&mut image, call));
            if let Call::Write(offset, data) = last {
                let half = rng.random_range(0..=data.len());
                apply(&mut image, &Call::Write(*offset, data[..half].to_vec()));
            }
        }
        Unsynced::Scattered => scatter(&mut image, open, rng),
    }
    image
}

/// Each call is lost or not; a write is so sector by sector. What is written twice to one place is there as one of both:
/// the order is shuffled.
fn scatter(image: &mut Vec<u8>, open: &[Call], rng: &mut ChaCha8Rng) {
    let mut parts = vec![];
    for call in open {
        match call {
            Call::Write(offset, data) => {
                for (number, sector) in data.chunks(SECTOR_BYTES).enumerate() {
                    parts.push(Call::Write(offset + (number * SECTOR_BYTES) as u64, sector.to_vec()));
                }
            }
            other => parts.push(other.clone()),
        }
    }
    parts.shuffle(rng);
    let chance = rng.random_range(0.0..1.0);
    parts.iter().filter(|_| rng.random_bool(chance)).for_each(|call| apply(image, call));
}

fn apply(image: &mut Vec<u8>, call: &Call) {
    match call {
        Call::Sync => {}
        Call::SetLength(length) => image.resize(*length as usize, 0),
        Call::Write(offset, data) => {
            let end = *offset as usize + data.len();
            // Data can reach the disk before the length that makes room for it.
            if image.len() < end {
                image.resize(end, 0);
            }
            image[*offset as usize..end].copy_from_slice(data);
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.call(3, 0)?;
        let bytes = state.bytes.get(offset as usize..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.call(2, length)?;
        let call = Call::SetLength(length);
        apply(&mut state.bytes, &call);
        state.calls.push(call);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.call(1, 0)?.calls.push(Call::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.call(0, offset + data.len() as u64)?;
        let call = Call::Write(offset, data.to_vec());
        apply(&mut state.bytes, &call);
        state.calls.push(call);
        Ok(())
    }
}
