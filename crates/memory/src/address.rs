//! The integers of the memory argument and their bounds: spaces, cells, leaves, timestamps.
//!
//! An address is `(space, pointer)`. Space 0 is the identity space, where reading pointer *v* gives *v*; it is never on the
//! bus. Elsewhere a pointer counts the [`Layout`](crate::layout::Layout)'s pointer units: in RV32IM words of four bytes, each two
//! cells of 16 bits, low first. A leaf of a space's Merkle tree is [`LEAF_CELLS`] cells.

use engram_air::{F, PrimeCharacteristicRing};

/// The number of the identity space.
pub const IDENTITY_SPACE: u32 = 0;
/// RV32IM's address space of registers.
pub const SPACE_REGISTERS: u32 = 1;
/// RV32IM's address space of main memory: all 2^32 bytes of it.
pub const SPACE_MEMORY: u32 = 2;
/// RV32IM's address space of the public output.
pub const SPACE_OUTPUT: u32 = 3;

/// Cells of 16 bits in a word.
pub const WORD_CELLS: usize = 2;
/// Bits in a cell of kind [`CellKind::U16`](crate::layout::CellKind::U16).
pub const CELL_BITS: u32 = 16;
/// Values of such a cell are below this.
pub const U16_VALUES: u32 = 1 << CELL_BITS;
/// Cells in a leaf of a Merkle tree: what one Poseidon2 permutation takes.
pub const LEAF_CELLS: usize = 16;
/// Words in a leaf of a Merkle tree.
pub const LEAF_WORDS: usize = LEAF_CELLS / WORD_CELLS;
/// Height of the highest Merkle tree.
pub const TREE_HEIGHT_MAX: u32 = 27;

/// Numbers of cells that one access may have. A memory whose pointers count more than one cell has no smaller ones than that.
pub const ACCESS_SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Most cells of one access.
pub const ACCESS_CELLS_MAX: usize = 32;

/// Cells of a block up to which a narrower access in a log's own proof takes it whole, and does not split it: columns for the
/// cells that it leaves alone cost less than a split and a merge.
pub const NARROW_BLOCK_CELLS: usize = 4;

/// Cells of the block that an access of `len` cells takes in a log's own proof, in a space with blocks of `block_cells`.
pub(crate) fn taken_cells(len: usize, block_cells: usize) -> usize {
    len.max(block_cells.min(NARROW_BLOCK_CELLS))
}

/// Timestamps of accesses are from 1 to below `2^TIMESTAMP_BITS`, in each segment anew. All timestamps on the bus stand for integers
/// from `-2^TIMESTAMP_BITS` to below `2^TIMESTAMP_BITS`, which are distinct modulo p.
pub const TIMESTAMP_BITS: u32 = 29;
/// The gap between an access and the one before, less one, is below `2^GAP_BITS`; refreshes bridge longer ones.
pub const GAP_BITS: u32 = 17;
/// Bits of the low limb of a timestamp.
pub const TIMESTAMP_LOW_BITS: u32 = GAP_BITS;
/// Bits of the high limb of a timestamp.
pub const TIMESTAMP_HIGH_BITS: u32 = TIMESTAMP_BITS - TIMESTAMP_LOW_BITS;

/// Most bits of a pointer: 2^30 is the largest power of two below the field's modulus.
pub const POINTER_BITS_MAX: u32 = 30;
/// Base-two logarithm of the most cells of a space.
pub const SPACE_CELLS_LOG2_MAX: u32 = TREE_HEIGHT_MAX + LEAF_CELLS.ilog2();

/// A word's two cells, low first.
pub fn cells(word: u32) -> [F; WORD_CELLS] {
    [F::from_u32(word & 0xffff), F::from_u32(word >> CELL_BITS)]
}

/// The cells of a leaf of words, in order.
#[expect(clippy::indexing_slicing, reason = "a leaf has two cells for each word")]
pub fn leaf_cells(words: &[u32; LEAF_WORDS]) -> [F; LEAF_CELLS] {
    std::array::from_fn(|index| cells(words[index / WORD_CELLS])[index % WORD_CELLS])
}

/// The low and the high limb of a timestamp.
pub(crate) fn timestamp_limbs(timestamp: u32) -> [u32; 2] {
    [timestamp % (1 << TIMESTAMP_LOW_BITS), timestamp >> TIMESTAMP_LOW_BITS]
}
