//! How cells of configured spaces lie in a store's words, leaves and trees.

use crate::{HEIGHT_MIN, LEAF_WORDS, Space, StoreConfig};
use engram_air::{F, PrimeCharacteristicRing, PrimeField32, field::Digest, poseidon2::hash};
use engram_memory::{
    address::{ACCESS_CELLS_MAX, LEAF_CELLS},
    config::{CellKind, MemoryConfig},
};

use super::error::PersistentError;
use crate::poseidon2_tree::{digest_bytes, stored_digest};

/// A leaf's words, each with two cells, the low half first.
pub(super) type LeafWords = [u32; LEAF_WORDS];

/// Space and position of a leaf.
pub(super) type LeafAt = (u32, u32);

/// What the digest of a layout starts with, so that it is no program's commitment.
const DOMAIN: &[u8] = b"engram persistent memory, layout 1";

/// Neighbouring cells that an access may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellRange {
    pub(super) space: u32,
    /// Number of the first cell.
    pub(super) first: u32,
    pub(super) len: usize,
}

impl CellRange {
    /// Where the access lies, or nothing where online memory refuses it or has it without cells: that says which.
    pub(super) fn of(config: &MemoryConfig, space: u32, pointer: u32, len: usize) -> Option<Self> {
        let of = &config.normal_spaces()[config.position(space)?];
        let first = u64::from(pointer) * config.pointer_unit() as u64;
        let fits = (1..=ACCESS_CELLS_MAX).contains(&len) && first + len as u64 <= 1 << config.layout().cells_log2(of);
        // Below 2^31, as no space has more cells.
        fits.then_some(Self { space, first: first as u32, len })
    }

    /// The leaves that it touches.
    pub(super) fn leaves(self) -> impl Iterator<Item = LeafAt> {
        let leaf = |cell: u32| cell / LEAF_CELLS as u32;
        (leaf(self.first)..=leaf(self.first + self.len as u32 - 1)).map(move |leaf| (self.space, leaf))
    }

    /// The cells by leaf and place in it.
    pub(super) fn places(self) -> impl Iterator<Item = (LeafAt, usize)> {
        (self.first..self.first + self.len as u32)
            .map(move |cell| ((self.space, cell / LEAF_CELLS as u32), cell as usize % LEAF_CELLS))
    }
}

/// A cell of a leaf.
pub(super) fn cell(leaf: &LeafWords, place: usize) -> F {
    F::from_u32(leaf[place / 2] >> (place % 2 * 16) & 0xffff)
}

/// Set a cell of a leaf; `value` is below 2^16.
pub(super) fn set_cell(leaf: &mut LeafWords, place: usize, value: F) {
    let shift = place % 2 * 16;
    let word = &mut leaf[place / 2];
    *word = *word & !(0xffff << shift) | value.as_canonical_u32() << shift;
}

/// The configuration of the store that holds the memory's normal spaces.
pub(super) fn store_config(config: &MemoryConfig) -> Result<StoreConfig, PersistentError> {
    let mut spaces = vec![];
    for space in config.normal_spaces() {
        let number = space.number;
        if space.cell_kind != CellKind::U16 {
            return Err(PersistentError::FieldCells { space: number });
        }
        let height = config.layout().tree_height(space);
        if height < HEIGHT_MIN {
            let cells_min = LEAF_CELLS << HEIGHT_MIN;
            return Err(PersistentError::SmallSpace { space: number, cells: LEAF_CELLS << height, cells_min });
        }
        spaces.push(Space { number, height });
    }
    Ok(StoreConfig { program: digest_bytes(&layout_digest(config)), ..StoreConfig::new(spaces) })
}

/// All that decides which cell a pointer names. It stands in the file where a program's memory has the program's commitment.
fn layout_digest(config: &MemoryConfig) -> Digest {
    let mut cells: Vec<F> = DOMAIN.iter().map(|&byte| F::from_u8(byte)).collect();
    cells.push(F::from_usize(config.pointer_unit()));
    for space in config.normal_spaces() {
        cells.extend([space.number, space.pointer_bits].map(F::from_u32));
    }
    hash(cells.into_iter())
}

/// The roots that a store keeps, as digests.
pub(super) fn decoded_roots(roots: &[[u8; 32]]) -> Result<Vec<Digest>, PersistentError> {
    Ok(roots.iter().map(|root| stored_digest(root, "a root is no digest")).collect::<Result<_, _>>()?)
}
