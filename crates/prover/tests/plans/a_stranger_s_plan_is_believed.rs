//! A plan comes with the proof, from anybody. It is refused, or the proof under it is of the program and true.

use std::time::Instant;

use engram_prover::testing::ZERO;
use engram_rv32im::{Opcode::*, testing::SplitMix64};
use engram_rv32im_air::{
    block::BlockPath,
    plan::{Plan, PlanError},
};
use engram_verifier::{KeyError, ProgramKey, RunProof, VerifyError, verify};

use super::guests::Guest;

/// A loop on constants that differ from round to round; its block for one step and the other have the same shape.
fn guest() -> (Guest, [BlockPath; 2]) {
    let guest = Guest::written(|a| {
        a.set(5, 40);
        a.immediate(Addi, 6, 6, 3); // 2
        a.immediate(Xori, 7, 6, 5);
        a.immediate(Addi, 6, 6, 4); // 4
        a.immediate(Xori, 7, 6, 9);
        a.immediate(Addi, 5, 5, -1); // 6
        a.branch(Bne, 5, ZERO, -5);
    });
    let pc = guest.program.program().entry() / 4;
    let paths = [2, 4].map(|first| BlockPath { steps: vec![first, first + 1], final_pc: pc + first + 2 });
    (guest, paths)
}

#[test]
fn a_proof_holds_under_its_own_plan_and_no_other() {
    let (guest, [first, second]) = guest();
    let plan = |paths: &[&BlockPath]| Plan::new(&paths.iter().map(|&path| path.clone()).collect::<Vec<_>>());
    let own = plan(&[&first, &second]);
    let proof = guest.prove(&own, u64::MAX);
    let key = |plan: &Plan| {
        ProgramKey::derive_for(&guest.program, &RunProof { plan: plan.clone(), ..proof.clone() }).unwrap()
    };
    assert!(verify(&key(&own), &proof).is_ok());

    let longer = BlockPath { steps: vec![2, 3, 4], final_pc: first.final_pc + 1 };
    let others = [
        ("none", Plan::default()),
        ("one of two", plan(&[&first])),
        ("one more", plan(&[&first, &second, &longer])),
        ("another order", plan(&[&second, &first])),
        ("one twice", plan(&[&first, &first])),
        ("another length", plan(&[&longer, &second])),
    ];
    for (what, other) in others {
        let key = key(&other);
        // The key has other circuits, so it derives those of the proof's plan.
        assert!(verify(&key, &proof).is_ok(), "{what}");
        // The proof with that plan put into it, under the key that a verifier derives from it.
        let relabelled = RunProof { plan: other, ..proof.clone() };
        let refused = verify(&key, &relabelled);
        assert!(matches!(refused, Err(VerifyError::Segment { .. })), "{what}: {refused:?}");
    }
}

/// Blocks may be listed twice, overlap, or never be used: the run is proven all the same.
#[test]
fn a_foolish_plan_costs_time_and_not_truth() {
    let (guest, [first, second]) = guest();
    let pc = guest.program.program().entry() / 4;
    let never = BlockPath { steps: vec![6, 7], final_pc: pc + 3 + 5 };
    let whole = BlockPath { steps: (2..8).collect(), final_pc: pc + 2 };
    let plan = Plan::new(&[first.clone(), first, second, never, whole]);
    let proof = guest.prove(&plan, 50);
    let key = ProgramKey::derive_for(&guest.program, &proof).unwrap();
    let statement = verify(&key, &proof).unwrap();
    let (end, _) = guest.end(&Plan::default(), false);
    assert_eq!((statement.final_root, statement.exit_value), (end.roots[1], end.exit));
}

#[test]
fn a_plan_that_is_none_of_the_program_s_is_refused() {
    let (guest, [first, _]) = guest();
    let proof = guest.prove(&Plan::default(), u64::MAX);
    let own = ProgramKey::derive_for(&guest.program, &proof).unwrap();
    let elsewhere = BlockPath { final_pc: first.final_pc + 1, ..first };
    let call = guest.program.program().instructions().len() as u32 - 1;
    let calls = BlockPath { steps: vec![call], final_pc: guest.program.program().entry() / 4 + call + 1 };
    let far = BlockPath { steps: vec![u32::MAX, 0], final_pc: 0 };
    for path in [elsewhere, calls, far] {
        let hostile = RunProof { plan: Plan::new(&[path]), ..proof.clone() };
        let key = ProgramKey::derive_for(&guest.program, &hostile);
        assert!(matches!(key, Err(KeyError::Plan(PlanError::Path { block: 0 }))), "{key:?}");
        let refused = verify(&own, &hostile);
        let of_path = matches!(refused, Err(VerifyError::Blocks(KeyError::Plan(PlanError::Path { block: 0 }))));
        assert!(of_path, "{refused:?}");
    }
    let large = Plan::new(&vec![BlockPath { steps: vec![2; 1 << 20], final_pc: 0 }; 3]);
    let hostile = RunProof { plan: large, ..proof };
    let refused = verify(&own, &hostile);
    assert!(matches!(refused, Err(VerifyError::Blocks(KeyError::Plan(PlanError::TooLarge { .. })))), "{refused:?}");
    let key = ProgramKey::derive_for(&guest.program, &hostile);
    assert!(matches!(key, Err(KeyError::Plan(PlanError::TooLarge { .. }))), "{key:?}");
}

/// Bytes of a plan in a proof file: any change makes no proof file, or one of another plan.
#[test]
fn no_byte_of_a_plan_can_be_changed() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    let hello = Guest::bundled("hello", b"");
    let (guest, paths) = guest();
    let commitment = ProgramKey::derive(&guest.program).unwrap().commitment();
    for plan in [Plan::default(), Plan::new(&paths), hello.plan()] {
        let proof = RunProof { program_commitment: commitment, plan, output: vec![], segments: vec![] };
        let bytes = proof.encode();
        assert_eq!(RunProof::decode(&bytes).unwrap(), proof);
        for position in 20..bytes.len() {
            for value in [0, 0x7f, 0x80, 0xff, bytes[position] ^ 1 << random.below(8)] {
                let mut changed = bytes.clone();
                changed[position] = value;
                let started = Instant::now();
                if let Ok(decoded) = RunProof::decode(&changed) {
                    assert_eq!(decoded.encode(), changed, "there is one file for each proof");
                    assert_eq!(decoded == proof, changed == bytes);
                    // Derived or refused, but answered.
                    let _ = decoded.plan.blocks(guest.program.machine().decoded());
                }
                assert!(started.elapsed().as_secs_f64() < 5.0, "byte {position}");
            }
        }
    }
}
