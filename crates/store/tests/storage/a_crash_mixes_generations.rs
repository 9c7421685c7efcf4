//! A crash at every write and every sync, with what was not synced kept, lost, torn or scattered, and again while the
//! store recovers: what opens is the old generation or the new one, whole, and what was acknowledged is there.

use engram_store::{Store, StoreError};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{
    disk::{Call, Disk, UNSYNCED, Unsynced, crash_image},
    model::{Model, commit, config, hash, random_changes, rng},
};

/// What was committed, in order, and when it was acknowledged.
struct Recording {
    /// What was on the disk before.
    start: Vec<u8>,
    calls: Vec<Call>,
    /// Number of calls made when the generation at this position was acknowledged, and its words.
    acknowledged: Vec<(usize, Model)>,
    /// The generation of the first of them.
    first: u64,
}

/// Commits, and a compaction now and then.
fn record(rng: &mut ChaCha8Rng, commits: usize) -> Recording {
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut model = Model::default();
    let mut acknowledged = vec![(disk.calls_count(), model.clone())];
    for number in 1..=commits {
        let changes = random_changes(rng, 8);
        commit(&mut store, &changes).unwrap();
        changes.iter().for_each(|change| model.apply(change));
        acknowledged.push((disk.calls_count(), model.clone()));
        if number % 4 == 0 {
            store.compact().unwrap();
        }
    }
    drop(store);
    Recording { start: vec![], calls: disk.calls(), acknowledged, first: 0 }
}

impl Recording {
    /// The position of the last generation that was acknowledged before the crash.
    fn last_acknowledged(&self, crash: usize) -> Option<usize> {
        self.acknowledged.iter().rposition(|&(calls, _)| calls <= crash)
    }

    /// Open what a crash left, and fail unless it is one whole generation, and not an older one than was acknowledged.
    /// Returns the disk as it is after recovery.
    fn assert_recovers(&self, image: Vec<u8>, crash: usize, how: Unsynced) -> Disk {
        let disk = Disk::with(image);
        let last = self.last_acknowledged(crash);
        let place = format!("crash after {crash} calls, unsynced ones {how:?}");
        let store = match Store::open_on(disk.clone(), &config(), hash()) {
            Ok(store) => store,
            // Before the creation is acknowledged there may be no store, and it must say so.
            Err(StoreError::Unfinished | StoreError::NotAStore { .. }) if last.is_none() => return disk,
            Err(error) => panic!("{place}: {error}"),
        };
        let position = (store.generation().unwrap() - self.first) as usize;
        let least = last.unwrap_or(0);
        assert!((least..=least + 1).contains(&position), "{place}: generation {position}, acknowledged was {last:?}");
        self.acknowledged[position].1.assert_is_in(&store);
        drop(store);
        disk
    }
}

#[test]
fn a_crash_at_any_call_leaves_one_whole_generation() {
    let mut rng = rng(30);
    let recording = record(&mut rng, 6);
    let syncs = recording.calls.iter().filter(|call| matches!(call, Call::Sync)).count();
    assert!(syncs >= 12, "two phases a commit: {syncs} syncs");
    for crash in 0..=recording.calls.len() {
        for how in UNSYNCED {
            let image = crash_image(&recording.start, &recording.calls[..crash], how, &mut rng);
            recording.assert_recovers(image, crash, how);
        }
    }
}

#[test]
fn a_crash_while_recovering_from_a_crash_leaves_one_whole_generation() {
    let mut rng = rng(31);
    let recording = record(&mut rng, 4);
    for crash in 0..=recording.calls.len() {
        let how = UNSYNCED[rng.random_range(0..UNSYNCED.len())];
        let image = crash_image(&recording.start, &recording.calls[..crash], how, &mut rng);
        recover_with_crashes(&recording, image, crash, how, 4, &mut rng);
    }
}

/// Recover, and then as if that had not come to its end, `samples` times.
fn recover_with_crashes(
    recording: &Recording,
    image: Vec<u8>,
    crash: usize,
    how: Unsynced,
    samples: usize,
    rng: &mut ChaCha8Rng,
) {
    let recovery = recording.assert_recovers(image.clone(), crash, how).calls();
    for _ in 0..samples {
        let second = rng.random_range(0..=recovery.len());
        let again = UNSYNCED[rng.random_range(0..UNSYNCED.len())];
        let image = crash_image(&image, &recovery[..second], again, rng);
        recording.assert_recovers(image, crash, again);
    }
}

/// These tests can see a loss: on a disk that ignores syncs there is one.
#[test]
fn a_disk_that_ignores_syncs_loses_what_was_acknowledged() {
    let mut rng = rng(33);
    let recording = record(&mut rng, 3);
    let (acknowledged, _) = recording.acknowledged[3];
    let ignored: Vec<Call> =
        recording.calls[..acknowledged].iter().filter(|call| !matches!(call, Call::Sync)).cloned().collect();
    let image = crash_image(&recording.start, &ignored, Unsynced::Dropped, &mut rng);
    assert!(matches!(Store::open_on(Disk::with(image), &config(), hash()), Err(StoreError::Unfinished)));
}

#[test]
fn commits_after_a_recovery_are_as_safe() {
    let mut rng = rng(32);
    for _ in 0..6 {
        let recording = record(&mut rng, 3);
        let crash = rng.random_range(recording.acknowledged[1].0..=recording.calls.len());
        let image = crash_image(&recording.start, &recording.calls[..crash], Unsynced::Scattered, &mut rng);
        let disk = Disk::with(image.clone());
        let mut store = Store::open_on(disk.clone(), &config(), hash()).unwrap();
        let first = store.generation().unwrap();
        let mut model = recording.acknowledged[first as usize].1.clone();
        let mut acknowledged = vec![(0, model.clone())];
        for _ in 0..2 {
            let changes = random_changes(&mut rng, 8);
            commit(&mut store, &changes).unwrap();
            changes.iter().for_each(|change| model.apply(change));
            acknowledged.push((disk.calls_count(), model.clone()));
        }
        drop(store);
        let resumed = Recording { start: image, calls: disk.calls(), acknowledged, first };
        for crash in 0..=resumed.calls.len() {
            let how = UNSYNCED[rng.random_range(0..UNSYNCED.len())];
            let image = crash_image(&resumed.start, &resumed.calls[..crash], how, &mut rng);
            resumed.assert_recovers(image, crash, how);
        }
    }
}

/// `cargo test -p engram-store --test storage a_long_campaign -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes: every crash of longer histories, and ten crashes while recovering from each"]
fn a_long_campaign_of_crashes_finds_no_mixed_generation() {
    for seed in 300..310 {
        let mut rng = rng(seed);
        let recording = record(&mut rng, 12);
        for crash in 0..=recording.calls.len() {
            for how in UNSYNCED {
                let image = crash_image(&recording.start, &recording.calls[..crash], how, &mut rng);
                recover_with_crashes(&recording, image, crash, how, 10, &mut rng);
            }
        }
    }
}
