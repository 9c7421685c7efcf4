//! Random logs of accesses of all sizes: what memory answered, what a replay finds and what is proven are the same.

mod logs;

use std::sync::Arc;

use engram_memory::{
    SharedVariableRangeCheckerChip, log_table,
    offline::OfflineMemory,
    online::Memory,
    proof::{MemoryProof, MemoryProofGenerator, log_commitment},
    records::AccessAdapterInventory,
    tables,
};
use engram_stark::{engine::Witness, engine::check_witnesses, parameters::Parameters};
use logs::{memory_with_pauses, mixed_config, random_memory, word_config};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn generator(memory: Memory) -> MemoryProofGenerator {
    let config = memory.config().clone();
    let (image, log) = memory.into_log();
    MemoryProofGenerator::new(log, &config).with_image(image)
}

#[test]
fn a_thousand_logs_hold_row_by_row() {
    for seed in 0..1000 {
        println!("seed {seed}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let config = if seed % 4 == 0 { word_config() } else { mixed_config() };
        let memory = random_memory(&config, &mut random, 1 + seed as usize % 97);
        let end = memory.image().clone();
        let mut adapters = AccessAdapterInventory::new();
        let (image, log) = (memory.initial_image().clone(), memory.log().clone());
        let mut offline = OfflineMemory::from_image_and_log(&image, log, &config).unwrap();
        offline.replay(&mut adapters).unwrap();
        let finished = offline.finalize_blocks(&mut adapters);
        assert_eq!(finished.image, end);
        generator(memory).check().unwrap();
    }
}

/// Times as the log has them, with pauses that need refreshes and rows that wait.
#[test]
fn logs_with_long_pauses_hold_row_by_row() {
    let mut refreshes = 0;
    for seed in 0..60 {
        println!("seed {seed}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let config = if seed % 4 == 0 { word_config() } else { mixed_config() };
        let memory = memory_with_pauses(&config, &mut random, 60, 1 << 19);
        let range = SharedVariableRangeCheckerChip::new(&config);
        let own = log_table::tables(&config);
        let circuits = own.iter().map(|&table| log_table::circuit(&config, table));
        let circuits =
            circuits.chain(tables::circuits(config.layout())).chain(SharedVariableRangeCheckerChip::circuits());
        let circuits: Vec<_> = circuits.map(Arc::new).collect();
        let mut adapters = AccessAdapterInventory::new();
        let (image, log) = memory.into_log();
        let offline = OfflineMemory::from_image_and_log(&image, log, &config).unwrap();
        let mut offline = offline.with_narrow_accesses();
        offline.replay(&mut adapters).unwrap();
        let finalized = offline.finalize_blocks(&mut adapters);
        refreshes += finalized.segment.refresh_count();
        let own = own.iter().map(|&table| log_table::trace(&config, table, &finalized.accesses, &range));
        let mut witnesses: Vec<Witness> = own.map(|trace| Witness { trace, ..Default::default() }).collect();
        witnesses.extend(finalized.segment.witnesses(&range));
        witnesses.extend(range.witnesses());
        check_witnesses(&circuits, &witnesses).unwrap();
    }
    assert!(refreshes > 500, "{refreshes} refreshes");
}

#[test]
fn a_sample_of_logs_is_proven() {
    (1..=2).for_each(a_log_is_proven);
}

/// The whole campaign: `cargo test -p engram-memory --release --test a_log_differs_from_its_proof -- --ignored --nocapture`.
#[test]
#[ignore = "a thousand proofs take up to an hour"]
fn a_thousand_logs_are_proven() {
    (1..=1000).for_each(a_log_is_proven);
}

/// Against the map that `random_memory` compares every answer with.
fn a_log_is_proven(seed: u64) {
    println!("seed {seed}");
    let config = if seed.is_multiple_of(2) { word_config() } else { mixed_config() };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let memory = random_memory(&config, &mut random, 400);
    let (image, log) = (memory.initial_image().clone(), memory.log().clone());
    let proof = generator(memory).generate_proof().unwrap();
    assert_eq!(proof.parameters(), Parameters::SMALLEST);
    let statement = proof.verify(&config).unwrap();
    assert_eq!(statement.log_commitment, log_commitment(&log, &image, &config, proof.parameters()).unwrap());
    let bytes = proof.encode();
    assert_eq!(MemoryProof::decode(&bytes).unwrap(), proof);
    assert!(MemoryProof::decode(&bytes[..bytes.len() - 1]).is_err());
}
