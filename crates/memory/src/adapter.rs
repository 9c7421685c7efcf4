//! One interface to every kind of memory.

use engram_air::F;

use crate::{
    controller::MemoryController, error::MemoryError, log::RecordId, offline::OfflineMemory, online::Memory,
    records::AccessAdapterInventory,
};

/// Memory of any kind. It can be held as a trait object.
pub trait MemoryAdapter {
    /// Read `len` cells.
    ///
    /// # Errors
    /// The access is not possible, or the memory has failed.
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError>;

    /// Write as many cells as `data` has.
    ///
    /// # Errors
    /// The access is not possible, or the memory has failed.
    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError>;

    /// Increase the timestamp by one.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    fn increment_timestamp(&mut self) -> Result<(), MemoryError>;
}

/// Online memory, which keeps a log.
#[derive(Clone, Debug)]
pub struct OnlineMemoryAdapter {
    /// The memory.
    pub memory: Memory,
}

/// Offline memory, with the splits and merges that its accesses need.
#[derive(Clone, Debug)]
pub struct OfflineMemoryAdapter {
    /// The memory.
    pub memory: OfflineMemory,
    /// Its splits and merges so far.
    pub adapters: AccessAdapterInventory,
}

impl OfflineMemoryAdapter {
    /// A memory with no splits and merges yet.
    pub fn new(memory: OfflineMemory) -> Self {
        Self { memory, adapters: AccessAdapterInventory::new() }
    }
}

impl MemoryAdapter for OnlineMemoryAdapter {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.memory.read_dynamic(space, pointer, len)
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        self.memory.write_slice(space, pointer, data)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.memory.increment_timestamp()
    }
}

impl MemoryAdapter for MemoryController {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.read_dynamic(space, pointer, len)
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        self.write_slice(space, pointer, data)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.increment_timestamp_by(1)
    }
}

impl MemoryAdapter for OfflineMemoryAdapter {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.memory.read_dynamic(space, pointer, len, &mut self.adapters)
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        self.memory.write(space, pointer, data, &mut self.adapters)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.memory.increment_timestamp_by(1)
    }
}
