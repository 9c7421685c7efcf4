use engram_air::{F, PrimeCharacteristicRing};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{FinalMemory, OfflineMemory, WORD_SPACE_MAX};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    image::MemoryImage,
    records::{AccessAdapterInventory, MergeRecord, SplitRecord},
    segment::LeafRecord,
};

fn config(block_cells: usize) -> MemoryConfig {
    let space =
        AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(block_cells).with_pointer_bits(12);
    MemoryConfigBuilder::new().add_address_space(space).build().unwrap()
}

fn numbers(count: u32) -> Vec<F> {
    (1..=count).map(F::from_u32).collect()
}

#[test]
fn accesses_of_the_blocks_size_need_no_adapters() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.write(1, 8, &numbers(4), &mut adapters).unwrap();
    let (id, cells) = memory.read_dynamic(1, 8, 4, &mut adapters).unwrap();
    assert_eq!(cells, numbers(4));
    assert_eq!(memory.accesses().get(id).unwrap().gap, 0);
    let end = memory.finalize::<4>(&mut adapters).unwrap().0;
    assert!(adapters.is_empty());
    assert_eq!(
        (
            end.segment.leaves.len(),
            end.segment.leaves[0].initial_timestamps[2],
            end.segment.leaves[0].final_timestamps[2]
        ),
        (1, 0, 2)
    );
    assert_eq!(end.segment.leaves[0].initial_timestamps[0], end.segment.leaves[0].final_timestamps[0]);
}

#[test]
fn a_small_access_splits_and_the_end_merges_again() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.write(1, 6, &numbers(1), &mut adapters).unwrap();
    let split = |size: usize| adapters.splits()[size].iter().map(|(record, _)| *record).collect::<Vec<_>>();
    assert_eq!(split(2), [SplitRecord { space: 1, pointer: 4, timestamp: 0 }]);
    assert_eq!(split(1), [SplitRecord { space: 1, pointer: 6, timestamp: 0 }]);
    let end = memory.finalize_blocks(&mut adapters);
    let merge = |size: usize| adapters.merges()[size].iter().map(|(record, _)| *record).collect::<Vec<_>>();
    assert_eq!(merge(1), [MergeRecord { space: 1, pointer: 6, timestamps: [1, 0] }]);
    assert_eq!(merge(2), [MergeRecord { space: 1, pointer: 4, timestamps: [0, 1] }]);
    assert_eq!(end.segment.leaves[0].final_timestamps[..4], [0, 1, 0, 0]);
    assert_eq!(end.image.cell(1, 6), F::ONE);
}

#[test]
fn a_wide_access_merges_across_leaves_and_the_end_splits_again() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(16)).unwrap();
    memory.write(1, 32, &numbers(32), &mut adapters).unwrap();
    assert_eq!((adapters.merges()[5].len(), adapters.len()), (1, 1));
    let end = memory.finalize::<16>(&mut adapters).unwrap().0;
    assert_eq!((adapters.splits()[5].len(), adapters.len()), (1, 2));
    assert_eq!(
        end.segment.leaves.iter().map(|leaf| (leaf.leaf, leaf.final_timestamps[0])).collect::<Vec<_>>(),
        [(2, 1), (3, 1)]
    );
}

#[test]
fn long_gaps_are_bridged_before_accesses_and_merges() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.read_dynamic(1, 0, 2, &mut adapters).unwrap();
    memory.increment_timestamp_by(3 << 17).unwrap();
    memory.read_dynamic(1, 2, 2, &mut adapters).unwrap();
    let (id, _) = memory.read_dynamic(1, 0, 4, &mut adapters).unwrap();
    let record = *memory.accesses().get(id).unwrap();
    assert_eq!((record.timestamp, record.gap), ((3 << 17) + 3, 0));
    let end = memory.finalize_blocks(&mut adapters);
    assert_eq!(end.segment.refreshes[1].iter().map(|(refresh, _)| refresh.steps).collect::<Vec<_>>(), [3, 3]);
    let (merge, _) = adapters.merges()[2].get(0).unwrap();
    assert_eq!(merge.timestamps, [(3 << 17) + 1, (3 << 17) + 2]);
}

