//! The circuits of the range tables.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use super::columns::{BLOCK, BLOCK_BITS, NARROW_VALUES, RangeCols};
use crate::messages::{RANGE, range_message, variable_range_message};

/// The table of widths from 4 to 17 bits.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("range");
    let columns = RangeCols::allocate(&mut circuit);
    eval_digits(&mut circuit, &columns);
    eval_limits(&mut circuit, &columns);
    let RangeCols { first, width, multiplicities, .. } = columns;
    for (offset, multiplicity) in (0..).zip(multiplicities) {
        let bits = width.clone() + Expr::integer(BLOCK_BITS);
        let fields = variable_range_message(first.clone() + Expr::integer(offset), bits);
        circuit.provide(RANGE, "a value of the block", fields, multiplicity);
    }
    circuit.build()
}

fn eval_digits(circuit: &mut CircuitBuilder, columns: &RangeCols<Expr>) {
    let RangeCols { first, digits, limits, .. } = columns;
    let mut number = Expr::zero();
    for (position, (digit, limit)) in (0..).step_by(2).zip(digits.iter().zip(limits)) {
        let bit = digit.clone() * (digit.clone() - Expr::one());
        let more = (digit.clone() - Expr::integer(2)) * (digit.clone() - Expr::integer(3));
        let not_full = Expr::integer(2) - limit.clone();
        circuit.assert_zero("a digit is below 4", bit.clone() * more);
        circuit.assert_zero("a digit with less than two bits is below 2", not_full.clone() * bit);
        let empty = not_full * (Expr::one() - limit.clone());
        circuit.assert_zero("a digit without bits is 0", empty * digit.clone());
        number = number + digit.clone().shift_left(position);
    }
    circuit.assert_equal(
        "the first value is sixteen times the block's number",
        first.clone(),
        number.shift_left(BLOCK_BITS),
    );
}

fn eval_limits(circuit: &mut CircuitBuilder, columns: &RangeCols<Expr>) {
    let RangeCols { width, limits, .. } = columns;
    let above = limits.iter().skip(1).map(Some).chain([None]);
    for (limit, above) in limits.iter().cloned().zip(above) {
        // The widest width has an odd number of bits above four: the last digit has one at most.
        let mut values = limit.clone() * (limit.clone() - Expr::one());
        if let Some(above) = above {
            values = values * (limit.clone() - Expr::integer(2));
            let not_full = Expr::integer(2) - limit;
            circuit.assert_zero("bits are covered from the lowest", above.clone() * not_full);
        }
        circuit.assert_zero("a digit has up to two bits", values);
    }
    let covered = limits.iter().cloned().fold(Expr::zero(), |sum, limit| sum + limit);
    circuit.assert_equal("the width is the number of covered bits", width.clone(), covered);
}

/// The table of widths from 0 to 3 bits.
pub fn narrow_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("narrow range");
    let multiplicities = circuit.columns::<NARROW_VALUES>("multiplicity");
    let values = (0..BLOCK_BITS).flat_map(|bits| (0..1 << bits).map(move |value| (value, bits)));
    for ((value, bits), multiplicity) in values.zip(multiplicities) {
        circuit.provide(RANGE, "a value of few bits", range_message(Expr::integer(value), bits), multiplicity);
    }
    debug_assert_eq!(NARROW_VALUES, BLOCK - 1);
    circuit.build()
}
