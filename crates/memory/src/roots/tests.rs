use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::{circuit, public_values, trace};
use crate::{OfflineMemory, SPACE_MEMORY, SPACE_REGISTERS, testing::Subject};

/// Registers are unchanged, memory is changed, the output is untouched.
fn honest() -> Subject {
    let mut memory = OfflineMemory::new(Default::default());
    memory.read(SPACE_REGISTERS, 3, 1);
    memory.write(SPACE_MEMORY, 0, 2, 99);
    let segment = memory.finish_segment();
    let publics = public_values(&segment.roots_before, &segment.roots_after).to_vec();
    Subject { publics, ..Subject::new(circuit(), trace(&segment)) }
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(1, &[]);
}

#[test]
fn the_table_cannot_be_left_out() {
    assert!(circuit().required);
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    honest().with(0, &[("touched[0]", 2)]).assert_refused_only_by("touched is boolean");
}

#[test]
fn a_second_root_of_a_space_is_refused() {
    let honest = honest();
    let row = honest.trace.row(0);
    let twice = Trace::from_rows([row, row].concat(), row.len());
    Subject { trace: twice, ..honest }.assert_refused_only_by("only the first row has touched spaces");
}

#[test]
fn an_untouched_space_with_another_root_is_refused() {
    let mut attack = honest();
    *attack.publics.last_mut().unwrap() += F::ONE;
    attack.assert_refused_only_by("an untouched space keeps its root");
    honest().with(0, &[("touched[1]", 0)]).assert_refused_only_by("an untouched space keeps its root");
}
