//! The volatile boundary from end to end: one segment on zeros, whose end is forgotten.

mod machine;

use std::{collections::HashMap, sync::Arc};

use engram_air::{Circuit, F, PrimeCharacteristicRing};
use engram_memory::{
    Layout, Lookups, MemoryConfig, MemoryError, MemoryImage, OfflineMemory, SegmentMemory, lookup_circuits,
    tables::volatile_circuits,
};
use engram_stark::{
    engine::{EngineError, Witness, keygen},
    parameters::Parameters,
};
use machine::{Accesses, access_circuit, assert_checks, image, random_accesses};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Where the boundary of main memory is among the circuits.
const BOUNDARY: usize = 2;

fn all_circuits() -> Vec<Arc<Circuit>> {
    let memory = volatile_circuits(Layout::rv32im());
    [access_circuit()].into_iter().chain(memory).chain(lookup_circuits()).map(Arc::new).collect()
}

fn all_witnesses(accesses: &Accesses, segment: &SegmentMemory) -> Vec<Witness> {
    let lookups = Lookups::default();
    let accesses = Witness { trace: Some(accesses.trace(&lookups)), ..Default::default() };
    let memory = segment.volatile_witnesses(&lookups.range).unwrap();
    [accesses].into_iter().chain(memory).chain(lookups.witnesses()).collect()
}

fn segment(image: &MemoryImage) -> (Accesses, SegmentMemory) {
    let mut memory = OfflineMemory::new(image, MemoryConfig::rv32im()).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let accesses = random_accesses(&mut memory, &mut HashMap::new(), &mut random, 600);
    (accesses, memory.finish_segment())
}

#[test]
fn a_segment_on_zeros_is_proven() {
    let circuits = all_circuits();
    assert_eq!(circuits[BOUNDARY].name, "volatile boundary of memory");
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let (accesses, segment) = segment(&MemoryImage::new());
    assert!(segment.refresh_count() > 0);
    assert_checks(&circuits, &all_witnesses(&accesses, &segment));
    let proof = proving.prove(all_witnesses(&accesses, &segment)).unwrap();
    verifying.verify(&proof).unwrap();
}

#[test]
fn a_word_that_starts_as_another_is_refused() {
    let (accesses, claimed) = segment(&image());
    let lookups = Lookups::default();
    let refused = claimed.volatile_witnesses(&lookups.range).map(|_| ());
    assert!(matches!(refused, Err(MemoryError::NotZero { .. })), "{refused:?}");
    // Accesses that found an image's words, beside a boundary of zeros.
    let mut zeros = claimed;
    zeros.leaves.iter_mut().for_each(|leaf| leaf.before.fill(F::ZERO));
    let (proving, verifying) = keygen(&all_circuits(), Parameters::SMALLEST).unwrap();
    let verified = proving.prove(all_witnesses(&accesses, &zeros)).and_then(|proof| verifying.verify(&proof));
    assert!(matches!(verified, Err(EngineError::Prove(_) | EngineError::Verify(_))));
}
