//! Memory at rest: the cells of each address space, sparse.

use std::collections::{BTreeMap, BTreeSet};

use engram_air::{F, PrimeCharacteristicRing, PrimeField32, poseidon2::compress};
use engram_memory::{Space, tree::MerkleTree};
use rayon::prelude::*;

use crate::{
    config::{AddressSpaceConfig, CellKind, MemoryConfig},
    error::MemoryError,
    size::LEAF_CELLS,
};

/// Cells in a page.
pub const PAGE_CELLS: usize = 1024;

/// Leaves in a page.
pub(crate) const PAGE_LEAVES: usize = PAGE_CELLS / LEAF_CELLS;

/// Values of a cell of 16 bits are below this.
pub(crate) const U16_VALUES: u32 = 1 << 16;

/// A page of an image.
pub type ImagePage = [F; PAGE_CELLS];

/// Cells of each normal address space; those never set are zero.
///
/// A cell is named by its number in the space: where pointers count one cell, that is the pointer. An image knows no
/// configuration; a memory that is made from one checks it.
#[derive(Clone, Debug, Default)]
pub struct MemoryImage {
    /// By space and page.
    pages: BTreeMap<(u32, u32), Box<ImagePage>>,
}

/// Equal cells, whichever zeros are stored.
impl PartialEq for MemoryImage {
    fn eq(&self, other: &Self) -> bool {
        let numbers: BTreeSet<_> = self.pages.keys().chain(other.pages.keys()).collect();
        let zeros = [F::ZERO; PAGE_CELLS];
        let page = |image: &Self, number| image.pages.get(number).map_or(zeros, |page| **page);
        numbers.into_iter().all(|number| page(self, number) == page(other, number))
    }
}

impl Eq for MemoryImage {}

impl MemoryImage {
    /// All cells zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cell; zero where nothing was set.
    #[inline]
    pub fn cell(&self, space: u32, cell: u32) -> F {
        let (page, offset) = page_of(cell);
        self.pages.get(&(space, page)).map_or(F::ZERO, |page| page[offset])
    }

    /// Set a cell.
    pub fn set_cell(&mut self, space: u32, cell: u32, value: F) {
        let (page, offset) = page_of(cell);
        self.page_mut(space, page)[offset] = value;
    }

    /// Neighbouring cells that lie in one page.
    #[inline]
    pub(crate) fn block(&self, space: u32, cell: u32, out: &mut [F]) {
        let (page, offset) = page_of(cell);
        match self.pages.get(&(space, page)) {
            Some(page) => out.copy_from_slice(&page[offset..offset + out.len()]),
            None => out.fill(F::ZERO),
        }
    }

    /// Set neighbouring cells that lie in one page; returns what they were in `cells`.
    #[inline]
    pub(crate) fn swap_block(&mut self, space: u32, cell: u32, cells: &mut [F]) {
        let (page, offset) = page_of(cell);
        self.page_mut(space, page)[offset..offset + cells.len()].swap_with_slice(cells);
    }

    /// The stored pages, ascending: space, number of the page in it, cells.
    pub fn pages(&self) -> impl Iterator<Item = (u32, u32, &ImagePage)> {
        self.pages.iter().map(|(&(space, page), cells)| (space, page, &**cells))
    }

    /// Replace a whole page: the cells from `page * PAGE_CELLS` on.
    pub fn set_page(&mut self, space: u32, page: u32, cells: ImagePage) {
        *self.page_mut(space, page) = cells;
    }

    fn page_mut(&mut self, space: u32, page: u32) -> &mut ImagePage {
        self.pages.entry((space, page)).or_insert_with(|| Box::new([F::ZERO; PAGE_CELLS]))
    }

