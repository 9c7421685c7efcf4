//! What a memory can be asked to do, as data, and its answers.

use engram_air::F;
use engram_memory::{adapter::MemoryAdapter, error::MemoryError, log::RecordId};

/// A request to a memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BusOperation {
    /// Read cells.
    MemoryRead {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// Number of cells: 1, 2, 4, 8, 16 or 32.
        len: usize,
    },
    /// Write cells.
    MemoryWrite {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// The cells: 1, 2, 4, 8, 16 or 32.
        data: Vec<F>,
    },
    /// Increment the timestamp by one.
    IncrementTimestamp,
}

/// A memory's answer to a [`BusOperation`] that it did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BusResponse {
    /// What was read.
    Read {
        /// The read's number among all accesses.
        record_id: RecordId,
        /// The cells.
        values: Vec<F>,
    },
    /// The cells were written.
    WriteAcknowledged {
        /// The write's number among all accesses.
        record_id: RecordId,
    },
    /// The timestamp was incremented.
    TimestampIncremented,
}

impl BusOperation {
    /// Ask a memory.
    ///
    /// # Errors
    /// The memory refuses the operation.
    pub fn apply(&self, memory: &mut dyn MemoryAdapter) -> Result<BusResponse, MemoryError> {
        match self {
            &Self::MemoryRead { address_space, pointer, len } => {
                let (record_id, values) = memory.read(address_space, pointer, len)?;
                Ok(BusResponse::Read { record_id, values })
            }
            Self::MemoryWrite { address_space, pointer, data } => {
                Ok(BusResponse::WriteAcknowledged { record_id: memory.write(*address_space, *pointer, data)? })
            }
            Self::IncrementTimestamp => memory.increment_timestamp().map(|()| BusResponse::TimestampIncremented),
        }
    }
}
