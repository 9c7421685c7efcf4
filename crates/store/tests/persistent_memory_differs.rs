//! Persistent memory that does not answer as online memory does, that has another root than proofs name, or that loses or keeps
//! what it should not.

use std::{fs, path::Path};

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    adapter::{MemoryAdapter, OnlineMemoryAdapter},
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    image::MemoryImage,
    log::RecordId,
    offline::OfflineMemory,
    online::Memory,
};
use engram_store::StoreError;
use engram_store::{PersistentError, PersistentMemory, digest_bytes};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

fn u16s(number: u32) -> AddressSpaceConfig {
    AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16)
}

fn built(builder: MemoryConfigBuilder, spaces: &[AddressSpaceConfig]) -> MemoryConfig {
    spaces.iter().fold(builder, |builder, space| builder.add_address_space(*space)).build().unwrap()
}

/// Single cells in two spaces, and the identity space; or words of two cells in one.
fn configs() -> [MemoryConfig; 2] {
    let identity = AddressSpaceConfig::new(0, AddressSpaceType::Identity);
    let single = [identity, u16s(1).with_pointer_bits(9), u16s(7).with_pointer_bits(30)];
    let words = [u16s(2).with_block_cells(2).with_pointer_bits(30)];
    [
        built(MemoryConfigBuilder::new().with_access_capacity(400), &single),
        built(MemoryConfigBuilder::new().with_pointer_unit(2), &words),
    ]
}

/// The roots that the replay has for these cells.
fn replayed_roots(config: &MemoryConfig, image: &MemoryImage) -> Vec<[u8; 32]> {
    let memory = OfflineMemory::new(image, config).unwrap().finalize_blocks(&mut Default::default());
    memory.segment.roots_before.iter().map(digest_bytes).collect()
}

fn roots(memory: &PersistentMemory) -> Vec<[u8; 32]> {
    memory.roots().unwrap().iter().map(digest_bytes).collect()
}

/// A request that is possible or not.
fn request(memory: &mut dyn MemoryAdapter, random: &mut ChaCha8Rng) -> Result<(RecordId, Vec<F>), MemoryError> {
    let space = *[0, 1, 1, 2, 2, 2, 7, 7, 9].choose(random).unwrap();
    let len: usize = *[0, 1, 1, 2, 2, 4, 8, 16, 32, 3, 64].choose(random).unwrap();
    let window = *[0, 0, 0, 448, (1 << 30) - 64].choose(random).unwrap();
    let mut pointer = window + random.random_range(0..80);
    if random.random_bool(0.9) {
        pointer &= !(len.max(1).next_power_of_two() as u32 - 1);
    }
    if random.random_bool(0.5) {
        return memory.read(space, pointer, len);
    }
    let mut data: Vec<F> = (0..len).map(|_| F::from_u32(random.random_range(0..1 << 16))).collect();
    if random.random_bool(0.05) {
        data.iter_mut().take(1).for_each(|cell| *cell = F::from_u32(1 << 16));
    }
    Ok((memory.write(space, pointer, &data)?, vec![]))
}

#[test]
fn it_answers_as_online_memory_does_between_commits_losses_and_reopenings() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for config in configs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        let mut memory = PersistentMemory::create(&path, &config).unwrap();
        // Cells of each generation.
        let mut committed = vec![MemoryImage::new()];
        for _ in 0..60 {
            let image = committed.last().unwrap().clone();
            let mut online = OnlineMemoryAdapter { memory: Memory::with_image(&config, image).unwrap() };
            let requests_seed = random.random();
            let requests = random.random_range(0..100);
            let mut random_online = ChaCha8Rng::seed_from_u64(requests_seed);
            let mut random_here = ChaCha8Rng::seed_from_u64(requests_seed);
            for _ in 0..requests {
                let here = request(&mut memory, &mut random_here);
                assert_eq!(here, request(&mut online, &mut random_online));
                if random.random_bool(0.1) {
                    assert_eq!(memory.increment_timestamp(), online.increment_timestamp());
                }
            }
            assert_eq!(memory.log(), online.memory.log());
            match random.random_range(0..4) {
                0 => memory.discard(),
                1 => {
                    drop(memory);
                    memory = PersistentMemory::open(&path, &config).unwrap();
                }
                _ => {
                    memory.commit().unwrap();
                    committed.push(online.memory.image().clone());
                }
            }
            if random.random_bool(0.1) {
                memory.compact().unwrap();
            }
            let image = committed.last().unwrap();
            assert_eq!(memory.generation().unwrap(), committed.len() as u64 - 1);
            assert_eq!(roots(&memory), replayed_roots(&config, image));
            assert_eq!(&memory.image().unwrap(), image);
            assert!(memory.log().is_empty() && memory.changed_leaves() == 0);
        }
        // The last eight can be read.
        let oldest = committed.len().saturating_sub(8);
        for (generation, image) in committed.iter().enumerate().skip(oldest) {
            let snapshot = memory.snapshot(generation as u64).unwrap();
            let roots: Vec<[u8; 32]> = snapshot.roots().unwrap().iter().map(digest_bytes).collect();
            assert_eq!(roots, replayed_roots(&config, image));
            for space in config.normal_spaces() {
                let unit = config.pointer_unit() as u32;
                for first in (0..512).step_by(32) {
                    let cells = snapshot.read(space.number, first / unit, 32).unwrap();
                    let expected: Vec<F> = (first..first + 32).map(|cell| image.cell(space.number, cell)).collect();
                    assert_eq!(cells, expected);
                }
            }
            assert!(snapshot.read(1, 1, 4).is_err());
        }
        if oldest > 0 {
            let gone = memory.snapshot(oldest as u64 - 1);
            assert!(matches!(gone, Err(PersistentError::Store(StoreError::NoGeneration { .. }))));
        }
    }
}

