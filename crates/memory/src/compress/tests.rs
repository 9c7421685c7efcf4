use engram_air::{
    F, PrimeCharacteristicRing,
    circuit::DEGREE_MAX,
    field::Digest,
    poseidon2::{WIDTH, compress},
};

use super::{
    Compressions, circuit,
    columns::{COLUMNS, COMMITTED_START, MULTIPLICITY},
    rounds::{COMMITTED_CELLS, compress_cells},
    trace,
};
use crate::testing::Subject;

fn digest(seed: u32) -> Digest {
    std::array::from_fn(|index| F::from_u64(u64::from(seed) * 0x1234_5671 + index as u64 * 0x0765_4321))
}

fn honest() -> Subject {
    let mut compressions = Compressions::default();
    for seed in [1, 1, 2] {
        compressions.record([digest(seed), digest(seed + 7)], compress(&digest(seed), &digest(seed + 7)));
    }
    assert_eq!(compressions.len(), 2);
    Subject::new(circuit(), trace(compressions.distinct()))
}

#[test]
fn the_shape_is_as_documented() {
    let circuit = circuit();
    assert_eq!((circuit.width(), circuit.degree(), circuit.interactions.len()), (COLUMNS, DEGREE_MAX, 1));
    assert_eq!(COLUMNS, 150);
}

#[test]
fn the_digest_is_the_one_of_trees() {
    for seed in 0..100 {
        let (left, right) = (digest(seed), digest(seed + 1));
        let state: [F; WIDTH] = std::array::from_fn(|index| if index < 8 { left[index] } else { right[index - 8] });
        assert_eq!(compress_cells(state, |_, value| value), compress(&left, &right));
    }
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(2, &[]);
}

#[test]
fn rows_that_nobody_asks_for_are_padding() {
    let mut compressions = Compressions::default();
    for seed in 0..3 {
        compressions.record([digest(seed), digest(0)], compress(&digest(seed), &digest(0)));
    }
    Subject::new(circuit(), trace(compressions.distinct())).assert_accepted();
}

/// Each committed cell in turn is another one, and what follows from it is computed from that.
#[test]
fn a_wrong_step_is_refused_where_it_is_made() {
    for wrong in 0..COMMITTED_CELLS {
        let mut attack = honest();
        let row = attack.trace.row_mut(0);
        let state: [F; WIDTH] = std::array::from_fn(|index| row[index]);
        let (mut position, mut wrong_label) = (0, String::new());
        let _digest = compress_cells(state, |label, value| {
            let value = if position == wrong { value + F::ONE } else { value };
            if position == wrong {
                wrong_label = label.into();
            }
            row[COMMITTED_START + position] = value;
            position += 1;
            value
        });
        assert_eq!(position + COMMITTED_START, MULTIPLICITY);
        let report = attack.check_beside(&attack.rest()).unwrap_err();
        assert_eq!((report.total, report.fails(&wrong_label)), (1, true), "{report}");
    }
}
