use super::{circuit, trace};
use crate::{lookups::ByteCounter, testing::Subject};

fn honest() -> Subject {
    let counter = ByteCounter::default();
    counter.count(0xb5, 0x97);
    counter.count(0xb5, 0x97);
    counter.count(0xb5, 0x90);
    Subject::new(circuit(), trace(&counter).unwrap())
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(1, &[]);
}

#[test]
fn every_pair_is_offered_with_its_and() {
    let counter = ByteCounter::default();
    let pairs = || (0..256).flat_map(|x| (0..256).map(move |y| (x, y)));
    pairs().for_each(|(x, y)| counter.count(x, y));
    let table = Subject::new(circuit(), trace(&counter).unwrap());
    assert_eq!(table.trace.height(), 1 << 12);
    assert!(table.violations().is_empty());
    assert!(table.offers_exactly(pairs().map(|(x, y)| vec![x, y, x & y])));
}

#[test]
fn a_false_lookup_is_not_counted() {
    let counter = ByteCounter::default();
    counter.count(256, 0);
    counter.count(0, 256);
    assert!(trace(&counter).is_none());
}

#[test]
fn a_bit_that_is_not_boolean_is_refused() {
    honest().with(0, &[("x_bits[0]", 2)]).assert_refused_only_by("a bit is boolean");
    honest().with(0, &[("y_high_bits[2]", 2)]).assert_refused_only_by("a bit is boolean");
}

#[test]
fn another_and_is_refused() {
    honest().with(0, &[("and_high", 1)]).assert_refused_only_by("the high half is the and of the high halves");
}
