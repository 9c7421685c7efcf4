use engram_air::{F, PrimeCharacteristicRing, expr::Variable};

use super::{circuit, trace};
use crate::{
    config::MemoryConfig,
    range_checker::SharedVariableRangeCheckerChip,
    records::{BlockRecords, MergeRecord},
    testing::Subject,
};

/// The left half is earlier, the right half is, both are as late as each other.
fn honest() -> Subject {
    let mut merges = BlockRecords::new(4);
    for timestamps in [[(1 << 17) + 4, (1 << 18) + 3], [900, 30], [(1 << 29) - 1, (1 << 29) - 1]] {
        merges.push(MergeRecord { space: 3, pointer: 8, timestamps }, &[1, 2, 3, 4].map(F::from_u32));
    }
    let range = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    Subject::new(circuit(4, 1), trace(&merges, &range).unwrap())
}

const LEFT_EARLIER: usize = 0;
const RIGHT_EARLIER: usize = 1;
const LATEST: usize = 2;

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(3, &[]);
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    honest().with(0, &[("real", 2)]).assert_refused_only_by("real is boolean");
}

#[test]
fn a_block_that_is_later_than_both_halves_is_refused() {
    honest().with(RIGHT_EARLIER, &[("age[0]", 1)]).assert_refused_only_by("one half is as late as the block");
}

/// The block takes the earlier half's timestamp, so the later half goes back in time.
#[test]
fn a_block_that_is_earlier_than_a_half_is_refused() {
    let mut attack = honest().with(RIGHT_EARLIER, &[("age[1]", 0), ("timestamp_low", 30)]);
    *attack.cell(RIGHT_EARLIER, "age[0]") = -F::from_u32(870);
    attack.assert_refused_only_by("the other half is less than 2^17 earlier");
}

#[test]
fn a_half_that_is_too_old_is_refused() {
    let attack = honest().with(LEFT_EARLIER, &[("age[0]", 1 << 17)]);
    attack.assert_refused_only_by("the other half is less than 2^17 earlier");
}

/// Two ages whose product is not zero, but whose sum is small: both halves could go back.
#[test]
fn ages_of_opposite_sign_are_refused() {
    let mut attack = honest().with(RIGHT_EARLIER, &[("age[0]", 5)]);
    *attack.cell(RIGHT_EARLIER, "age[1]") = -F::from_u32(2);
    attack.assert_refused_only_by("one half is as late as the block");
}

#[test]
fn a_timestamp_of_another_form_is_refused() {
    let attack = honest().with(LEFT_EARLIER, &[("timestamp_low", (1 << 18) + 3), ("timestamp_high", 0)]);
    attack.assert_refused_only_by("the block's timestamp, low, is below 2^17");
}

#[test]
fn a_timestamp_past_the_last_is_refused() {
    let mut attack = honest();
    *attack.cell(LATEST, "timestamp_high") += F::ONE;
    attack.assert_refused_only_by("the block's timestamp, high, is below 2^12");
}

/// A gap, an overlap or another cell in a half has no column in which it could stand.
#[test]
fn halves_are_written_with_the_blocks_own_columns() {
    for (cells, unit) in [(2, 1), (4, 1), (32, 1), (4, 2), (32, 16)] {
        let circuit = circuit(cells, unit);
        let fields =
            |label: &str| &circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap().fields;
        let (whole, left, right) = (fields("whole block"), fields("left half"), fields("right half"));
        let half = cells / 2;
        assert_eq!((whole.len(), left.len(), right.len()), (cells + 3, half + 3, half + 3));
        let column = |field: &engram_air::Expr| field.as_column().unwrap();
        for (part, start) in [(left, 0), (right, half)] {
            assert_eq!(column(&part[0]), column(&whole[0]));
            for cell in 0..half {
                assert_eq!(column(&part[2 + cell]), column(&whole[2 + start + cell]));
            }
            let offset = (part[1].clone() - whole[1].clone()).as_constant();
            assert_eq!(offset, Some(F::from_usize(start / unit)));
            // A half's timestamp is the block's less its age.
            let age = circuit.column(&format!("age[{}]", usize::from(start > 0))).unwrap();
            let age = engram_air::Expr::variable(Variable::Column(age as u32));
            let rest = whole[2 + cells].clone() - part[2 + half].clone() - age;
            assert_eq!(rest.as_constant(), Some(F::ZERO));
        }
    }
}
