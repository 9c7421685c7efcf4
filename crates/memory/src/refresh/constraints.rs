//! The circuit of refreshes.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use crate::{
    address::{GAP_BITS, TIMESTAMP_HIGH_BITS, TIMESTAMP_LOW_BITS},
    columns::columns,
    messages::{MEMORY, RANGE, memory_message, range_message},
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
    circuit.assert_bool("real is boolean", real.clone());
    for (label, value, bits) in [
        ("the timestamp's low limb has 17 bits", &timestamp_low, TIMESTAMP_LOW_BITS),
        ("the timestamp's high limb has 12 bits", &timestamp_high, TIMESTAMP_HIGH_BITS),
        ("the steps have 12 bits", &more_steps, TIMESTAMP_HIGH_BITS),
    ] {
        circuit.lookup(RANGE, label, range_message(value.clone(), bits), real.clone());
    }
    let timestamp = timestamp_low + timestamp_high.shift_left(TIMESTAMP_LOW_BITS);
    let earlier = timestamp.clone() - (more_steps + Expr::one()).shift_left(GAP_BITS);
    let message = |timestamp: Expr| memory_message(space.clone(), pointer.clone(), cells.iter().cloned(), timestamp);
    circuit.receive(MEMORY, "block before", message(earlier), real.clone());
    circuit.send(MEMORY, "block after", message(timestamp), real);
    circuit.build()
}
