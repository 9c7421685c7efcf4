//! What a proof of a log says is compared with what is so, and false proofs are refused.

mod logs;

use engram_air::{F, PrimeCharacteristicRing, poseidon2::hash};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    log::MemoryLog,
    offline::OfflineMemory,
    proof::{MemoryProof, MemoryProofGenerator, ProofError, generate_memory_proof, log_commitment},
    records::AccessAdapterInventory,
};
use engram_stark::parameters::Parameters;
use logs::{mixed_config, random_memory};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn read(space: u32, pointer: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_read(space, pointer, 1);
    log
}

fn write(pointer: u32, value: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_write(1, pointer, &[F::from_u32(value)]);
    log
}

fn rise(increment: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_increment(increment);
    log
}

/// Logs, one after the other.
fn joined(logs: &[MemoryLog]) -> MemoryLog {
    logs.iter().flat_map(MemoryLog::iter).collect()
}

/// `count` reads of one cell.
fn reads(count: usize) -> MemoryLog {
    read(1, 5).iter().cycle().take(count).collect()
}

#[test]
fn a_statement_is_about_this_log_and_these_roots() {
    let seed = 5;
    println!("seed {seed}");
    let config = mixed_config();
    let memory = random_memory(&config, &mut ChaCha8Rng::seed_from_u64(seed), 60);
    let (after, initial) = (memory.image().clone(), memory.initial_image().clone());
    let log = memory.into_log().1;
    let generator = MemoryProofGenerator::new(log, &config).with_image(initial.clone());
    let statement = generator.generate_proof().unwrap().verify(&config).unwrap();
    for (image, roots, root) in [
        (&initial, &statement.initial_roots, statement.initial_root),
        (&after, &statement.final_roots, statement.final_root),
    ] {
        let memory = OfflineMemory::new(image, &config).unwrap().finalize_blocks(&mut AccessAdapterInventory::new());
        assert_eq!(*roots, memory.segment.roots_before);
        assert_eq!(root, hash(roots.as_flattened().to_vec().into_iter()));
    }
}

#[test]
fn nothing_done_is_proven_too() {
    let proof = generate_memory_proof(MemoryLog::new(), &MemoryConfig::default()).unwrap();
    let statement = proof.verify(&MemoryConfig::default()).unwrap();
    assert_eq!(statement.initial_roots, statement.final_roots);
}

/// The most spaces and tables that a configuration can have: the parameters are strong enough for them too.
#[test]
fn the_largest_configuration_is_proven() {
    let space = |number: u32| {
        let space = AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_block_cells(1 << (number % 5));
        space
            .with_cell_kind(if number.is_multiple_of(2) { CellKind::U16 } else { CellKind::Field })
            .with_pointer_bits(30)
    };
    let builder = (1..=16).fold(MemoryConfigBuilder::new(), |builder, number| builder.add_address_space(space(number)));
    let config = builder.build().unwrap();
    let mut log = MemoryLog::new();
    (1..=16).for_each(|number| log.push_read(number, number, 1));
    let statement = generate_memory_proof(log, &config).unwrap().verify(&config).unwrap();
    assert_eq!(statement.final_roots.len(), 16);
}

#[test]
fn each_log_has_a_commitment_of_its_own() {
    let config = MemoryConfig::default();
    let parameters = Parameters::SMALLEST;
    let commit = |log: &MemoryLog| log_commitment(log, &MemoryImage::new(), &config, parameters).unwrap();
    let logs = [
        MemoryLog::new(),
        rise(1),
        rise(1 << 16),
        joined(&[rise(1), rise(1)]),
        read(0, 5),
        read(0, 6),
        read(1, 5),
        read(1, 6),
        joined(&[read(1, 5), read(1, 5)]),
        joined(&[read(1, 5), rise(1)]),
        joined(&[rise(1), read(1, 5)]),
        write(5, 7),
        write(5, 8),
        joined(&[write(5, 7), read(1, 5)]),
        joined(&[read(1, 5), write(5, 7)]),
        joined(&[read(0, 5), write(5, 7)]),
        joined(&[write(5, 7), read(0, 5)]),
    ];
    let commitments: std::collections::BTreeSet<String> = logs.iter().map(|log| format!("{:?}", commit(log))).collect();
    assert_eq!(commitments.len(), logs.len());
    // The same log on other memory reads other values.
    let mut image = MemoryImage::new();
    image.set_cell(1, 5, F::ONE);
    let other = log_commitment(&logs[6], &image, &config, parameters).unwrap();
    assert_ne!(other, commit(&logs[6]));
}

