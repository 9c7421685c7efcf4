//! The memory bus: which messages say what memory holds.

use engram_air::{Bus, CircuitBuilder, Expr};

/// The bus of this crate's memories. Indices below are taken by the RV32IM machine.
pub const CELLS: Bus = Bus::permutation(11, "cells", &["space", "pointer", "cells and time"]);

/// On the memory bus: the block of `cells` at `(space, pointer)` is there since `time`.
///
/// Messages of different lengths never collide, on one bus or on several: the backend writes a message as a polynomial whose
/// degree is the number of its fields, with one more than the bus's number, which is never zero, as leading coefficient.
pub fn memory_message<T>(space: T, pointer: T, cells: impl IntoIterator<Item = T>, time: T) -> Vec<T> {
    [space, pointer].into_iter().chain(cells).chain([time]).collect()
}

/// The bus on which circuits meet memory. All circuits of one memory use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryBus {
    bus: Bus,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBus {
    /// The bus [`CELLS`].
    pub const fn new() -> Self {
        Self { bus: CELLS }
    }

    /// Another bus, such as [`engram_memory::messages::MEMORY`], whose words are blocks of two cells: with a pointer unit of two
    /// cells, both write the same messages.
    pub const fn on(bus: Bus) -> Self {
        Self { bus }
    }

    /// The bus itself.
    pub const fn bus(&self) -> Bus {
        self.bus
    }

    /// Put a block's message on the bus where `count` is one. The caller shows that it is boolean.
    pub(crate) fn send(&self, circuit: &mut CircuitBuilder, label: String, message: Vec<Expr>, count: Expr) {
        circuit.send(self.bus, label, message, count);
    }

    /// Take a block's message off the bus where `count` is one. The caller shows that it is boolean.
    pub(crate) fn receive(&self, circuit: &mut CircuitBuilder, label: String, message: Vec<Expr>, count: Expr) {
        circuit.receive(self.bus, label, message, count);
    }
}
