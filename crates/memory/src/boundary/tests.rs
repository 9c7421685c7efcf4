use engram_air::{F, PrimeCharacteristicRing};

use super::{circuit, trace};
use crate::{
    address::{CELL_BITS, SPACE_MEMORY, SPACE_REGISTERS},
    compress::Compressions,
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    offline::OfflineMemory,
    records::AccessAdapterInventory,
    segment::{LeafRecord, SegmentMemory},
    testing::Subject,
};

/// A segment of RV32IM's words.
fn words() -> SegmentMemory {
    let mut image = MemoryImage::new();
    image.set_word(SPACE_MEMORY, 80, 0x1234_5678);
    let mut memory = OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap();
    memory.read_word(SPACE_REGISTERS, 3, 1);
    memory.write_word(SPACE_MEMORY, 80, 2, 99 << CELL_BITS);
    memory.read_word(SPACE_MEMORY, 87, 3);
    memory.finish_segment()
}

/// One of field cells.
fn cells(block_cells: usize) -> SegmentMemory {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(block_cells);
    let config = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
    let mut image = MemoryImage::new();
    image.set_cell(1, 80, F::from_u32(0x1234_5678));
    let (mut memory, mut adapters) = (OfflineMemory::new(&image, &config).unwrap(), AccessAdapterInventory::new());
    memory.read_dynamic(1, 3, 1, &mut adapters).unwrap();
    memory.write(1, 80, &[F::TWO, F::ONE], &mut adapters).unwrap();
    memory.read_dynamic(1, 88, 8, &mut adapters).unwrap();
    memory.finish_with(adapters)
}

/// Leaves that are, in order: unchanged and changed.
fn subject(segment: &SegmentMemory, block_cells: usize) -> Subject {
    let leaves: Vec<&LeafRecord> = segment.leaves.iter().collect();
    let trace = trace(&leaves, block_cells, &mut Compressions::default()).unwrap();
    Subject::new(circuit(block_cells, segment.layout.pointer_unit()), trace)
}

/// RV32IM's layout, and blocks of 1, 4 and 16 field cells.
fn honest() -> [Subject; 4] {
    [subject(&words(), 2), subject(&cells(1), 1), subject(&cells(4), 4), subject(&cells(16), 16)]
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
    honest().into_iter().for_each(|honest| honest.assert_every_cell_matters(2, &free));
}

#[test]
fn blocks_cover_a_leaf_once() {
    for (block_cells, unit) in [(1, 1), (2, 1), (2, 2), (4, 1), (8, 4), (16, 16)] {
        let circuit = circuit(block_cells, unit);
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
fn a_multiplicity_that_is_not_boolean_is_refused() {
    for honest in honest() {
        honest.with(CHANGED, &[("real", 2)]).assert_refused_only_by("real is boolean");
    }
    for honest in honest() {
        honest.with(UNCHANGED, &[("changed", 2)]).assert_refused_only_by("changed is boolean");
    }
}

#[test]
fn other_cells_before_are_refused() {
    for mut attack in honest() {
        *attack.cell(CHANGED, "before[0]") += F::ONE;
        attack.assert_refused_only_by("digest of the leaf before");
    }
}

#[test]
fn other_cells_after_are_refused() {
    for mut attack in honest() {
        *attack.cell(CHANGED, "after[15]") += F::ONE;
        attack.assert_refused_only_by("digest of the leaf after");
    }
}

#[test]
fn an_unchanged_leaf_with_other_cells_is_refused() {
    for honest in honest() {
        let mut attack = honest.with(CHANGED, &[("changed", 0)]);
        copy(&mut attack, CHANGED, "digest_before", "digest_after", 8);
        attack.assert_refused_only_by("an unchanged leaf keeps its cells");
    }
}

#[test]
fn an_unchanged_leaf_with_another_digest_is_refused() {
    for mut attack in honest() {
        *attack.cell(UNCHANGED, "digest_after[3]") += F::ONE;
        attack.assert_refused_only_by("an unchanged leaf keeps its digest");
    }
}