#[test]
fn a_proof_of_another_configuration_is_refused() {
    let config = MemoryConfig::default();
    let proof = generate_memory_proof(write(5, 7), &config).unwrap();
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
    for space in [space.with_pointer_bits(28), space.with_block_cells(8), AddressSpaceConfig { number: 2, ..space }] {
        let other = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
        assert!(matches!(proof.verify(&other), Err(ProofError::Verify(_))));
    }
    proof.verify(&config).unwrap();
}

#[test]
fn a_changed_proof_is_refused_or_says_something_else() {
    let config = MemoryConfig::default();
    let proof = generate_memory_proof(joined(&[write(5, 7), read(1, 5)]), &config).unwrap();
    let (bytes, statement) = (proof.encode(), proof.verify(&config).unwrap());
    let positions = (0..64).chain((64..bytes.len()).step_by(bytes.len() / 60));
    for position in positions {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        let Ok(decoded) = MemoryProof::decode(&changed) else { continue };
        match decoded.verify(&config) {
            Err(ProofError::Verify(_)) => {}
            Err(error) => panic!("byte {position}: {error}"),
            // What touches no memory is hashed outside of the proof.
            Ok(other) => {
                assert!((1..33).contains(&position), "byte {position} does not matter");
                assert_ne!(other.log_commitment, statement.log_commitment);
                assert_eq!(other.final_root, statement.final_root);
            }
        }
    }
    for bytes in [&[][..], &[18], &[19; 64], &[18; 33], &[0xff; 100]] {
        assert!(matches!(MemoryProof::decode(bytes), Err(ProofError::Decode(_))));
    }
}

#[test]
fn an_impossible_log_is_an_error() {
    let config = MemoryConfig::default();
    let entry = |pointer, len| {
        let mut log = MemoryLog::new();
        log.push_read(1, pointer, len);
        log
    };
    let long = |len| {
        let mut log = MemoryLog::new();
        log.push_write(1, 0, &vec![F::ONE; len]);
        log
    };
    let late = |increment| joined(&[rise(increment), read(1, 0)]);
    let reads = [entry(1, 2), entry(0, 3), entry(0, usize::MAX), entry(u32::MAX, 1), read(4, 0)];
    let writes = [write(1 << 29, 7), long(0), long(3), long(64), long(1 << 16)];
    for log in reads.into_iter().chain(writes).chain([late(u32::MAX), late((1 << 29) - 1)]) {
        let mut offline = OfflineMemory::from_log(log.clone(), &config).unwrap();
        let refused = offline.replay(&mut AccessAdapterInventory::new()).unwrap_err();
        assert_eq!(generate_memory_proof(log.clone(), &config), Err(ProofError::Log(refused.clone())));
        let commitment = log_commitment(&log, &MemoryImage::new(), &config, Parameters::SMALLEST);
        assert_eq!(commitment, Err(ProofError::Log(refused)));
    }
    let latest = late((1 << 29) - 2);
    OfflineMemory::from_log(latest.clone(), &config).unwrap().replay(&mut AccessAdapterInventory::new()).unwrap();
    generate_memory_proof(latest, &config).unwrap().verify(&config).unwrap();
}

#[test]
fn a_log_of_too_many_accesses_is_an_error() {
    let config = MemoryConfigBuilder::new().with_access_capacity(1 << 21).build().unwrap();
    let log = reads((1 << 20) + 1);
    let failed = generate_memory_proof(log, &config);
    assert_eq!(failed, Err(ProofError::TooManyRows { rows: 1 << 21, rows_max: 1 << 20 }));
    let log = reads((1 << 18) + 1);
    let failed = MemoryProofGenerator::new(log, &config).with_parameters(Parameters::Height18).generate_proof();
    assert_eq!(failed, Err(ProofError::TooManyRows { rows: 1 << 19, rows_max: 1 << 18 }));
}
