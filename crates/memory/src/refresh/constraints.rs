//! The circuit of refreshes.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use crate::{
    address::{GAP_BITS, TIMESTAMP_HIGH_BITS},
    columns::columns,
    messages::{MEMORY, RANGE, memory_message, range_message},
    timestamp::Timestamp,
};

/// Refreshes of blocks of `block_cells` cells.
///
/// Columns: real, space, pointer, the low 17 and high 12 bits of the timestamp, how many steps back the message before is less
/// one, cells.
pub fn circuit(block_cells: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("refresh {block_cells}"));
    let [real, space, pointer, timestamp_low, timestamp_high, more_steps] =
        ["real", "space", "pointer", "timestamp_low", "timestamp_high", "more_steps"].map(|name| circuit.column(name));
    let cells = columns(&mut circuit, "cells", block_cells);
    let real = circuit.flag("real is boolean", real);
    let labels = ["the timestamp's low limb has 17 bits", "the timestamp's high limb has 12 bits"];
    let timestamp = Timestamp::of_limbs(&mut circuit, labels, [timestamp_low, timestamp_high], &real).expr();
    let steps = range_message(more_steps.clone(), TIMESTAMP_HIGH_BITS);
    circuit.lookup(RANGE, "the steps have 12 bits", steps, &real);
    let earlier = timestamp.clone() - (more_steps + Expr::one()).shift_left(GAP_BITS);
    let message = |timestamp: Expr| memory_message(space.clone(), pointer.clone(), cells.iter().cloned(), timestamp);
    circuit.receive(MEMORY, "block before", message(earlier), &real);
    circuit.send(MEMORY, "block after", message(timestamp), &real);
    circuit.build()
}
