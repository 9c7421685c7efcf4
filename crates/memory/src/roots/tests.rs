use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::{circuit, public_values, roots_of, trace};
use crate::{
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    offline::OfflineMemory,
    records::AccessAdapterInventory,
    segment::SegmentMemory,
    testing::Subject,
};

fn words() -> SegmentMemory {
    let mut memory = OfflineMemory::new(&MemoryImage::new(), MemoryConfig::rv32im()).unwrap();
    memory.read_word(SPACE_REGISTERS, 3, 1);
    memory.write_word(SPACE_MEMORY, 0, 2, 99);
    memory.finish_segment()
}

fn cells(block_cells: usize) -> SegmentMemory {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_block_cells(block_cells);
    let builder = MemoryConfigBuilder::new().add_address_space(space(1)).add_address_space(space(2));
    let config = builder.add_address_space(space(5).with_pointer_bits(4)).build().unwrap();
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config).unwrap();
    memory.read_dynamic(1, 3, 1, &mut adapters).unwrap();
    memory.write(2, 0, &[F::TWO], &mut adapters).unwrap();
    memory.finish_with(adapters)
}

/// The first space is unchanged, the second is changed, the third is untouched. RV32IM's layout, and blocks of 1, 4 and 16 field
/// cells.
fn honest() -> [Subject; 4] {
    [words(), cells(1), cells(4), cells(16)].map(|segment| {
        let publics = public_values(&segment.roots_before, &segment.roots_after);
        let roots = [segment.roots_before.clone(), segment.roots_after.clone()];
        assert_eq!(roots_of(&segment.layout, &publics), Some(roots));
        assert_eq!(roots_of(&segment.layout, &publics[8..]), None);
        assert_eq!(roots_of(&segment.layout, &publics[1..]), None);
        Subject { publics, ..Subject::new(circuit(&segment.layout), trace(&segment)) }
    })
}

#[test]
fn every_cell_matters() {
    honest().iter().for_each(|honest| honest.assert_every_cell_matters(1, &[]));
}

#[test]
fn the_table_cannot_be_left_out() {
    assert!(honest().iter().all(|honest| honest.circuit.required));
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    for honest in honest() {
        honest.with(0, &[("touched[0]", 2)]).assert_refused_only_by("touched is boolean");
    }
}

#[test]
fn a_second_root_of_a_space_is_refused() {
    for honest in honest() {
        let row = honest.trace.row(0);
        let twice = Trace::from_rows([row, row].concat(), row.len());
        Subject { trace: twice, ..honest }.assert_refused_only_by("only the first row has touched spaces");
    }
}

#[test]
fn an_untouched_space_with_another_root_is_refused() {
    for mut attack in honest() {
        *attack.publics.last_mut().unwrap() += F::ONE;
        attack.assert_refused_only_by("an untouched space keeps its root");
    }
    for honest in honest() {
        honest.with(0, &[("touched[1]", 0)]).assert_refused_only_by("an untouched space keeps its root");
    }
}