    /// Every cell that is not zero is one of the configuration's, and of its kind.
    pub(crate) fn check(&self, config: &MemoryConfig) -> Result<(), MemoryError> {
        for (space, page, cells) in self.pages() {
            let Some((offset, _)) = cells.iter().enumerate().find(|(_, cell)| **cell != F::ZERO) else { continue };
            let position = config.position(space).ok_or(MemoryError::UnknownSpace { space })?;
            let of = &config.normal_spaces()[position];
            let first = page as usize * PAGE_CELLS;
            let last = first + cells.iter().rposition(|cell| *cell != F::ZERO).unwrap_or(offset);
            if last as u64 >= 1 << config.cells_log2(of) {
                let pointer = u32::try_from(last / config.pointer_unit()).unwrap_or(u32::MAX);
                return Err(MemoryError::AddressOutOfBounds { space, pointer, len: 1 });
            }
            check_kind(of, first as u32, cells)?;
        }
        Ok(())
    }

    /// The Merkle trees of a configuration's normal spaces, in their order.
    pub(crate) fn trees(&self, config: &MemoryConfig) -> Vec<MerkleTree> {
        let tree = |space: &AddressSpaceConfig| {
            let mut tree =
                MerkleTree::new(Space { number: space.number, name: "cells", tree_height: config.tree_height(space) });
            let pages: Vec<_> = self.pages().filter(|(of, ..)| *of == space.number).collect();
            let leaves = pages.par_iter().flat_map_iter(|(_, page, cells)| {
                let first = page * PAGE_LEAVES as u32;
                let used = (first..).zip(cells.as_chunks::<LEAF_CELLS>().0);
                used.filter(|(_, leaf)| leaf.iter().any(|cell| *cell != F::ZERO))
                    .map(|(index, leaf)| (index, leaf_digest(leaf)))
            });
            tree.set_leaves(leaves.collect());
            tree
        };
        config.normal_spaces().iter().map(tree).collect()
    }
}

/// The page of a cell, and the cell's place in it.
#[inline]
pub(crate) fn page_of(cell: u32) -> (u32, usize) {
    (cell / PAGE_CELLS as u32, cell as usize % PAGE_CELLS)
}

/// Values that cells of the space's kind can hold; `first` is the number of the first.
pub(crate) fn check_kind(space: &AddressSpaceConfig, first: u32, cells: &[F]) -> Result<(), MemoryError> {
    if space.cell_kind == CellKind::Field {
        return Ok(());
    }
    match cells.iter().position(|cell| cell.as_canonical_u32() >= U16_VALUES) {
        None => Ok(()),
        Some(index) => Err(MemoryError::CellOutOfRange {
            space: space.number,
            cell: first + index as u32,
            value: cells[index].as_canonical_u32(),
        }),
    }
}

/// The two halves of a leaf, which its digest compresses.
pub(crate) fn leaf_halves(cells: &[F; LEAF_CELLS]) -> [engram_air::field::Digest; 2] {
    let half = LEAF_CELLS / 2;
    [0, half].map(|start| std::array::from_fn(|index| cells[start + index]))
}

/// The digest of a leaf.
pub(crate) fn leaf_digest(cells: &[F; LEAF_CELLS]) -> engram_air::field::Digest {
    let [left, right] = leaf_halves(cells);
    compress(&left, &right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AddressSpaceType, MemoryConfigBuilder};

    #[test]
    fn an_image_is_its_cells_and_not_its_pages() {
        let (mut left, right) = (MemoryImage::new(), MemoryImage::new());
        left.set_cell(1, 5000, F::ONE);
        assert_ne!(left, right);
        left.set_cell(1, 5000, F::ZERO);
        assert_eq!(left, right);
    }

    #[test]
    fn an_image_that_does_not_fit_is_refused() {
        let space =
            AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_pointer_bits(6);
        let config = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
        let with = |space, cell, value| {
            let mut image = MemoryImage::new();
            image.set_cell(space, cell, F::from_u32(value));
            image.check(&config)
        };
        assert_eq!(with(1, 63, 0xffff), Ok(()));
        assert_eq!(with(2, 63, 0), Ok(()));
        assert_eq!(with(2, 63, 1), Err(MemoryError::UnknownSpace { space: 2 }));
        assert_eq!(with(1, 64, 1), Err(MemoryError::AddressOutOfBounds { space: 1, pointer: 64, len: 1 }));
        assert_eq!(with(1, 7, 65536), Err(MemoryError::CellOutOfRange { space: 1, cell: 7, value: 65536 }));
    }
}
