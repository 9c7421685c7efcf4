//! How many cells an access may have, and the bounds of times and pointers.

use crate::error::MemoryError;

/// Numbers of cells that one access may have. A memory whose pointers count more than one cell has no smaller ones than that.
pub const ACCESS_SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Most cells of one access.
pub const ACCESS_CELLS_MAX: usize = 32;

/// Cells in a leaf of a Merkle tree: what one compression takes.
pub const LEAF_CELLS: usize = engram_memory::address::LEAF_CELLS;

/// Times are below `2^TIME_BITS`; the first access is at time 1.
pub const TIME_BITS: u32 = engram_memory::address::TIME_BITS;

/// The gap between an access and the one before, less one, is below `2^GAP_BITS`; refreshes bridge longer ones.
pub const GAP_BITS: u32 = engram_memory::address::GAP_BITS;

/// Most bits of a pointer: 2^30 is the largest power of two below the field's modulus.
pub const POINTER_BITS_MAX: u32 = 30;

/// Base-two logarithm of the most cells of a space: the highest tree has 2^27 leaves of 16 cells.
pub const SPACE_CELLS_LOG2_MAX: u32 = 31;

/// Cells of a block up to which a narrower access in a log's own proof takes it whole, and does not split it: columns for the
/// cells that it leaves alone cost less than a split and a merge.
pub const NARROW_BLOCK_CELLS: usize = 4;

/// Cells of the block that an access of `len` cells takes in a log's own proof, in a space with blocks of `block_cells`.
pub(crate) fn taken_cells(len: usize, block_cells: usize) -> usize {
    len.max(block_cells.min(NARROW_BLOCK_CELLS))
}

/// Where an access size stands in [`ACCESS_SIZES`]: its base-two logarithm.
pub(crate) fn size_log2(len: usize) -> Result<u32, MemoryError> {
    match len {
        1..=ACCESS_CELLS_MAX if len.is_power_of_two() => Ok(len.ilog2()),
        _ => Err(MemoryError::InvalidAccessSize { len }),
    }
}
