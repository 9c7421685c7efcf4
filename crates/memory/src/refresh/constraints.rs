//! The circuit of the refresh table.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use super::columns::{RefreshCols, TIME_HIGH_BITS, TIME_LOW_BITS};
use crate::{
    address::GAP_BITS,
    messages::{MEMORY, RANGE, memory_message, range_message},
};

/// The refresh table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("refresh");
    let columns = RefreshCols::allocate(&mut circuit);
    let RefreshCols { real, space, pointer, cells, time_low, time_high, more_steps } = columns;
    circuit.assert_bool("real is boolean", real.clone());
    circuit.lookup(
        RANGE,
        "the time's low limb has 17 bits",
        range_message(time_low.clone(), TIME_LOW_BITS),
        real.clone(),
    );
    circuit.lookup(
        RANGE,
        "the time's high limb has 12 bits",
        range_message(time_high.clone(), TIME_HIGH_BITS),
        real.clone(),
    );
    circuit.lookup(RANGE, "the steps have 12 bits", range_message(more_steps.clone(), TIME_HIGH_BITS), real.clone());
    let time = time_low + time_high.shift_left(TIME_LOW_BITS);
    let earlier = time.clone() - (more_steps + Expr::one()).shift_left(GAP_BITS);
    let before = memory_message(space.clone(), pointer.clone(), cells.clone(), earlier);
    circuit.receive(MEMORY, "word before", before, real.clone());
    circuit.send(MEMORY, "word after", memory_message(space, pointer, cells, time), real);
    circuit.build()
}
