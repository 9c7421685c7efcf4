use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{circuit, trace};
use crate::{
    range_checker::SharedVariableRangeCheckerChip,
    records::{BlockRecords, RefreshRecord},
    testing::Subject,
};

/// Sizes of blocks: RV32IM's words, and those of field cells.
const SIZES: [usize; 4] = [2, 1, 4, 16];

fn honest(block_cells: usize) -> Subject {
    let mut refreshes = BlockRecords::new(block_cells);
    let cells: Vec<F> = (0..block_cells).map(|cell| -F::from_usize(cell + 1)).collect();
    for (timestamp, steps) in [(1 << 17, 1), ((1 << 29) - 1, 1 << 12), (5 << 17, 3)] {
        refreshes.push(RefreshRecord { space: 2, pointer: 77, timestamp, steps }, &cells);
    }
    let range = SharedVariableRangeCheckerChip::default();
    Subject::new(circuit(block_cells), trace(&refreshes, &range).unwrap())
}

#[test]
fn every_cell_matters() {
    SIZES.into_iter().for_each(|size| honest(size).assert_every_cell_matters(3, &[]));
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    for size in SIZES {
        honest(size).with(0, &[("real", 2)]).assert_refused_only_by("real is boolean");
    }
}

#[test]
fn a_timestamp_of_another_form_is_refused() {
    for size in SIZES {
        let attack = honest(size).with(0, &[("timestamp_low", 1 << 17), ("timestamp_high", 0)]);
        attack.assert_refused_only_by("the timestamp's low limb has 17 bits");
    }
}

#[test]
fn a_timestamp_past_the_last_is_refused() {
    for size in SIZES {
        let mut attack = honest(size);
        *attack.cell(1, "timestamp_high") += F::ONE;
        attack.assert_refused_only_by("the timestamp's high limb has 12 bits");
    }
}

/// With one step fewer than one the block would be given at the timestamp at which it is taken, with two fewer before that.
#[test]
fn a_refresh_that_does_not_go_forward_is_refused() {
    for (size, more_steps) in SIZES.into_iter().zip([F::ORDER_U32 - 1, F::ORDER_U32 - 2, 1 << 12, F::ORDER_U32 - 3]) {
        honest(size).with(0, &[("more_steps", more_steps)]).assert_refused_only_by("the steps have 12 bits");
    }
}

#[test]
fn a_block_may_not_change() {
    // Written once for both messages: there is no cell to change. The two messages differ in nothing but the timestamp.
    for size in SIZES {
        let circuit = circuit(size);
        let [before, after] = ["block before", "block after"]
            .map(|label| circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap());
        for field in 0..2 + size {
            assert!(before.fields[field].as_column().is_some());
            assert_eq!(before.fields[field].as_column(), after.fields[field].as_column());
        }
        assert_eq!(before.fields.len(), 3 + size);
    }
}
