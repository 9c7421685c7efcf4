//! The circuit of merges.

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring};

use crate::{
    address::{GAP_BITS, TIME_HIGH_BITS, TIME_LOW_BITS},
    columns::columns,
    messages::{MEMORY, memory_message},
    range_checker::SharedVariableRangeCheckerChip,
};

/// Merges into blocks of `block_cells` cells, where pointers count `pointer_unit` cells, which is less.
///
/// Columns: real, space, pointer, the low 17 and high 12 bits of the time, the ages of the left and right half relative to the
/// block, cells.
pub fn circuit(block_cells: usize, pointer_unit: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("merge {block_cells}"));
    let [real, space, pointer, time_low, time_high] =
        ["real", "space", "pointer", "time_low", "time_high"].map(|name| circuit.column(name));
    let [age_left, age_right] = circuit.columns("age");
    let cells = columns(&mut circuit, "cells", block_cells);
    circuit.assert_bool("real is boolean", real.clone());
    circuit.assert_zero("one half is as late as the block", age_left.clone() * age_right.clone());
    let mut ask = |label: &str, value: Expr, bits| {
        SharedVariableRangeCheckerChip::ask(&mut circuit, label, value, bits, real.clone());
    };
    ask("the other half is less than 2^17 earlier", age_left.clone() + age_right.clone(), GAP_BITS);
    ask("the block's timestamp, low, is below 2^17", time_low.clone(), TIME_LOW_BITS);
    ask("the block's timestamp, high, is below 2^12", time_high.clone(), TIME_HIGH_BITS);
    let time = time_low + time_high.shift_left(TIME_LOW_BITS);
    let (left, right) = cells.split_at(block_cells / 2);
    let right_pointer = pointer.clone() + Expr::constant(F::from_usize((block_cells / 2) >> pointer_unit.ilog2()));
    let message =
        |pointer: Expr, cells: &[Expr], time: Expr| memory_message(space.clone(), pointer, cells.iter().cloned(), time);
    let left = message(pointer.clone(), left, time.clone() - age_left);
    circuit.receive(MEMORY, "left half", left, real.clone());
    let right = message(right_pointer, right, time.clone() - age_right);
    circuit.receive(MEMORY, "right half", right, real.clone());
    circuit.send(MEMORY, "whole block", message(pointer, &cells, time), real);
    circuit.build()
}