#[test]
fn memory_is_told_in_blocks_of_any_size_at_the_end() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.write(1, 16 + 6, &numbers(2), &mut adapters).unwrap();
    memory.write(1, 16 + 12, &numbers(4), &mut adapters).unwrap();
    fn check<const N: usize>(memory: &OfflineMemory, adapters: &AccessAdapterInventory, timestamps: &[u32]) {
        let blocks = memory.clone().finalize::<N>(&mut adapters.clone()).unwrap().1;
        assert_eq!(blocks.iter().map(|block| block.timestamp).collect::<Vec<_>>(), timestamps);
        let places = (16u32..).step_by(N).map(|pointer| (1, pointer));
        assert!(blocks.iter().map(|block| (block.space, block.pointer)).eq(places.take(16 / N)));
        let cells: Vec<F> = blocks.iter().flat_map(|block| block.cells).collect();
        let expected = [vec![F::ZERO; 6], numbers(2), vec![F::ZERO; 4], numbers(4)].concat();
        assert_eq!(cells, expected);
    }
    check::<1>(&memory, &adapters, &[0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 2]);
    check::<2>(&memory, &adapters, &[0, 0, 1, 1, 0, 0, 2, 2]);
    check::<4>(&memory, &adapters, &[0, 1, 0, 2]);
    check::<8>(&memory, &adapters, &[1, 2]);
    check::<16>(&memory, &adapters, &[2]);
    let refused = |end: Result<(), MemoryError>, asked| {
        assert_eq!(end, Err(MemoryError::BlockSize { pointer_unit: 1, asked }));
    };
    refused(memory.clone().finalize::<3>(&mut adapters.clone()).map(|_| ()), 3);
    refused(memory.finalize::<32>(&mut adapters).map(|_| ()), 32);
}

#[test]
fn a_segment_of_split_blocks_starts_where_the_last_one_ended() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.write(1, 6, &numbers(1), &mut adapters).unwrap();
    memory.write(1, 32, &numbers(32), &mut adapters).unwrap();
    assert_eq!(memory.touched_leaves(), 3);
    let first = memory.finish_with(std::mem::take(&mut adapters));
    assert_eq!((first.leaves.len(), memory.touched_leaves(), memory.timestamp()), (3, 0, 1));
    let (id, cells) = memory.read_dynamic(1, 6, 1, &mut adapters).unwrap();
    assert_eq!((cells, memory.accesses().get(id).unwrap().gap), (numbers(1), 0));
    let second = memory.finish_with(adapters);
    assert_eq!((&first.roots_after, &second.roots_before), (&second.roots_before, &second.roots_after));
    let leaf = &second.leaves[0];
    assert_eq!((leaf.initial_timestamps[1], leaf.final_timestamps[1], second.leaves.len()), (0, 1, 1));
    assert!(memory.finish_segment().leaves.is_empty());
}

/// Spaces of words are found by their number, if it is low; with a high one they are partitions as others are.
#[test]
fn words_are_replayed_alike_whichever_way_they_are_found() {
    let replayed = |number: u32, seed: u64| {
        let words = AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
        let words = words.with_block_cells(2).with_pointer_bits(12);
        let builder = MemoryConfigBuilder::new().with_pointer_unit(2).with_access_cells(2, 2);
        let config = builder.add_address_space(words).build().unwrap();
        let mut image = MemoryImage::new();
        (0..40).for_each(|pointer| image.set_word(number, 7 * pointer, 0x0023_4567 * (pointer + 1)));
        let mut memory = OfflineMemory::new(&image, &config).unwrap();
        assert_eq!(memory.partitions[0].is_some(), number > WORD_SPACE_MAX);
        let mut adapters = AccessAdapterInventory::new();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..200 {
            let pointer = random.random_range(0..30) * 11;
            if random.random() {
                let word = [random.random_range(0..1 << 16), random.random_range(0..1 << 16)].map(F::from_u32);
                memory.write(number, pointer, &word, &mut adapters).unwrap();
            } else {
                let _ = memory.read_dynamic(number, pointer, 2, &mut adapters).unwrap();
            }
            memory.increment_timestamp_by(random.random_range(0..1 << 18)).unwrap();
            assert!(memory.peek_cell(number, 2 * pointer).is_some());
        }
        memory.finalize_blocks(&mut adapters)
    };
    for seed in 0..20 {
        let (near, far) = (replayed(2, seed), replayed(40, seed));
        let accesses = |end: &FinalMemory| {
            let accesses = end.accesses.iter();
            accesses.map(|(id, record)| (record.gap, end.accesses.previous(id).to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(accesses(&near), accesses(&far));
        assert!(near.segment.adapters.is_empty() && far.segment.adapters.is_empty());
        let moved = |leaf: &LeafRecord| LeafRecord { space: 2, ..leaf.clone() };
        assert_eq!(near.segment.leaves, far.segment.leaves.iter().map(moved).collect::<Vec<_>>());
        let refreshes = |end: &FinalMemory| {
            let refreshes = end.segment.refreshes[1].iter();
            refreshes.map(|(refresh, cells)| (refresh.timestamp, refresh.steps, cells.to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(refreshes(&near), refreshes(&far));
        assert!(!refreshes(&near).is_empty());
        assert_eq!(near.segment.roots_after, far.segment.roots_after);
        let words = |image: &MemoryImage, space| (0..4096).map(|word| image.word(space, word)).collect::<Vec<_>>();
        assert_eq!(words(&near.image, 2), words(&far.image, 40));
    }
}
