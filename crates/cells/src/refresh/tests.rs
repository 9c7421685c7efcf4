use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::testing::Subject;

use super::{circuit, trace};
use crate::{
    bus::MemoryBus,
    config::MemoryConfig,
    offline::{BlockRecords, RefreshRecord},
    range_checker::SharedVariableRangeCheckerChip,
};

fn honest() -> Subject {
    let mut refreshes = BlockRecords::new(2);
    for time in [1 << 17, (1 << 29) - 1, 5 << 17] {
        refreshes.push(RefreshRecord { space: 3, pointer: 8, time }, &[F::TWO, F::NEG_ONE]);
    }
    let range = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    Subject::new(circuit(MemoryBus::new(), 2), trace(&refreshes, &range).unwrap())
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(3, &[]);
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    honest().with(0, &[("real", 2)]).assert_refused_only_by("real is boolean");
}

#[test]
fn a_time_of_another_form_is_refused() {
    let attack = honest().with(0, &[("time_low", 1 << 17), ("time_high", 0)]);
    attack.assert_refused_only_by("the time's low limb has 17 bits");
}

#[test]
fn a_time_past_the_last_is_refused() {
    let mut attack = honest();
    *attack.cell(1, "time_high") += F::ONE;
    attack.assert_refused_only_by("the time's high limb has 12 bits");
}

#[test]
fn a_block_may_not_change() {
    // Written once for both messages: there is no cell to change. The two messages differ in nothing but the time.
    let circuit = circuit(MemoryBus::new(), 8);
    let [before, after] = ["block before", "block after"]
        .map(|label| circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap());
    for field in 0..10 {
        assert!(before.fields[field].as_column().is_some());
        assert_eq!(before.fields[field].as_column(), after.fields[field].as_column());
    }
    assert_eq!(before.fields.len(), 11);
}
