use crate::testing::Subject;
use engram_air::{F, PrimeCharacteristicRing};

use super::{circuit, trace};
use crate::{
    config::MemoryConfig, extension::instruction::CustomInstruction, range_checker::SharedVariableRangeCheckerChip,
};

/// Three instructions and a row of padding.
fn honest() -> Subject {
    let words = [0xffff_ff8b, 0x0000_000b, 0xaaaa_aa8b];
    let list = words.map(|word| CustomInstruction::decode(word).unwrap());
    let range = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    Subject::new(circuit(), trace(list.into_iter(), &range).unwrap().whole())
}

/// The fields: rd 21, funct3 2, rs1 21, rs2 10, funct7 85.
const THIRD: usize = 2;
const PADDING: usize = 3;

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(3, &[]);
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    // The last instruction twice, with an opcode that is twice custom-0.
    let attack = honest().with(THIRD, &[("real", 2), ("low", 0xaa8b + 0x0b)]);
    attack.assert_refused_only_by("real is boolean");
}

#[test]
fn an_instruction_after_a_gap_is_refused() {
    let attack = honest().with(1, &[("real", 0), ("low", 0)]);
    attack.assert_refused_only_by("instructions come first");
}

#[test]
fn steps_that_do_not_count_rows_are_refused() {
    let mut attack = honest();
    for row in 0..4 {
        *attack.cell(row, "step") += F::ONE;
    }
    attack.assert_refused_only_by("the first step is zero");
    honest().with(PADDING, &[("step", 2)]).assert_refused_only_by("a step is one more than the one before");
    // The second instruction again in place of the third.
    let again = honest().with(THIRD, &[("step", 1)]).with(PADDING, &[("step", 2)]);
    again.assert_refused_only_by("a step is one more than the one before");
}

#[test]
fn a_word_of_another_opcode_is_refused() {
    let attack = honest().with(1, &[("low", 0x33)]);
    attack.assert_refused_only_by("the low half is made of its fields");
}

#[test]
fn another_word_is_refused() {
    let mut attack = honest();
    *attack.cell(THIRD, "low") += F::from_u32(1 << 7);
    attack.assert_refused_only_by("the low half is made of its fields");
    let mut attack = honest();
    *attack.cell(THIRD, "high") += F::ONE;
    attack.assert_refused_only_by("the high half is made of its fields");
}

/// A field takes over from its neighbour, so that the word stays.
#[test]
fn fields_past_their_bits_are_refused() {
    // Of 32 rd and one funct3 less.
    honest().with(THIRD, &[("rd", 21 + 32), ("funct3", 1)]).assert_refused_only_by("rd is below 2^5");
    // rs1's low bit is one: eight funct3.
    honest().with(THIRD, &[("funct3", 2 + 8), ("rs1_low", 0)]).assert_refused_only_by("funct3 is below 2^3");
    // The only other low bit with in-range fields would need a funct3 below zero.
    let mut attack = honest().with(THIRD, &[("rs1_low", 2)]);
    *attack.cell(THIRD, "low") += F::from_u32(1 << 15);
    attack.assert_refused_only_by("rs1_low is below 2^1");
    honest().with(THIRD, &[("rs1_high", 10 + 16), ("rs2", 9)]).assert_refused_only_by("rs1_high is below 2^4");
    honest().with(THIRD, &[("rs2", 10 + 32), ("funct7", 84)]).assert_refused_only_by("rs2 is below 2^5");
    let mut attack = honest().with(THIRD, &[("funct7", 85 + 128)]);
    *attack.cell(THIRD, "high") += F::from_u32(1 << 16);
    attack.assert_refused_only_by("funct7 is below 2^7");
}
