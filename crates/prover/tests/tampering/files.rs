//! Every byte of a file matters: flipped, it is another file or none; and a file that is cut short is none.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use engram_rv32im::testing::SplitMix64;
use engram_verifier::{FileError, ProgramKey, RunProof, SegmentProof, VerifyError, verify};
use rayon::prelude::*;

use super::guest::{Changes, Guest};

/// Bytes before the payload: magic, version, length.
const HEADER_BYTES: usize = 20;
/// Bytes at either end of the backend's proof of which each is flipped.
const EDGE_BYTES: usize = 300;
/// Bytes in between that are flipped.
const SAMPLES: u32 = 400;

fn guest_and_proof() -> (&'static Guest, RunProof) {
    let guest = Guest::cached(Changes::Registers);
    let proof = guest.prove(b"", u64::MAX);
    verify(&guest.key, &proof).unwrap();
    (guest, proof)
}

fn seeded() -> SplitMix64 {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    SplitMix64::new(seed)
}

/// All of the first and last bytes, and some between.
fn sampled(length: usize, edge: usize, random: &mut SplitMix64) -> Vec<usize> {
    let (start, end) = (edge.min(length), length.saturating_sub(edge));
    let mut positions: Vec<usize> = (0..start).chain(end..length).collect();
    positions.extend((0..SAMPLES).map(|_| random.below(length as u32) as usize));
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// Panics of the backend are caught and answered; here they are expected, and many.
fn silence_the_backend() {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if panic.location().is_none_or(|location| !location.file().contains("openvm-stark-backend")) {
                report(panic);
            }
        }));
    });
}

fn without_panic<T>(what: &str, position: usize, check: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|_| panic!("{what} {position} ends in a panic"))
}

#[test]
fn a_proof_with_a_byte_flipped_is_refused() {
    let (guest, proof) = guest_and_proof();
    let bytes = proof.encode();
    assert_eq!(RunProof::decode(&bytes).unwrap(), proof);
    let mut random = seeded();
    let positions: Vec<(usize, u8)> = sampled(bytes.len(), HEADER_BYTES + EDGE_BYTES, &mut random)
        .into_iter()
        .flat_map(|position| [(position, 1 << random.below(8)), (position, 1 + random.below(255) as u8)])
        .collect();
    let (verified, caught) = (AtomicUsize::new(0), AtomicUsize::new(0));
    positions.par_iter().for_each(|&(position, flip)| {
        let mut flipped = bytes.clone();
        flipped[position] ^= flip;
        let accepted = without_panic("a flip of byte", position, || {
            let Ok(proof) = RunProof::decode(&flipped) else { return false };
            verified.fetch_add(1, Relaxed);
            let error = verify(&guest.key, &proof).err();
            if error.as_ref().is_some_and(|error| error.to_string().contains("stopped on a malformed proof")) {
                caught.fetch_add(1, Relaxed);
            }
            error.is_none()
        });
        assert!(!accepted, "byte {position} of {} xor {flip:#x} is accepted", bytes.len());
    });
    let (verified, caught) = (verified.into_inner(), caught.into_inner());
    println!("{} flips of {} bytes: {verified} decode, {caught} stop the backend", positions.len(), bytes.len());
    // Most of a proof is the backend's; there our own file does not notice.
    assert!(verified > positions.len() / 2);
}

#[test]
fn each_part_of_the_header_has_its_error() {
    let (guest, proof) = guest_and_proof();
    let (proof, key) = (proof.encode(), guest.key.encode());
    for position in 0..HEADER_BYTES {
        for bit in 0..8 {
            let flipped = |bytes: &[u8]| {
                let mut flipped = bytes.to_vec();
                flipped[position] ^= 1 << bit;
                flipped
            };
            let errors = [
                RunProof::decode(&flipped(&proof)).map(|_| ()).unwrap_err(),
                ProgramKey::decode(&flipped(&key)).map(|_| ()).unwrap_err(),
            ];
            for error in errors {
                let expected = match position {
                    0..8 => matches!(error, FileError::Magic { .. }),
                    8..12 => matches!(error, FileError::Version { .. }),
                    _ => matches!(error, FileError::Length { .. }),
                };
                assert!(expected, "byte {position}: {error:?}");
            }
        }
    }
    assert!(matches!(RunProof::decode(&key), Err(FileError::Magic { .. })));
    assert!(matches!(ProgramKey::decode(&proof), Err(FileError::Magic { .. })));
}

