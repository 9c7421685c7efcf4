use engram_air::{F, PrimeCharacteristicRing};

use super::{circuit, trace};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    image::MemoryImage,
    offline::OfflineMemory,
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
    segment::SegmentMemory,
    testing::Subject,
};

fn space() -> AddressSpaceConfig {
    AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(2)
}

fn config() -> MemoryConfig {
    MemoryConfigBuilder::new().add_address_space(space()).build().unwrap()
}

fn replayed(image: &MemoryImage, pointers: &[u32]) -> SegmentMemory {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(image, &config()).unwrap();
    for &pointer in pointers {
        memory.write(1, pointer, &[F::from_u32(pointer)], &mut adapters).unwrap();
    }
    memory.finish_with(adapters)
}

fn table(pointers: &[u32]) -> Subject {
    let range = SharedVariableRangeCheckerChip::new(&config());
    let memory = replayed(&MemoryImage::new(), pointers);
    let trace = trace(&space(), &memory, &range).unwrap().unwrap();
    Subject::new(circuit(config().layout(), &space()), trace)
}

/// Two blocks with one high limb, the second of them with the number 40; the last block there is; padding.
fn honest() -> Subject {
    table(&[81, 7, (1 << 29) - 1])
}

const LOW: usize = 0;
const HIGH: usize = 1;
const LAST: usize = 2;

#[test]
fn every_cell_matters() {
    let free = [("same_high", "it says nothing in the last row"), ("step", "it says nothing in the last row")];
    honest().assert_every_cell_matters(LAST + 1, &free);
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    table(&[7]).with(0, &[("real", 2)]).assert_refused_only_by("real is boolean");
}

#[test]
fn a_block_that_does_not_exist_is_refused() {
    table(&[7]).with(0, &[("low", 1 << 15)]).assert_refused_only_by("the block's number, low, exists");
    // Pointers have 29 bits, so blocks of two cells have numbers of 28, and high limbs of 13.
    table(&[7]).with(0, &[("high", 1 << 13)]).assert_refused_only_by("the block's number, high, exists");
}

/// Twice the same block, in neighbouring rows, and what the prover can do about it.
fn twice() -> Subject {
    honest().with(LOW, &[("low", 40)])
}

#[test]
fn a_block_that_appears_twice_is_refused() {
    let mut attack = twice();
    *attack.cell(LOW, "step") = F::NEG_ONE;
    attack.assert_refused_only_by("the next block is higher");
    twice().assert_refused_only_by("the step leads to the next block");
    twice().with(LOW, &[("more", 0)]).assert_refused_only_by("more says that the next row is real");
}

#[test]
fn blocks_in_another_order_are_refused() {
    // A falling low limb with a flag that turns the sign around.
    let mut attack = honest().with(LOW, &[("low", 41), ("step", 0)]);
    *attack.cell(LOW, "same_high") = F::NEG_ONE;
    attack.assert_refused_only_by("same_high is boolean");
    // Two high limbs that are said to be one, so that only low limbs are compared.
    let attack = honest().with(HIGH, &[("same_high", 1), ("step", (1 << 15) - 1 - 40 - 1)]);
    attack.assert_refused_only_by("same_high says that the high limb stays");
}

#[test]
fn a_gap_between_real_rows_is_refused() {
    honest().with(LOW, &[("real", 0)]).assert_refused_only_by("real rows come first");
}

#[test]
fn memory_that_did_not_start_as_zeros_is_an_error() {
    let mut image = MemoryImage::new();
    image.set_cell(1, 9, F::ONE);
    let range = SharedVariableRangeCheckerChip::new(&config());
    let touched = trace(&space(), &replayed(&image, &[8]), &range).map(|_| ());
    assert_eq!(touched, Err(MemoryError::NotZero { space: 1, cell: 9 }));
    assert!(trace(&space(), &replayed(&image, &[10]), &range).is_ok());
    assert_eq!(trace(&space(), &replayed(&image, &[]), &range), Ok(None));
}
