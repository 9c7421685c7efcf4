//! The connector by itself: each of its constraints refuses a false end of a segment alone.

use std::sync::Arc;

use engram_air::{F, PrimeCharacteristicRing, Trace, tape::Row};
use engram_memory::lookups::Lookups;
use engram_prover::testing::RowChecks;
use engram_vm::connector::{self, Ends};

const EXIT: Ends = Ends { initial_pc: 5, final_pc: 0, exit: Some(0x1_0002) };
const CUT: Ends = Ends { initial_pc: 5, final_pc: 9, exit: None };

/// Two rows, of which the second is padding.
fn trace() -> Trace {
    let row = connector::trace(0x123_4567, &Lookups::default().range);
    Trace::from_rows([row.row(0), &[F::ZERO; 3]].concat(), 3)
}

fn failed(trace: &Trace, publics: &[F]) -> Vec<String> {
    let checks = RowChecks::new(Arc::new(connector::circuit()), &[]);
    let height = trace.height();
    let failed = (0..height).flat_map(|row| {
        let (local, next) = (trace.row(row), trace.row((row + 1) % height));
        checks.failed(Row { local, next, publics, is_first: row == 0, is_last: row + 1 == height })
    });
    failed.map(|check| checks.label(check).to_owned()).collect()
}

fn with(row: usize, column: usize, value: u32) -> Trace {
    let mut trace = trace();
    trace.row_mut(row)[column] = F::from_u32(value);
    trace
}

#[test]
fn honest_ends_are_accepted() {
    for ends in [EXIT, CUT] {
        assert_eq!(failed(&trace(), &ends.publics()), [""; 0]);
    }
}

#[test]
fn a_second_thread_is_refused() {
    let second = with(1, 0, 1);
    assert_eq!(failed(&second, &CUT.publics()), ["only the first row is used"]);
    assert_eq!(failed(&with(0, 0, 0), &CUT.publics()), ["only the first row is used"]);
    assert_eq!(failed(&with(0, 0, 2), &CUT.publics()), ["only the first row is used"]);
}

#[test]
fn a_time_beyond_the_clock_is_refused() {
    assert_eq!(failed(&with(0, 1, 1 << 17), &CUT.publics()), ["last timestamp, low, is below 2^17"]);
    assert_eq!(failed(&with(0, 2, 1 << 12), &CUT.publics()), ["last timestamp, high, is below 2^12"]);
}

#[test]
fn an_exit_that_also_goes_on_is_refused() {
    let mut publics = EXIT.publics();
    publics[1] = F::from_u32(9);
    assert_eq!(failed(&trace(), &publics), ["an exit has no final pc"; 2]);
}

#[test]
fn half_an_exit_is_refused() {
    let mut publics = EXIT.publics();
    publics[2] = F::TWO;
    assert_eq!(failed(&trace(), &publics), ["exits is boolean"; 2]);
}

#[test]
fn ends_are_read_from_nothing_but_their_own_public_values() {
    for ends in [EXIT, CUT, Ends { initial_pc: 0x3fff_ffff, final_pc: 0, exit: Some(u32::MAX) }] {
        let publics = ends.publics();
        assert_eq!(Ends::from_publics(&publics), Some(ends));
        assert_eq!(Ends::from_publics(&publics[1..]), None);
        assert_eq!(Ends::from_publics(&[publics.as_slice(), &[F::ZERO]].concat()), None);
    }
    let wrong = |position: usize, value: u32, ends: Ends| {
        let mut publics = ends.publics();
        publics[position] = F::from_u32(value);
        assert_eq!(Ends::from_publics(&publics), None, "public value {position} is {value}");
    };
    for pc in [0, 1] {
        wrong(pc, 1 << 30, CUT);
    }
    wrong(2, 2, EXIT);
    wrong(3, 1 << 16, EXIT);
    wrong(4, 1 << 16, EXIT);
    // What a segment that goes on exits with is nothing.
    wrong(3, 1, CUT);
    wrong(4, 1, CUT);
}
