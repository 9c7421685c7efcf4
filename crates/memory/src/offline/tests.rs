use engram_air::{F, PrimeCharacteristicRing};

use super::OfflineMemory;
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    image::MemoryImage,
    records::{AccessAdapterInventory, MergeRecord, SplitRecord},
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
        (end.segment.leaves.len(), end.segment.leaves[0].initial_times[2], end.segment.leaves[0].final_times[2]),
        (1, 0, 2)
    );
    assert_eq!(end.segment.leaves[0].initial_times[0], end.segment.leaves[0].final_times[0]);
}

#[test]
fn a_small_access_splits_and_the_end_merges_again() {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config(4)).unwrap();
    memory.write(1, 6, &numbers(1), &mut adapters).unwrap();
    let split = |size: usize| adapters.splits()[size].iter().map(|(record, _)| *record).collect::<Vec<_>>();
    assert_eq!(split(2), [SplitRecord { space: 1, pointer: 4, time: 0 }]);
    assert_eq!(split(1), [SplitRecord { space: 1, pointer: 6, time: 0 }]);
    let end = memory.finalize_blocks(&mut adapters);
    let merge = |size: usize| adapters.merges()[size].iter().map(|(record, _)| *record).collect::<Vec<_>>();
    assert_eq!(merge(1), [MergeRecord { space: 1, pointer: 6, times: [1, 0] }]);
    assert_eq!(merge(2), [MergeRecord { space: 1, pointer: 4, times: [0, 1] }]);
    assert_eq!(end.segment.leaves[0].final_times[..4], [0, 1, 0, 0]);
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
        end.segment.leaves.iter().map(|leaf| (leaf.leaf, leaf.final_times[0])).collect::<Vec<_>>(),
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
    assert_eq!((record.time, record.gap), ((3 << 17) + 3, 0));
    let end = memory.finalize_blocks(&mut adapters);
    assert_eq!(end.segment.refreshes[1].iter().map(|(refresh, _)| refresh.steps).collect::<Vec<_>>(), [3, 3]);
    let (merge, _) = adapters.merges()[2].get(0).unwrap();
    assert_eq!(merge.times, [(3 << 17) + 1, (3 << 17) + 2]);
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
