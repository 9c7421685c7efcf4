//! The circuit of splits.

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring};

use crate::{
    columns::columns,
    messages::{MEMORY, memory_message},
};

/// Splits of blocks of `block_cells` cells, where pointers count `pointer_unit` cells, which is less.
///
/// Columns: real, space, pointer, timestamp, cells.
pub fn circuit(block_cells: usize, pointer_unit: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("split {block_cells}"));
    let [real, space, pointer, timestamp] = ["real", "space", "pointer", "timestamp"].map(|name| circuit.column(name));
    let cells = columns(&mut circuit, "cells", block_cells);
    let real = circuit.flag("real is boolean", real);
    let (left, right) = cells.split_at(block_cells / 2);
    let right_pointer = pointer.clone() + Expr::constant(F::from_usize((block_cells / 2) >> pointer_unit.ilog2()));
    let message = |pointer: Expr, cells: &[Expr]| {
        memory_message(space.clone(), pointer, cells.iter().cloned(), timestamp.clone())
    };
    circuit.receive(MEMORY, "whole block", message(pointer.clone(), &cells), &real);
    circuit.send(MEMORY, "left half", message(pointer, left), &real);
    circuit.send(MEMORY, "right half", message(right_pointer, right), &real);
    circuit.build()
}
