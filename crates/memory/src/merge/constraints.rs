//! The circuit of merges.

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring};

use crate::{
    address::GAP_BITS,
    columns::columns,
    messages::{MEMORY, memory_message},
    range_checker::SharedVariableRangeCheckerChip,
    timestamp::Timestamp,
};

/// Merges into blocks of `block_cells` cells, where pointers count `pointer_unit` cells, which is less.
///
/// Columns: real, space, pointer, the low 17 and high 12 bits of the timestamp, the ages of the left and right half relative to the
/// block, cells.
pub fn circuit(block_cells: usize, pointer_unit: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("merge {block_cells}"));
    let [real, space, pointer, timestamp_low, timestamp_high] =
        ["real", "space", "pointer", "timestamp_low", "timestamp_high"].map(|name| circuit.column(name));
    let [age_left, age_right] = circuit.columns("age");
    let cells = columns(&mut circuit, "cells", block_cells);
    let real = circuit.flag("real is boolean", real);
    circuit.assert_zero("one half is as late as the block", age_left.clone() * age_right.clone());
    let age = age_left.clone() + age_right.clone();
    let label = "the other half is less than 2^17 earlier";
    SharedVariableRangeCheckerChip::ask(&mut circuit, label, age, GAP_BITS, &real);
    let labels = ["the block's timestamp, low, is below 2^17", "the block's timestamp, high, is below 2^12"];
    let timestamp = Timestamp::of_limbs(&mut circuit, labels, [timestamp_low, timestamp_high], &real).expr();
    let (left, right) = cells.split_at(block_cells / 2);
    let right_pointer = pointer.clone() + Expr::constant(F::from_usize((block_cells / 2) >> pointer_unit.ilog2()));
    let message = |pointer: Expr, cells: &[Expr], timestamp: Expr| {
        memory_message(space.clone(), pointer, cells.iter().cloned(), timestamp)
    };
    let left = message(pointer.clone(), left, timestamp.clone() - age_left);
    circuit.receive(MEMORY, "left half", left, &real);
    let right = message(right_pointer, right, timestamp.clone() - age_right);
    circuit.receive(MEMORY, "right half", right, &real);
    circuit.send(MEMORY, "whole block", message(pointer, &cells, timestamp), &real);
    circuit.build()
}
