use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{circuit, trace};
use crate::{SPACE_MEMORY, lookups::Lookups, segment::RefreshRecord, testing::Subject};

fn honest() -> Subject {
    let record = |(time, steps)| RefreshRecord { space: SPACE_MEMORY, pointer: 77, word: 0xdead_beef, time, steps };
    let records: Vec<RefreshRecord> = [(1 << 17, 1), ((1 << 29) - 1, 1 << 12), (5 << 17, 3)].map(record).into();
    Subject::new(circuit(), trace(&records, &Lookups::default()))
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

/// With one step fewer than one the word would be given at the time at which it is taken, with two fewer before that.
#[test]
fn a_refresh_that_does_not_go_forward_is_refused() {
    for more_steps in [F::ORDER_U32 - 1, F::ORDER_U32 - 2, 1 << 12] {
        honest().with(0, &[("more_steps", more_steps)]).assert_refused_only_by("the steps have 12 bits");
    }
}

#[test]
fn a_word_may_not_change() {
    // Written once for both messages: there is no cell to change. The two messages differ in nothing but the time.
    let circuit = circuit();
    let [before, after] = ["word before", "word after"]
        .map(|label| circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap());
    for field in 0..4 {
        assert_eq!(before.fields[field].as_column(), after.fields[field].as_column());
        assert!(before.fields[field].as_column().is_some());
    }
}
