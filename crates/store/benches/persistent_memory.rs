//! Memory on disk: committing 100,000 touched leaves, and opening a large image and reading 10,000 random words of it.
//!
//! `ENGRAM_BENCH_MIB` says how large the image is: 256 MiB unless set; 1024 for 1 GiB. The file lies in the system's folder for
//! temporary files and stays in the kernel's cache: this is the cost of hashing, copying and syncing, not of a cold disk.

use std::{hint::black_box, path::Path, time::Duration};

use criterion::{BatchSize, Criterion};
use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    adapter::MemoryAdapter,
    address::LEAF_CELLS,
    config::{ACCESS_CAPACITY_MAX, AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
};
use engram_store::PersistentMemory;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Leaves that a commit changes.
const LEAVES_CHANGED: u32 = 100_000;
/// Words that are read after opening.
const WORDS_READ: u32 = 10_000;
/// Bytes of a leaf.
const LEAF_BYTES: u32 = 32;
/// Leaves written between two commits while the image is made: 8 MiB.
const LEAVES_A_COMMIT: u32 = 1 << 18;

/// Words of two cells, as RV32IM has them.
fn config() -> MemoryConfig {
    let space = AddressSpaceConfig::new(2, AddressSpaceType::Normal)
        .with_cell_kind(CellKind::U16)
        .with_block_cells(2)
        .with_pointer_bits(30);
    let builder = MemoryConfigBuilder::new().with_access_capacity(ACCESS_CAPACITY_MAX).with_pointer_unit(2);
    builder.add_address_space(space).build().expect("the settings are possible")
}

/// Write a leaf of random cells; a leaf has eight pointers.
fn write_leaf(memory: &mut PersistentMemory, leaf: u32, random: &mut ChaCha8Rng) {
    let cells: [F; LEAF_CELLS] = std::array::from_fn(|_| F::from_u16(random.random()));
    memory.write(2, leaf * 8, &cells).expect("the leaf is there");
}

fn fill(path: &Path, leaves: u32) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut memory = PersistentMemory::create(path, &config()).expect("the file is new");
    for leaf in 0..leaves {
        write_leaf(&mut memory, leaf, &mut random);
        if leaf % LEAVES_A_COMMIT == LEAVES_A_COMMIT - 1 {
            memory.commit().expect("there is room");
        }
    }
    memory.commit().expect("there is room");
}

fn main() {
    let mib: u32 = std::env::var("ENGRAM_BENCH_MIB").map_or(256, |mib| mib.parse().expect("a number of MiB"));
    assert!((4..=4096).contains(&mib), "the image has 4 to 4096 MiB");
    let leaves = (u64::from(mib) << 20).div_ceil(LEAF_BYTES.into()) as u32;
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("memory");
    fill(&path, leaves);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(format!("{mib} MiB"));
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    let mut random = ChaCha8Rng::seed_from_u64(2);
    group.bench_function(format!("open and read {WORDS_READ} random words"), |bench| {
        bench.iter(|| {
            let mut memory = PersistentMemory::open(&path, &config()).expect("the file is whole");
            for _ in 0..WORDS_READ {
                let pointer = random.random_range(0..leaves * 8);
                black_box(memory.read(2, pointer, 2).expect("the word is there"));
            }
        });
    });
    let mut memory = PersistentMemory::open(&path, &config()).expect("the file is whole");
    group.bench_function(format!("read {WORDS_READ} random words"), |bench| {
        bench.iter(|| {
            for _ in 0..WORDS_READ {
                let pointer = random.random_range(0..leaves * 8);
                black_box(memory.read(2, pointer, 2).expect("the word is there"));
            }
        });
    });
    for (name, together) in [("scattered", false), ("together", true)] {
        group.bench_function(format!("commit {LEAVES_CHANGED} leaves, {name}"), |bench| {
            let mut random = ChaCha8Rng::seed_from_u64(3);
            let memory = std::cell::RefCell::new(&mut memory);
            let write = || {
                let first = random.random_range(0..leaves - LEAVES_CHANGED);
                for number in 0..LEAVES_CHANGED {
                    let leaf = if together { first + number } else { random.random_range(0..leaves) };
                    write_leaf(&mut memory.borrow_mut(), leaf, &mut random);
                }
            };
            let commit = || memory.borrow_mut().commit().expect("there is room");
            bench.iter_batched(write, |()| commit(), BatchSize::PerIteration);
        });
    }
    group.finish();
    criterion.final_summary();
}