#[test]
fn a_file_cut_short_or_continued_is_refused() {
    let (guest, proof) = guest_and_proof();
    let mut random = seeded();
    for (bytes, is_proof) in [(proof.encode(), true), (guest.key.encode(), false)] {
        let decode = |bytes: &[u8]| -> Result<(), FileError> {
            if is_proof { RunProof::decode(bytes).map(|_| ()) } else { ProgramKey::decode(bytes).map(|_| ()) }
        };
        decode(&bytes).unwrap();
        for length in sampled(bytes.len(), 1000, &mut random) {
            let error = decode(&bytes[..length]).unwrap_err();
            let expected = match length {
                0..8 => matches!(error, FileError::Magic { .. }),
                _ => matches!(error, FileError::Length { .. }),
            };
            assert!(expected, "{length} bytes: {error:?}");
        }
        for more in [1, 7, 4096] {
            let error = decode(&[bytes.as_slice(), &vec![0; more]].concat()).unwrap_err();
            assert!(matches!(error, FileError::Length { .. }), "{error:?}");
        }
    }
}

/// The header is made to agree with what is left, so that only the payload's own decoding can refuse.
#[test]
fn a_payload_cut_short_or_continued_is_refused() {
    let (guest, proof) = guest_and_proof();
    let mut random = seeded();
    for (bytes, is_proof) in [(proof.encode(), true), (guest.key.encode(), false)] {
        let decode = |payload: &[u8]| -> Result<(), FileError> {
            let mut file = bytes[..HEADER_BYTES].to_vec();
            file[12..].copy_from_slice(&(payload.len() as u64).to_le_bytes());
            file.extend_from_slice(payload);
            if is_proof { RunProof::decode(&file).map(|_| ()) } else { ProgramKey::decode(&file).map(|_| ()) }
        };
        let payload = &bytes[HEADER_BYTES..];
        decode(payload).unwrap();
        let lengths = sampled(payload.len(), 300, &mut random);
        lengths.into_par_iter().for_each(|length| {
            let error = without_panic("a cut at", length, || decode(&payload[..length]).unwrap_err());
            assert!(matches!(error, FileError::Damaged { .. }), "{length} bytes: {error:?}");
        });
        let continued = decode(&[payload, &[0]].concat()).unwrap_err();
        assert!(matches!(continued, FileError::Damaged { .. }), "{continued:?}");
    }
}

/// The file is whole, but a segment in it is not.
#[test]
fn a_segment_cut_short_is_refused() {
    let (guest, proof) = guest_and_proof();
    let bytes = &proof.segments[0].bytes;
    let lengths = sampled(bytes.len(), EDGE_BYTES, &mut seeded());
    lengths.into_par_iter().for_each(|length| {
        let segments = vec![SegmentProof { bytes: bytes[..length].to_vec(), ..proof.segments[0].clone() }];
        let cut = RunProof { segments, ..proof.clone() };
        let refused = without_panic("a cut at", length, || verify(&guest.key, &cut));
        assert!(matches!(refused, Err(VerifyError::Segment { segment: 0, .. })), "{length} bytes: {refused:?}");
    });
}

/// A key is trusted: with a byte flipped it may be the key of something else. It must not bring the verifier down, nor be
/// taken for the same.
#[test]
fn a_key_with_a_byte_flipped_is_another_or_none() {
    silence_the_backend();
    let (guest, proof) = guest_and_proof();
    let bytes = guest.key.encode();
    let mut random = seeded();
    let positions: Vec<(usize, u8)> = sampled(bytes.len(), HEADER_BYTES + EDGE_BYTES, &mut random)
        .into_iter()
        .map(|position| (position, 1 << random.below(8)))
        .collect();
    positions.par_iter().for_each(|&(position, flip)| {
        let mut flipped = bytes.clone();
        flipped[position] ^= flip;
        without_panic("a flip of byte", position, || {
            if let Ok(key) = ProgramKey::decode(&flipped) {
                assert_eq!(key.encode(), flipped, "a key has one encoding");
                let _ = verify(&key, &proof);
            }
        });
    });
    println!("{} flips of {} bytes", positions.len(), bytes.len());
}
