//! What can go wrong with a persistent memory.

use engram_memory::error::MemoryError;
use thiserror::Error;

use crate::StoreError;

/// Why a persistent memory does not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PersistentError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The access is not possible.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A space of field elements, which the file has no room for.
    #[error(
        "address space {space} has cells of a whole field element: a file holds cells of 16 bits, so configure those"
    )]
    FieldCells {
        /// Number of the space.
        space: u32,
    },
    /// A space that is smaller than the smallest tree of a file.
    #[error(
        "address space {space} has {cells} cells: in a file it needs {cells_min} at least, so give it more pointer bits"
    )]
    SmallSpace {
        /// Number of the space.
        space: u32,
        /// Cells that it has.
        cells: usize,
        /// Cells that it needs.
        cells_min: usize,
    },
    /// The file's pointers name other cells, or the file is a program's memory.
    #[error(
        "the file was made with another configuration: open it with the pointer unit and pointer bits that it was made with"
    )]
    OtherConfiguration,
}
