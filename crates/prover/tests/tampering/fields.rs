//! Each field of a proof and each public value, changed alone.

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};
use engram_rv32im_air::{
    block::BlockPath,
    circuits::{CONNECTOR, ROOTS},
    plan::Plan,
};
use engram_stark::{engine, parameters::Parameters};
use engram_verifier::{ProgramKey, RunProof, SegmentProof, VerifyError, verify};

use super::guest::{Changes, EXIT, Guest};

fn guest_and_proof() -> (&'static Guest, RunProof) {
    let guest = Guest::cached(Changes::Output);
    let proof = guest.prove(b"ab", 30);
    let statement = verify(&guest.key, &proof).unwrap();
    assert_eq!((statement.exit_value, statement.output.as_slice()), (EXIT, b"ab".as_slice()));
    assert!(proof.segments.len() >= 2);
    (guest, proof)
}

/// A field that is added to a proof has to be added here, with what happens when it is changed.
#[test]
fn every_field_of_a_proof_is_bound() {
    let (guest, proof) = guest_and_proof();
    let refused = |proof: &RunProof| verify(&guest.key, proof).expect_err("a changed proof is refused");
    let RunProof { program_commitment, plan, output, segments } = proof.clone();

    for cell in 0..program_commitment.len() {
        let mut changed = proof.clone();
        changed.program_commitment[cell] += F::ONE;
        assert!(matches!(refused(&changed), VerifyError::OtherProgram));
    }

    assert!(plan.is_empty());
    let plan = Plan::new(&[BlockPath { steps: vec![0, 1], final_pc: guest.program.program().entry() / 4 + 2 }]);
    // A proof without blocks is none with them, whether the key holds their circuits or must derive them; and it is one
    // without, whatever the key holds.
    let with_plan = ProgramKey::derive_with_plan(&guest.program, &plan).unwrap();
    let relabelled = RunProof { plan, ..proof.clone() };
    for key in [&guest.key, &with_plan] {
        assert!(matches!(verify(key, &relabelled), Err(VerifyError::Segment { segment: 0, .. })));
        assert!(verify(key, &proof).is_ok());
    }

    let outputs: [&[u8]; 7] = [b"", b"a", b"aa", b"ba", b"abc", b"ab\0", b"\0ab"];
    for changed in outputs {
        let changed = RunProof { output: changed.to_vec(), ..proof.clone() };
        assert!(matches!(refused(&changed), VerifyError::Output), "{:?}", changed.output);
    }
    assert_eq!(output, b"ab");

    for (position, SegmentProof { parameters, bytes }) in segments.into_iter().enumerate() {
        assert_eq!(parameters, Parameters::SMALLEST);
        for other in Parameters::ALL.into_iter().filter(|other| *other != parameters) {
            let mut changed = proof.clone();
            changed.segments[position].parameters = other;
            assert!(matches!(refused(&changed), VerifyError::Segment { segment, .. } if segment == position));
        }
        for bytes in [vec![], bytes[1..].to_vec(), bytes[..bytes.len() - 1].to_vec(), [bytes, vec![0]].concat()] {
            let mut changed = proof.clone();
            changed.segments[position].bytes = bytes;
            assert!(matches!(refused(&changed), VerifyError::Segment { segment, .. } if segment == position));
        }
    }
}

/// Each public value stands in the segment's bytes once, as four bytes, little end first.
#[test]
fn every_public_value_is_bound() {
    let (guest, proof) = guest_and_proof();
    let bytes = &proof.segments[0].bytes;
    let decoded = engine::StarkProof::decode(bytes).unwrap();
    let with_publics: Vec<usize> = (0..decoded.tables()).filter(|&table| !decoded.publics(table).is_empty()).collect();
    assert_eq!(with_publics, [CONNECTOR, ROOTS]);
    for table in with_publics {
        let publics = decoded.publics(table);
        let encoded = |publics: &[F]| -> Vec<u8> {
            publics.iter().flat_map(|value| value.as_canonical_u32().to_le_bytes()).collect()
        };
        let pattern = encoded(publics);
        let places: Vec<usize> =
            bytes.windows(pattern.len()).enumerate().filter(|(_, found)| *found == pattern).map(|(at, _)| at).collect();
        let &[place] = places.as_slice() else { panic!("the public values of table {table} are at {places:?}") };
        for position in 0..publics.len() {
            for other in [publics[position] + F::ONE, publics[position] - F::ONE, F::ZERO, F::ONE] {
                let mut changed = publics.to_vec();
                changed[position] = other;
                if changed == publics {
                    continue;
                }
                let mut forged = proof.clone();
                forged.segments[0].bytes[place..place + pattern.len()].copy_from_slice(&encoded(&changed));
                let forged_segment = engine::StarkProof::decode(&forged.segments[0].bytes).unwrap();
                assert_eq!(forged_segment.publics(table), changed);
                let refused = verify(&guest.key, &forged);
                assert!(
                    matches!(refused, Err(VerifyError::Segment { segment: 0, .. })),
                    "public value {position} of table {table}: {refused:?}"
                );
            }
        }
    }
}

#[test]
fn another_programs_key_does_not_fit() {
    let (_, proof) = guest_and_proof();
    let other = Guest::cached(Changes::Registers);
    assert!(matches!(verify(&other.key, &proof), Err(VerifyError::OtherProgram)));
    let renamed = RunProof { program_commitment: other.key.commitment(), ..proof };
    assert!(matches!(
        verify(&other.key, &renamed),
        Err(VerifyError::Segment { segment: 0, .. } | VerifyError::Rom { segment: 0 })
    ));
}