#[test]
fn a_proof_names_the_roots_of_the_file() {
    let [config, _] = configs();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let mut memory = PersistentMemory::create(&path, &config).unwrap();
    for round in 1..3 {
        memory.write(1, 4, &[round, 2, 3, 4].map(F::from_u32)).unwrap();
        memory.read(7, (1 << 30) - 32, 32).unwrap();
        memory.write(7, 1 << 29, &[F::from_u32(0xffff)]).unwrap();
        let proof = memory.proof_generator().unwrap().generate_proof().unwrap();
        let statement = proof.verify(&config).unwrap();
        assert_eq!(statement.initial_root, memory.root().unwrap());
        assert_eq!(statement.initial_roots, memory.roots().unwrap());
        // Other roots than those that the writes lead to change nothing.
        let other = memory.commit_expecting(&statement.initial_roots);
        assert!(matches!(other, Err(PersistentError::Store(StoreError::UnexpectedRoot { .. }))));
        assert!(memory.commit_expecting(&statement.final_roots[..1]).is_err());
        assert_eq!(memory.root().unwrap(), statement.initial_root);
        memory.commit_expecting(&statement.final_roots).unwrap();
        assert_eq!((memory.root().unwrap(), memory.generation().unwrap()), (statement.final_root, round as u64));
    }
}

#[test]
fn a_configuration_that_no_file_can_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let field = built(MemoryConfigBuilder::new(), &[AddressSpaceConfig::new(1, AddressSpaceType::Normal)]);
    let refused = PersistentMemory::create(&path, &field);
    assert!(matches!(refused, Err(PersistentError::FieldCells { space: 1 })));
    let tiny = built(MemoryConfigBuilder::new(), &[u16s(3).with_pointer_bits(6)]);
    let refused = PersistentMemory::create(&path, &tiny);
    assert!(matches!(refused, Err(PersistentError::SmallSpace { space: 3, cells: 64, cells_min: 128 })));
    assert!(!path.exists());
    let smallest = built(MemoryConfigBuilder::new(), &[u16s(3).with_pointer_bits(7)]);
    let mut memory = PersistentMemory::create(&path, &smallest).unwrap();
    memory.write(3, 96, &[F::from_u32(9); 32]).unwrap();
    memory.commit().unwrap();
    let image = memory.image().unwrap();
    assert_eq!(image.cell(3, 127), F::from_u32(9));
    assert_eq!(roots(&memory), replayed_roots(&smallest, &image));
}

#[test]
fn a_file_of_another_configuration_or_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let [_, words] = configs();
    let missing = PersistentMemory::open(&path, &words);
    assert!(matches!(missing, Err(PersistentError::Store(StoreError::Missing { .. }))));
    let memory = PersistentMemory::open_or_create(&path, &words).unwrap();
    let again = PersistentMemory::open(&path, &words);
    assert!(matches!(again, Err(PersistentError::Store(StoreError::AlreadyOpen))));
    drop(memory);
    // The same cells, by other pointers.
    let fours = u16s(2).with_block_cells(4).with_pointer_bits(29);
    let fours = built(MemoryConfigBuilder::new().with_pointer_unit(4), &[fours]);
    assert!(matches!(PersistentMemory::open(&path, &fours), Err(PersistentError::OtherConfiguration)));
    let other = built(MemoryConfigBuilder::new(), &[u16s(2)]);
    assert!(PersistentMemory::open(&path, &other).is_err());
    // Blocks and limits say nothing about where a cell is.
    let blocks = u16s(2).with_block_cells(16).with_pointer_bits(30);
    let blocks = built(MemoryConfigBuilder::new().with_pointer_unit(2).with_access_capacity(3), &[blocks]);
    drop(PersistentMemory::open_or_create(&path, &blocks).unwrap());
}

/// Where the file has these bytes.
fn find(path: &Path, bytes: &[u8]) -> Vec<usize> {
    let file = fs::read(path).unwrap();
    file.windows(bytes.len()).enumerate().filter(|(_, window)| *window == bytes).map(|(place, _)| place).collect()
}

#[test]
fn a_changed_byte_is_never_read_as_memory() {
    let [config, _] = configs();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let mut memory = PersistentMemory::create(&path, &config).unwrap();
    memory.write(1, 64, &[F::from_u32(0xabcd); 16]).unwrap();
    memory.commit().unwrap();
    drop(memory);
    let places = find(&path, &[0xcd, 0xab].repeat(16));
    assert!(!places.is_empty());
    for place in places {
        let mut file = fs::read(&path).unwrap();
        file[place] ^= 1;
        fs::write(&path, file).unwrap();
    }
    let opened = PersistentMemory::open(&path, &config);
    assert!(matches!(opened, Err(PersistentError::Store(StoreError::NotAStore { .. }))), "{opened:?}");
}
