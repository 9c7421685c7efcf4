//! Address spaces, words, leaves and times: the integers of the memory argument and their bounds.
//!
//! An address is `(space, pointer)`. Space 0 is the identity space, where reading pointer *v* gives *v*; it is never on the
//! bus. Elsewhere a pointer counts words of four bytes, a word is two cells of 16 bits, low first, and a leaf of a space's
//! Merkle tree is [`LEAF_WORDS`] words.

use engram_air::{F, PrimeCharacteristicRing};

/// The address space of registers.
pub const SPACE_REGISTERS: u32 = 1;
/// The address space of main memory: all 2^32 bytes of it.
pub const SPACE_MEMORY: u32 = 2;
/// The address space of the public output.
pub const SPACE_OUTPUT: u32 = 3;

/// Cells of 16 bits in a word.
pub const WORD_CELLS: usize = 2;
/// Bits in a cell.
pub const CELL_BITS: u32 = 16;
/// Words in a leaf of a Merkle tree.
pub const LEAF_WORDS: usize = 8;
/// Cells in a leaf of a Merkle tree: what one Poseidon2 permutation takes.
pub const LEAF_CELLS: usize = LEAF_WORDS * WORD_CELLS;

/// Times are below `2^TIME_BITS`. A segment's first access is at time 1.
pub const TIME_BITS: u32 = 29;
/// The gap between an access and the one before, less one, is below `2^GAP_BITS`; refreshes bridge longer ones.
pub const GAP_BITS: u32 = 17;

/// An address space that has a Merkle tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its number on the bus.
    pub number: u32,
    /// Its name, for people.
    pub name: &'static str,
    /// Base-two logarithm of the number of leaves of its Merkle tree.
    pub tree_height: u32,
}

/// Number of address spaces that have a Merkle tree.
pub const SPACES_COUNT: usize = 3;

/// All address spaces that have a Merkle tree; space `n` is at `n - 1`.
pub const SPACES: [Space; SPACES_COUNT] = [
    Space { number: SPACE_REGISTERS, name: "registers", tree_height: 3 },
    Space { number: SPACE_MEMORY, name: "memory", tree_height: 27 },
    Space { number: SPACE_OUTPUT, name: "output", tree_height: 27 },
];

/// Heights of the Merkle trees, by position in [`SPACES`].
pub const TREE_HEIGHTS: [u32; SPACES_COUNT] = [SPACES[0].tree_height, SPACES[1].tree_height, SPACES[2].tree_height];

impl Space {
    /// Number of words; pointers are below it. At most 2^30.
    pub const fn words(&self) -> u32 {
        LEAF_WORDS as u32 * (1 << self.tree_height)
    }
}

/// A word's two cells, low first.
pub fn cells(word: u32) -> [F; WORD_CELLS] {
    [F::from_u32(word & 0xffff), F::from_u32(word >> CELL_BITS)]
}

/// A leaf's cells, in order.
pub fn leaf_cells(words: &[u32; LEAF_WORDS]) -> [F; LEAF_CELLS] {
    std::array::from_fn(|index| cells(words[index / WORD_CELLS])[index % WORD_CELLS])
}
