use super::{circuit, narrow_circuit, narrow_trace, trace};
use crate::{range_checker::SharedVariableRangeCheckerChip, testing::Subject};

/// One block of six bits: 32 to 47.
fn honest() -> Subject {
    let counter = SharedVariableRangeCheckerChip::default();
    counter.count(40, 6);
    counter.count(40, 6);
    counter.count(47, 6);
    Subject::new(circuit(), trace(&counter).unwrap())
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(1, &[]);
    let counter = SharedVariableRangeCheckerChip::default();
    (0..4).for_each(|bits| (0..1 << bits).for_each(|value| counter.count(value, bits)));
    Subject::new(narrow_circuit(), narrow_trace(&counter).unwrap()).assert_every_cell_matters(1, &[]);
}

#[test]
fn every_value_of_every_width_is_offered() {
    let counter = SharedVariableRangeCheckerChip::default();
    (0..=17).for_each(|bits| (0..1 << bits).for_each(|value| counter.count(value, bits)));
    let table = Subject::new(circuit(), trace(&counter).unwrap());
    assert_eq!(table.trace.height(), 1 << 14);
    assert!(table.violations().is_empty());
    assert!(table.offers_exactly((4..=17).flat_map(|bits| (0..1 << bits).map(move |value| vec![value, bits]))));
    let narrow = Subject::new(narrow_circuit(), narrow_trace(&counter).unwrap());
    assert!(narrow.offers_exactly((0..4).flat_map(|bits| (0..1 << bits).map(move |value| vec![value, bits]))));
}

#[test]
fn a_false_lookup_is_not_counted() {
    let counter = SharedVariableRangeCheckerChip::default();
    counter.count(64, 6);
    counter.count(1, 0);
    counter.count(0, 18);
    counter.count(u32::MAX, 17);
    assert!(trace(&counter).is_none() && narrow_trace(&counter).is_none());
}

#[test]
fn a_digit_past_its_base_is_refused() {
    honest().with(0, &[("digits[0]", 4), ("first", 64)]).assert_refused_only_by("a digit is below 4");
}

#[test]
fn a_digit_past_its_limit_is_refused() {
    let attack = honest().with(0, &[("limits[0]", 1), ("width", 1)]);
    attack.assert_refused_only_by("a digit with less than two bits is below 2");
    let attack = honest().with(0, &[("digits[1]", 1), ("first", (4 + 2) * 16)]);
    attack.assert_refused_only_by("a digit without bits is 0");
}

#[test]
fn limits_with_a_hole_are_refused() {
    let attack = honest().with(0, &[("digits[0]", 0), ("limits[0]", 0), ("limits[1]", 2), ("first", 0)]);
    attack.assert_refused_only_by("bits are covered from the lowest");
}

#[test]
fn a_digit_of_three_bits_is_refused() {
    let attack = honest().with(0, &[("digits[0]", 0), ("first", 0), ("limits[0]", 3), ("width", 3)]);
    attack.assert_refused_only_by("a digit has up to two bits");
}

#[test]
fn an_eighteenth_bit_is_refused() {
    let counter = SharedVariableRangeCheckerChip::default();
    counter.count(0, 17);
    let widest = Subject::new(circuit(), trace(&counter).unwrap());
    widest.assert_accepted();
    widest.with(0, &[("limits[6]", 2), ("width", 14)]).assert_refused_only_by("a digit has up to two bits");
}

#[test]
fn a_block_must_be_its_digits_and_a_width_its_limits() {
    let attack = honest().with(0, &[("first", 64)]);
    attack.assert_refused_only_by("the first value is sixteen times the block's number");
    honest().with(0, &[("width", 1)]).assert_refused_only_by("the width is the number of covered bits");
}
