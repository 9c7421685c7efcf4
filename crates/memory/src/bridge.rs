//! One access, as constraints: what a chip's author calls to read or write memory. It is [`crate::access`] with names.

use engram_air::{CircuitBuilder, Count, Expr};

use crate::{
    access::{CircuitPort, take},
    messages::MemoryBus,
    timestamp::Timestamp,
};

/// Where and when an access is.
#[derive(Clone, Debug)]
pub struct AccessExprs {
    /// Address space.
    pub space: Expr,
    /// Pointer, in the memory's pointer unit.
    pub pointer: Expr,
    /// Timestamp of the access.
    pub timestamp: Timestamp<Expr>,
    /// `timestamp - 1 -` the timestamp of the message that the access takes: a column of the access's own.
    pub gap: Expr,
}

/// Puts reads and writes of a circuit on a memory bus: three interactions each.
///
/// Kept here: an access goes forward in time, by the gap's range. The caller keeps that no two accesses of one cell share a timestamp,
/// and that what is written to cells of 16 bits is below 2^16. The boundary keeps that the address exists.
#[derive(Clone, Copy, Debug)]
pub struct MemoryBridge {
    bus: MemoryBus,
}

impl MemoryBridge {
    /// Accesses on this bus.
    pub const fn new(bus: MemoryBus) -> Self {
        Self { bus }
    }

    /// The bus.
    pub const fn bus(&self) -> MemoryBus {
        self.bus
    }

    /// Read `N` cells, where `enabled` is one: they are `cells` before and after. `name` is the access's in labels; it
    /// may be empty where a circuit has only one.
    pub fn read<const N: usize>(
        &self,
        circuit: &mut CircuitBuilder,
        name: &str,
        access: AccessExprs,
        cells: [Expr; N],
        enabled: &Count,
    ) {
        eval_access(circuit, name, access, [&cells, &cells], enabled);
    }

    /// Write `N` cells, where `enabled` is one: they are `previous` before and `next` after.
    pub fn write<const N: usize>(
        &self,
        circuit: &mut CircuitBuilder,
        name: &str,
        access: AccessExprs,
        previous: [Expr; N],
        next: [Expr; N],
        enabled: &Count,
    ) {
        eval_access(circuit, name, access, [&previous, &next], enabled);
    }
}

/// An access of as many cells as `previous` and `next` have.
pub(crate) fn eval_access(
    circuit: &mut CircuitBuilder,
    name: &str,
    access: AccessExprs,
    [previous, next]: [&[Expr]; 2],
    enabled: &Count,
) {
    debug_assert_eq!(previous.len(), next.len());
    let AccessExprs { space, pointer, timestamp, gap } = access;
    let mut port = CircuitPort { circuit, name, enabled };
    take(&mut port, [space, pointer], previous, timestamp, gap).put(&mut port, next);
}
