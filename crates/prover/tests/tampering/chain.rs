//! Segments that are proven one by one but do not make one run.

use engram_verifier::{RunProof, SegmentProof, VerifyError, verify};

use super::guest::{Changes, Guest};

fn with_segments(proof: &RunProof, order: &[usize]) -> RunProof {
    let segments = order.iter().map(|&segment| proof.segments[segment].clone()).collect();
    RunProof { segments, ..proof.clone() }
}

/// The only way in which segments do not meet.
fn does_not_meet(guest: &Guest, proof: &RunProof, segment_: usize, what_: &str) {
    match verify(&guest.key, proof) {
        Err(VerifyError::Chain { segment, what }) => assert_eq!((segment, what), (segment_, what_)),
        other => panic!("{other:?}"),
    }
}

fn exits_wrongly(guest: &Guest, proof: &RunProof, segment_: usize) {
    match verify(&guest.key, proof) {
        Err(VerifyError::Exit { segment }) => assert_eq!(segment, segment_),
        other => panic!("{other:?}"),
    }
}

/// Each segment but the last is a round of the loop, or as long as one; then one of the rounds is left out.
fn a_round_less_does_not_meet(changes: Changes, input: &[u8], round: usize, what: &str) {
    let guest = Guest::cached(changes);
    let proof = guest.prove(input, guest.round_steps);
    verify(&guest.key, &proof).unwrap();
    let segment = guest.first_round + round;
    let mut order: Vec<usize> = (0..proof.segments.len()).collect();
    order.remove(segment);
    does_not_meet(guest, &with_segments(&proof, &order), segment, what);
}

#[test]
fn a_round_less_is_refused_for_the_registers() {
    a_round_less_does_not_meet(Changes::Registers, b"", 0, "registers");
}

#[test]
fn a_round_less_is_refused_for_memory() {
    a_round_less_does_not_meet(Changes::Memory, b"", 1, "memory");
}

#[test]
fn a_round_less_is_refused_for_the_output() {
    a_round_less_does_not_meet(Changes::Output, b"aaaaa", 1, "output");
}

#[test]
fn segments_in_another_order_or_number_are_refused() {
    let guest = Guest::cached(Changes::Output);
    let proof = guest.prove(b"abc", 25);
    assert_eq!(verify(&guest.key, &proof).unwrap().output, b"abc");
    let count = proof.segments.len();
    assert!(count >= 3);
    let order: Vec<usize> = (0..count).collect();
    // Without the first, the second starts elsewhere than the program.
    does_not_meet(guest, &with_segments(&proof, &order[1..]), 0, "program counter");
    exits_wrongly(guest, &with_segments(&proof, &order[..count - 1]), count - 2);
    let last_twice = [order.as_slice(), &[count - 1]].concat();
    exits_wrongly(guest, &with_segments(&proof, &last_twice), count);
    does_not_meet(guest, &with_segments(&proof, &[&[0], order.as_slice()].concat()), 1, "program counter");
    does_not_meet(guest, &with_segments(&proof, &[0, 2, 1]), 1, "program counter");
    match verify(&guest.key, &with_segments(&proof, &[])) {
        Err(VerifyError::SegmentCount { segments: 0 }) => {}
        other => panic!("{other:?}"),
    }
}

/// Both runs are proven; what the one goes on with is not what the other left. The first cut comes after the first read:
/// before it the two runs are one.
#[test]
fn segments_of_two_runs_do_not_make_one() {
    let guest = Guest::cached(Changes::Output);
    let [one, other] = [b"abc", b"xyz"].map(|input| guest.prove(input, 30));
    for cut in 1..one.segments.len() {
        let mixed: Vec<SegmentProof> = one.segments[..cut].iter().chain(&other.segments[cut..]).cloned().collect();
        for output in [&one.output, &other.output] {
            let mixed = RunProof { segments: mixed.clone(), output: output.clone(), ..one.clone() };
            assert!(matches!(verify(&guest.key, &mixed), Err(VerifyError::Chain { .. })), "cut at {cut}");
        }
    }
}
