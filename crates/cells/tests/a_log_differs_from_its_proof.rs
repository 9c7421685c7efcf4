//! Random logs of accesses of all sizes: what memory answered, what a replay finds and what is proven are the same.

mod logs;

use engram_air::parameters::Parameters;
use engram_cells::{
    offline::{AccessAdapterInventory, OfflineMemory},
    online::Memory,
    proof::{MemoryProof, MemoryProofGenerator, log_commitment},
};
use logs::{mixed_config, random_memory, word_config};
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
        let (image, log) = (memory.initial_image().clone(), memory.log().to_vec());
        let mut offline = OfflineMemory::from_image_and_log(&image, log, &config).unwrap();
        offline.replay(&mut adapters).unwrap();
        let finished = offline.finalize_blocks(&mut adapters);
        assert_eq!(finished.image, end);
        generator(memory).check().unwrap();
    }
}

#[test]
fn a_sample_of_logs_is_proven() {
    for (seed, config) in [(1, mixed_config()), (2, word_config())] {
        println!("seed {seed}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let memory = random_memory(&config, &mut random, 400);
        let (image, log) = (memory.initial_image().clone(), memory.log().to_vec());
        let proof = generator(memory).generate_proof().unwrap();
        assert_eq!(proof.parameters(), Parameters::SMALLEST);
        let statement = proof.verify(&config).unwrap();
        assert_eq!(statement.log_commitment, log_commitment(&log, &image, &config, proof.parameters()).unwrap());
        let bytes = proof.encode();
        assert_eq!(MemoryProof::decode(&bytes).unwrap(), proof);
        assert!(MemoryProof::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}
