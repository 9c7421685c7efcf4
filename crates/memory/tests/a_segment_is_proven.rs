//! Memory from end to end: accesses, replay, tables, proof; and segments that chain.

mod machine;

use std::{collections::HashMap, sync::Arc};

use engram_air::{Circuit, F, PrimeCharacteristicRing, field::Digest, poseidon2::compress};
use engram_memory::{
    Layout, Lookups, MemoryConfig, MemoryImage, OfflineMemory, SPACE_MEMORY, SegmentMemory,
    address::{LEAF_CELLS, LEAF_WORDS, leaf_cells},
    circuits, lookup_circuits, roots, tables,
    tree::leaf_digest,
};
use engram_stark::{
    engine::{EngineError, StarkProof, VerifyingKey, Witness, keygen},
    parameters::Parameters,
};
use machine::{Accesses, access_circuit, assert_checks, image, random_accesses};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The roots of an image by hashing all its leaves anew, level by level.
fn recomputed_roots(image: &MemoryImage) -> Vec<Digest> {
    let recomputed = |space| {
        let height = Layout::rv32im().tree_height(space);
        let mut zero = leaf_digest(&[F::ZERO; LEAF_CELLS]);
        let mut level: HashMap<u32, Digest> = HashMap::new();
        for (page, words) in image.pages(space.number) {
            for (position, words) in words.as_chunks::<LEAF_WORDS>().0.iter().enumerate() {
                let leaf = page * 128 + position as u32;
                if leaf < 1 << height {
                    level.insert(leaf, leaf_digest(&leaf_cells(words)));
                }
            }
        }
        for _ in 0..height {
            let node = |index| *level.get(&index).unwrap_or(&zero);
            let above = level.keys().map(|&index| (index / 2, compress(&node(index & !1), &node(index | 1)))).collect();
            zero = compress(&zero, &zero);
            level = above;
        }
        level.get(&0).copied().unwrap_or(zero)
    };
    Layout::rv32im().spaces().iter().map(recomputed).collect()
}

/// All circuits: the accesses, memory, lookups.
fn all_circuits() -> Vec<Arc<Circuit>> {
    let circuits = [access_circuit()].into_iter().chain(circuits(Layout::rv32im())).chain(lookup_circuits());
    circuits.map(Arc::new).collect()
}

fn all_witnesses(accesses: &Accesses, segment: &SegmentMemory) -> Vec<Witness> {
    let lookups = Lookups::default();
    let accesses = Witness { trace: Some(accesses.trace(&lookups)), ..Default::default() };
    let memory = segment.witnesses(&lookups.range);
    [accesses].into_iter().chain(memory).chain(lookups.witnesses()).collect()
}

fn assert_verifies(key: &VerifyingKey, proof: &StarkProof, segment: &SegmentMemory) {
    key.verify(proof).unwrap();
    let publics = roots::public_values(&segment.roots_before, &segment.roots_after);
    assert_eq!(proof.publics(1 + tables::ROOTS), publics);
}

#[test]
fn two_segments_are_proven_and_chain() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    assert!(verifying.security_bits() >= 100.0, "{}", verifying.security_bits());
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut memory, mut model) = (OfflineMemory::new(&image(), MemoryConfig::rv32im()).unwrap(), HashMap::new());
    let mut roots = recomputed_roots(&image());
    assert_eq!(image().roots(Layout::rv32im()).unwrap(), roots);
    for _ in 0..2 {
        let accesses = random_accesses(&mut memory, &mut model, &mut random, 600);
        let segment = memory.finish_segment();
        assert!(segment.refresh_count() > 0);
        assert_eq!(segment.roots_before, roots);
        roots = recomputed_roots(&memory.image());
        assert_eq!(segment.roots_after, roots);
        let witnesses = all_witnesses(&accesses, &segment);
        assert_checks(&circuits, &witnesses);
        let proof = proving.prove(witnesses).unwrap();
        assert_verifies(&verifying, &proof, &segment);
    }
}

#[test]
fn a_segment_that_touches_nothing_keeps_its_roots() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(&image(), MemoryConfig::rv32im()).unwrap();
    let segment = memory.finish_segment();
    assert_eq!(segment.roots_before, segment.roots_after);
    let mut witnesses = all_witnesses(&Accesses::default(), &segment);
    assert_checks(&circuits, &witnesses);
    witnesses[0].trace = None;
    let proof = proving.prove(witnesses).unwrap();
    assert_verifies(&verifying, &proof, &segment);
}

#[test]
fn other_public_roots_are_refused() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(&image(), MemoryConfig::rv32im()).unwrap();
    let mut accesses = Accesses::default();
    accesses.write(&mut memory, SPACE_MEMORY, 5, 1, 6);
    let segment = memory.finish_segment();
    for position in [0, 16, 24] {
        let mut witnesses = all_witnesses(&accesses, &segment);
        witnesses[1 + tables::ROOTS].publics[position] += F::ONE;
        let verified = proving.prove(witnesses).and_then(|proof| verifying.verify(&proof));
        assert!(matches!(verified, Err(EngineError::Prove(_) | EngineError::Verify(_))));
    }
}
