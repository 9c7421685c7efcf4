//! The volatile boundary from end to end: one segment on a committed image.

mod machine;

use std::{collections::HashMap, sync::Arc};

use engram_air::Circuit;
use engram_memory::{Lookups, MemoryImage, OfflineMemory, SegmentMemory, lookup_circuits, refresh, volatile};
use engram_stark::{
    engine::{Committed, EngineError, Witness, keygen},
    parameters::Parameters,
};
use machine::{Accesses, access_circuit, assert_checks, image, random_accesses};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Where the image is among the circuits.
const IMAGE: usize = 1;

fn all_circuits() -> Vec<Arc<Circuit>> {
    let own = [access_circuit(), volatile::image_circuit(), volatile::circuit(), refresh::circuit()];
    own.into_iter().chain(lookup_circuits()).map(Arc::new).collect()
}

fn all_witnesses(accesses: &Accesses, segment: &SegmentMemory, image: &MemoryImage) -> Vec<Witness> {
    let lookups = Lookups::default();
    let plain = |trace| Witness { trace, ..Default::default() };
    let committed = Some(Committed::new(Parameters::SMALLEST, &volatile::image_columns(image)).unwrap());
    let image_witness = Witness { committed, ..plain(Some(volatile::image_trace(image))) };
    let own = [
        plain(Some(accesses.trace(&lookups))),
        image_witness,
        plain(volatile::trace(segment, image, &lookups)),
        plain((!segment.refreshes.is_empty()).then(|| refresh::trace(&segment.refreshes, &lookups))),
    ];
    own.into_iter().chain(lookups.witnesses()).collect()
}

#[test]
fn a_segment_on_an_image_is_proven() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(image());
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let accesses = random_accesses(&mut memory, &mut HashMap::new(), &mut random, 600);
    let segment = memory.finish_segment();
    assert_checks(&circuits, &all_witnesses(&accesses, &segment, &image()));
    let proof = proving.prove(all_witnesses(&accesses, &segment, &image())).unwrap();
    verifying.verify(&proof).unwrap();
    let expected = Committed::new(Parameters::SMALLEST, &volatile::image_columns(&image())).unwrap();
    assert_eq!(proof.commitment(IMAGE), Some(expected.commitment()));
}

#[test]
fn a_segment_without_its_image_is_refused() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(MemoryImage::new());
    let mut accesses = Accesses::default();
    accesses.read(&mut memory, 2, 0x4000, 1);
    let segment = memory.finish_segment();
    let mut witnesses = all_witnesses(&accesses, &segment, &MemoryImage::new());
    witnesses[IMAGE] = all_witnesses(&accesses, &segment, &image()).swap_remove(IMAGE);
    let verified = proving.prove(witnesses).and_then(|proof| verifying.verify(&proof));
    assert!(matches!(verified, Err(EngineError::Prove(_) | EngineError::Verify(_))));
}
