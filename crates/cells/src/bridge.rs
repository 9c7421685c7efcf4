//! One access, as constraints: what a chip's author calls to read or write memory.

use engram_air::{CircuitBuilder, Expr, Ring};

use crate::{
    bus::{MemoryBus, memory_message},
    range_checker::SharedVariableRangeCheckerChip,
    size::GAP_BITS,
};

/// Where and when an access is.
#[derive(Clone, Debug)]
pub struct AccessExprs {
    /// Address space.
    pub space: Expr,
    /// Pointer, in the memory's pointer unit.
    pub pointer: Expr,
    /// Time of the access: an integer from 1 to 2^29, which the caller shows.
    pub time: Expr,
    /// `time - 1 -` the time of the message that the access takes: a column of the access's own.
    pub gap: Expr,
}

/// Puts reads and writes of a circuit on a memory bus: three interactions each.
///
/// Kept here: an access goes forward in time, by the gap's range. The caller keeps: `enabled` is boolean; `time` is an integer
/// below 2^29 that no two accesses of one cell share; what is written to cells of 16 bits is below 2^16. The boundary
/// keeps that the address exists.
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
        enabled: Expr,
    ) {
        self.eval(circuit, name, access, &cells, &cells, enabled);
    }

    /// Write `N` cells, where `enabled` is one: they are `previous` before and `next` after.
    pub fn write<const N: usize>(
        &self,
        circuit: &mut CircuitBuilder,
        name: &str,
        access: AccessExprs,
        previous: [Expr; N],
        next: [Expr; N],
        enabled: Expr,
    ) {
        self.eval(circuit, name, access, &previous, &next, enabled);
    }

    /// An access of as many cells as `previous` and `next` have.
    pub(crate) fn eval(
        &self,
        circuit: &mut CircuitBuilder,
        name: &str,
        access: AccessExprs,
        previous: &[Expr],
        next: &[Expr],
        enabled: Expr,
    ) {
        debug_assert_eq!(previous.len(), next.len());
        let AccessExprs { space, pointer, time, gap } = access;
        let label = |label: &str| if name.is_empty() { label.to_owned() } else { format!("{name}: {label}") };
        let previous_time = time.clone() - Expr::one() - gap.clone();
        SharedVariableRangeCheckerChip::ask(circuit, label("gap is below 2^17"), gap, GAP_BITS, enabled.clone());
        let before = memory_message(space.clone(), pointer.clone(), previous.iter().cloned(), previous_time);
        self.bus.receive(circuit, label("block before"), before, enabled.clone());
        let after = memory_message(space, pointer, next.iter().cloned(), time);
        self.bus.send(circuit, label("block after"), after, enabled);
    }
}
