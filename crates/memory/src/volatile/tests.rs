use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::{circuit, image_circuit, image_columns, image_trace, trace};
use crate::{Lookups, MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, testing::Subject};

fn image() -> MemoryImage {
    let mut image = MemoryImage::new();
    image.set_word(SPACE_MEMORY, 80, 0x1234_5678).unwrap();
    image.set_word(SPACE_MEMORY, 1 << 20, 7).unwrap();
    image
}

/// In order: a register, two words of memory of which the second is of the image, an image word that is not accessed, the
/// last word of memory, a word of the output; then padding.
fn honest() -> Subject {
    let mut memory = OfflineMemory::new(image());
    memory.write(SPACE_REGISTERS, 3, 1, 0xffff_ffff);
    memory.write(SPACE_MEMORY, 80, 2, 99);
    memory.read(SPACE_MEMORY, 77, 3);
    memory.write(SPACE_MEMORY, (1 << 30) - 1, 4, 6);
    memory.write(SPACE_OUTPUT, 0, 5, 6);
    Subject::new(circuit(), trace(&memory.finish_segment(), &image(), &Lookups::default()).unwrap())
}

const REGISTER: usize = 0;
const ZERO: usize = 1;
const IMAGE: usize = 2;
const OUTPUT: usize = 5;
const PADDING: usize = 6;

/// One word by itself, at an address that the attack chooses.
fn single(cells: &[(&str, u32)]) -> Subject {
    let mut memory = OfflineMemory::new(MemoryImage::new());
    memory.read(SPACE_MEMORY, 77, 1);
    let honest = trace(&memory.finish_segment(), &MemoryImage::new(), &Lookups::default()).unwrap();
    Subject::new(circuit(), honest).with(0, cells)
}

#[test]
fn every_cell_matters() {
    let free = [("same_block", "it says nothing in the last row"), ("step", "it says nothing in the last row")];
    honest().assert_every_cell_matters(OUTPUT + 1, &free);
}

/// The image table with all its columns.
fn image_table(image: &MemoryImage) -> Subject {
    let (committed, sent) = (image_columns(image), image_trace(image));
    let rows = (0..sent.height()).flat_map(|row| [committed.row(row), sent.row(row)].concat());
    Subject::new(image_circuit(), Trace::from_rows(rows.collect(), committed.width() + 1))
}

#[test]
fn the_image_is_sent_once() {
    let table = image_table(&image());
    assert!(table.circuit.required);
    assert_eq!(table.circuit.committed_columns + 1, table.circuit.width());
    table.assert_every_cell_matters(2, &[]);
    table.with(0, &[("sent", 0)]).assert_refused_only_by("each word of the image is sent");
    image_table(&MemoryImage::new()).assert_accepted();
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    single(&[("real", 2)]).assert_refused_only_by("real is boolean");
    single(&[("in_image", 2)]).assert_refused_only_by("in_image is boolean");
}

#[test]
fn an_image_word_cannot_be_taken_by_padding() {
    honest().with(PADDING, &[("in_image", 1)]).assert_refused_only_by("only a real row takes an image word");
}

#[test]
fn a_word_outside_the_image_starts_as_zero() {
    honest().with(ZERO, &[("initial[0]", 1)]).assert_refused_only_by("a word outside the image starts as zero");
    honest().with(IMAGE, &[("in_image", 0)]).assert_refused_only_by("a word outside the image starts as zero");
}

#[test]
fn an_address_outside_its_limbs_is_refused() {
    single(&[("pointer_high", 1 << 15)]).assert_refused_only_by("the pointer's high limb has 15 bits");
    single(&[("pointer_low", 1 << 15)]).assert_refused_only_by("the pointer's low limb has 15 bits");
    single(&[("space", 0)]).assert_refused_only_by("the space exists");
    single(&[("space", 4)]).assert_refused_only_by("the space exists");
}

/// Twice the same address, in neighbouring rows, and what the prover can do about it.
fn twice() -> Subject {
    let mut attack = honest();
    for column in ["pointer_high", "pointer_low"] {
        *attack.cell(ZERO, column) = *attack.cell(IMAGE, column);
    }
    attack
}

#[test]
fn an_address_that_appears_twice_is_refused() {
    let mut attack = twice();
    *attack.cell(ZERO, "step") = F::NEG_ONE;
    attack.assert_refused_only_by("the next address is higher");
    twice().assert_refused_only_by("the step leads to the next address");
    twice().with(ZERO, &[("more", 0)]).assert_refused_only_by("more says that the next row is real");
}

#[test]
fn addresses_in_another_order_are_refused() {
    // In a block, a falling low limb with a flag that turns the sign around.
    let mut attack = honest().with(ZERO, &[("pointer_low", 81), ("step", 0)]);
    *attack.cell(ZERO, "same_block") = F::NEG_ONE;
    attack.assert_refused_only_by("same_block is boolean");
    // Two blocks that are said to be one, so that only low limbs are compared.
    let attack = honest().with(REGISTER, &[("same_block", 1), ("step", 77 - 3 - 1)]);
    attack.assert_refused_only_by("a block is the same space and high limb");
}

#[test]
fn a_gap_between_real_rows_is_refused() {
    honest().with(REGISTER, &[("real", 0)]).assert_refused_only_by("real rows come first");
}
