//! The circuit of refreshes.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use crate::{
    bus::{MemoryBus, memory_message},
    columns::columns,
    range_checker::SharedVariableRangeCheckerChip,
    size::{GAP_BITS, TIME_BITS},
};

/// Bits of the low limb of a time.
pub(super) const TIME_LOW_BITS: u32 = GAP_BITS;
/// Bits of the high limb of a time.
pub(super) const TIME_HIGH_BITS: u32 = TIME_BITS - TIME_LOW_BITS;

/// Refreshes of blocks of `block_cells` cells.
///
/// Columns: real, space, pointer, the low 17 and high 12 bits of the time, cells.
pub fn circuit(bus: MemoryBus, block_cells: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("refresh {block_cells}"));
    let [real, space, pointer, time_low, time_high] =
        ["real", "space", "pointer", "time_low", "time_high"].map(|name| circuit.column(name));
    let cells = columns(&mut circuit, "cells", block_cells);
    circuit.assert_bool("real is boolean", real.clone());
    let mut ask = |label: &str, value: &Expr, bits| {
        SharedVariableRangeCheckerChip::ask(&mut circuit, label, value.clone(), bits, real.clone());
    };
    ask("the time's low limb has 17 bits", &time_low, TIME_LOW_BITS);
    ask("the time's high limb has 12 bits", &time_high, TIME_HIGH_BITS);
    let time = time_low + time_high.shift_left(TIME_LOW_BITS);
    let earlier = time.clone() - Expr::integer(1 << GAP_BITS);
    let message = |time: Expr| memory_message(space.clone(), pointer.clone(), cells.iter().cloned(), time);
    bus.receive(&mut circuit, "block before".into(), message(earlier), real.clone());
    bus.send(&mut circuit, "block after".into(), message(time), real);
    circuit.build()
}
