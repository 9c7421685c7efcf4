//! What a memory was asked to do, in order.

use engram_air::F;

/// An access's number among all accesses of a log, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u32);

/// One entry of a log.
///
/// Each read and write takes the current time and lets it rise by one, so that no two accesses have the same time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemoryLogEntry {
    /// A read. What it found follows from the entries before.
    Read {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// Number of cells: 1, 2, 4, 8, 16 or 32.
        len: usize,
    },
    /// A write.
    Write {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// The cells: 1, 2, 4, 8, 16 or 32.
        data: Vec<F>,
    },
    /// Time rose without an access.
    IncrementTimestampBy(u32),
}
