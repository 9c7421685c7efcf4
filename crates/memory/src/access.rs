//! One access to a word, as constraints: what every circuit that reads or writes memory calls.

use engram_air::{CircuitBuilder, Expr, Ring};

use crate::{
    address::{GAP_BITS, WORD_CELLS},
    messages::{MEMORY, RANGE, memory_message, range_message},
};

/// An access to the word at `(space, pointer)` at `time`. A read leaves `next` equal to `previous`.
#[derive(Clone, Debug)]
pub struct AccessExprs {
    /// Address space.
    pub space: Expr,
    /// Word in the space.
    pub pointer: Expr,
    /// The word's cells before, low first.
    pub previous: [Expr; WORD_CELLS],
    /// The word's cells after, low first.
    pub next: [Expr; WORD_CELLS],
    /// Time of the access; at least 1.
    pub time: Expr,
    /// `time - 1 -` the previous access's time.
    pub gap: Expr,
}

/// Take the word's previous message and send its next one where `enabled` is one: three interactions.
///
/// Kept here: the previous time is below `time`, by the gap's range. The caller keeps: `enabled` is boolean; `time` is an
/// integer below `2^TIME_BITS`; each cell of `next` is below 2^16. The boundary keeps that the address exists.
pub fn eval_access(circuit: &mut CircuitBuilder, label: &str, access: AccessExprs, enabled: Expr) {
    let AccessExprs { space, pointer, previous, next, time, gap } = access;
    let previous_time = time.clone() - Expr::one() - gap.clone();
    circuit.lookup(RANGE, format!("{label}: gap is below 2^17"), range_message(gap, GAP_BITS), enabled.clone());
    let message = memory_message(space.clone(), pointer.clone(), previous, previous_time);
    circuit.receive(MEMORY, format!("{label}: word before"), message, enabled.clone());
    circuit.send(MEMORY, format!("{label}: word after"), memory_message(space, pointer, next, time), enabled);
}
