use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{compress::Compressions, testing::Subject};

use super::{circuit, trace};
use crate::{
    bus::MemoryBus,
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfigBuilder},
    image::MemoryImage,
    offline::{AccessAdapterInventory, LeafRecord, OfflineMemory},
};

/// Leaves that are, in order: unchanged and changed.
fn honest(block_cells: usize) -> Subject {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(block_cells);
    let config = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
    let mut image = MemoryImage::new();
    image.set_cell(1, 80, F::from_u32(0x1234_5678));
    let (mut memory, mut adapters) = (OfflineMemory::new(&image, &config).unwrap(), AccessAdapterInventory::new());
    memory.read(1, 3, 1, &mut adapters).unwrap();
    memory.write(1, 80, &[F::TWO, F::ONE], &mut adapters).unwrap();
    memory.read(1, 88, 8, &mut adapters).unwrap();
    let end = memory.finalize_blocks(&mut adapters);
    let leaves: Vec<&LeafRecord> = end.leaves.iter().collect();
    let trace = trace(&leaves, block_cells, &mut Compressions::default()).unwrap();
    Subject::new(circuit(MemoryBus::new(), block_cells, 1), trace)
}

const UNCHANGED: usize = 0;
const CHANGED: usize = 1;

fn copy(subject: &mut Subject, row: usize, from: &str, to: &str, count: usize) {
    for index in 0..count {
        *subject.cell(row, &format!("{to}[{index}]")) = *subject.cell(row, &format!("{from}[{index}]"));
    }
}

#[test]
fn every_cell_matters() {
    let free = [("changed", "an unchanged leaf may be hashed again: the digest is the same")];
    for block_cells in [1, 4, 16] {
        honest(block_cells).assert_every_cell_matters(2, &free);
    }
}

#[test]
fn blocks_cover_a_leaf_once() {
    for block_cells in [1, 2, 4, 8, 16] {
        let circuit = circuit(MemoryBus::new(), block_cells, 1);
        for (side, columns) in [("before", "before"), ("after", "after")] {
            let blocks = (0..16 / block_cells).flat_map(|block| {
                let label = format!("block {block} {side}");
                let interaction = circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap();
                interaction.fields[2..2 + block_cells].iter().map(|cell| cell.as_column().unwrap() as usize)
            });
            let expected = (0..16).map(|cell| circuit.column(&format!("{columns}[{cell}]")).unwrap());
            assert!(blocks.eq(expected));
        }
    }
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    honest(4).with(CHANGED, &[("real", 2)]).assert_refused_only_by("real is boolean");
    honest(4).with(UNCHANGED, &[("changed", 2)]).assert_refused_only_by("changed is boolean");
}

#[test]
fn other_cells_before_are_refused() {
    let mut attack = honest(4);
    *attack.cell(CHANGED, "before[0]") += F::ONE;
    attack.assert_refused_only_by("digest of the leaf before");
}

#[test]
fn other_cells_after_are_refused() {
    let mut attack = honest(4);
    *attack.cell(CHANGED, "after[15]") += F::ONE;
    attack.assert_refused_only_by("digest of the leaf after");
}

#[test]
fn an_unchanged_leaf_with_other_cells_is_refused() {
    let mut attack = honest(4).with(CHANGED, &[("changed", 0)]);
    copy(&mut attack, CHANGED, "digest_before", "digest_after", 8);
    attack.assert_refused_only_by("an unchanged leaf keeps its cells");
}

#[test]
fn an_unchanged_leaf_with_another_digest_is_refused() {
    let mut attack = honest(4);
    *attack.cell(UNCHANGED, "digest_after[3]") += F::ONE;
    attack.assert_refused_only_by("an unchanged leaf keeps its digest");
}
