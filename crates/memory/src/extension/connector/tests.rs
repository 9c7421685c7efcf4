use crate::testing::Subject;
use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::{circuit, public_values, trace};

fn honest() -> Subject {
    Subject { publics: public_values(3, 8), ..Subject::new(circuit(), trace()) }
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(1, &[]);
}

#[test]
fn the_ends_cannot_be_left_out() {
    assert!(honest().circuit.required);
}

#[test]
fn a_second_thread_of_execution_is_refused() {
    let twice = Trace::from_rows(vec![F::ONE, F::ONE], 1);
    Subject { trace: twice, ..honest() }.assert_refused_only_by("only the first row is used");
}

#[test]
fn a_run_without_ends_is_refused() {
    honest().with(0, &[("used", 0)]).assert_refused_only_by("only the first row is used");
}

#[test]
fn other_ends_are_other_messages() {
    for publics in [public_values(4, 8), public_values(3, 9)] {
        let rest = honest().rest();
        assert!(Subject { publics, ..honest() }.check_beside(&rest).is_err());
    }
}
