//! The access argument: one access to a block of memory, as constraints. Every circuit that reads or writes memory calls it.
//!
//! An access at timestamp *t* that follows a gap *g* takes `[space, pointer, cells before, t − 1 − g]` off the memory bus and
//! puts `[space, pointer, cells after, t]` on it. As *g* is below 2^17, it goes strictly forward in time. That is offline memory
//! checking (Blum et al. 1991; Setty et al., Spice, 2018) with the bus as the multiset.

use engram_air::{CircuitBuilder, Count, Expr, Ring};

use crate::{
    address::GAP_BITS,
    messages::{MEMORY, RANGE, memory_message, range_message},
    timestamp::Timestamp,
};

/// Where an access puts its range check and its two messages: a row in the making.
///
/// All three count where the row is real, and nowhere else.
pub trait AccessPort {
    /// Values by row, or polynomials over columns.
    type Expr: Ring;

    /// `value` is below `2^bits`.
    fn range(&mut self, label: &str, value: Self::Expr, bits: u32);

    /// Take a message off the memory bus.
    fn receive(&mut self, label: &str, message: Vec<Self::Expr>);

    /// Put a message on the memory bus.
    fn send(&mut self, label: &str, message: Vec<Self::Expr>);
}

/// A block that an access has taken off the bus and not put back yet.
///
/// It goes back where and when it was taken: nobody else can say an address or a timestamp.
#[derive(Clone, Debug)]
#[must_use = "a block that is taken off the bus is put back"]
pub struct TakenBlock<E> {
    space: E,
    pointer: E,
    timestamp: Timestamp<E>,
}

/// Take the block at `(space, pointer)` off the bus at `timestamp`: it has held `cells` since `timestamp - 1 - gap`.
///
/// Kept here: the previous timestamp is below `timestamp`, by the gap's range. The boundary keeps that the address exists.
pub fn take<P: AccessPort>(
    port: &mut P,
    [space, pointer]: [P::Expr; 2],
    cells: &[P::Expr],
    timestamp: Timestamp<P::Expr>,
    gap: P::Expr,
) -> TakenBlock<P::Expr> {
    let previous = timestamp.expr() - P::Expr::one() - gap.clone();
    port.range("gap is below 2^17", gap, GAP_BITS);
    port.receive(
        "takes what was there",
        memory_message(space.clone(), pointer.clone(), cells.iter().cloned(), previous),
    );
    TakenBlock { space, pointer, timestamp }
}

impl<E: Ring> TakenBlock<E> {
    /// Put the block back with what it now holds. The caller keeps that cells of 16 bits are below 2^16.
    pub fn put<P: AccessPort<Expr = E>>(self, port: &mut P, cells: &[E]) {
        let message = memory_message(self.space, self.pointer, cells.iter().cloned(), self.timestamp.expr());
        port.send("leaves what it holds", message);
    }
}

/// The port of a circuit that is built column by column.
#[derive(Debug)]
pub struct CircuitPort<'a> {
    /// The circuit.
    pub circuit: &'a mut CircuitBuilder,
    /// The access's name in labels; empty where a circuit has only one.
    pub name: &'a str,
    /// One where the access is made.
    pub enabled: &'a Count,
}

impl CircuitPort<'_> {
    fn label(&self, label: &str) -> String {
        if self.name.is_empty() { label.to_owned() } else { format!("{}: {label}", self.name) }
    }
}

impl AccessPort for CircuitPort<'_> {
    type Expr = Expr;

    fn range(&mut self, label: &str, value: Expr, bits: u32) {
        self.circuit.lookup(RANGE, self.label(label), range_message(value, bits), self.enabled);
    }

    fn receive(&mut self, label: &str, message: Vec<Expr>) {
        self.circuit.receive(MEMORY, self.label(label), message, self.enabled);
    }

    fn send(&mut self, label: &str, message: Vec<Expr>) {
        self.circuit.send(MEMORY, self.label(label), message, self.enabled);
    }
}
