//! Cells and pages of an image: what executors and replays read and write, and what is kept elsewhere.

use std::{borrow::Cow, collections::BTreeSet};

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{ImagePage, MemoryImage, PAGE_WORDS, Pages, page_of, shift};
use crate::{
    address::{ACCESS_CELLS_MAX, U16_VALUES, WORD_CELLS},
    layout::CellKind,
};

/// Equal cells, whichever zeros are stored.
impl PartialEq for MemoryImage {
    fn eq(&self, other: &Self) -> bool {
        let covers = |left: &Self, right: &Self| {
            left.cell_blocks().all(|(space, first, cells)| {
                (first..).zip(&cells).all(|(cell, value)| right.cell(space, cell) == *value)
            })
        };
        covers(self, other) && covers(other, self)
    }
}

impl Eq for MemoryImage {}

impl Pages {
    /// Neighbouring cells that lie in one page.
    #[inline]
    fn read(&self, cell: u32, out: &mut [F]) {
        let (page, offset) = page_of(cell / self.density());
        match (self.pages.get(&page), self.kind) {
            (None, _) => out.fill(F::ZERO),
            (Some(page), CellKind::Field) => {
                out.iter_mut().zip(&page[offset..]).for_each(|(out, &cell)| *out = F::from_u32(cell));
            }
            (Some(page), CellKind::U16) => {
                let first = cell as usize % WORD_CELLS;
                for (half, out) in (first..).zip(out) {
                    *out = F::from_u32(page[offset + half / WORD_CELLS] >> shift(half as u32) & 0xffff);
                }
            }
        }
    }

    /// Set neighbouring cells that lie in one page.
    #[inline]
    fn write(&mut self, cell: u32, cells: &[F]) {
        if self.kind == CellKind::U16 && cells.iter().any(|cell| cell.as_canonical_u32() >= U16_VALUES) {
            self.unpack();
        }
        let (kind, (page, offset)) = (self.kind, page_of(cell / self.density()));
        let page = self.page_mut(page);
        match kind {
            CellKind::Field => {
                page[offset..].iter_mut().zip(cells).for_each(|(slot, cell)| *slot = cell.as_canonical_u32());
            }
            CellKind::U16 => {
                let first = cell as usize % WORD_CELLS;
                for (half, cell) in (first..).zip(cells) {
                    let (word, shift) = (&mut page[offset + half / WORD_CELLS], shift(half as u32));
                    *word = *word & !(0xffff << shift) | cell.as_canonical_u32() << shift;
                }
            }
        }
    }
}

impl MemoryImage {
    /// A cell; zero where nothing was set.
    #[inline]
    pub fn cell(&self, space: u32, cell: u32) -> F {
        self.spaces.get(&space).map_or(F::ZERO, |pages| F::from_u32(pages.cell(cell)))
    }

    /// Set a cell.
    pub fn set_cell(&mut self, space: u32, cell: u32, value: F) {
        self.space_mut(space, CellKind::Field).set_cell(cell, value.as_canonical_u32());
    }

    /// Neighbouring cells that lie in one page.
    #[inline]
    pub(crate) fn block(&self, space: u32, cell: u32, out: &mut [F]) {
        match self.spaces.get(&space) {
            Some(pages) => pages.read(cell, out),
            None => out.fill(F::ZERO),
        }
    }

    /// Set neighbouring cells that lie in one page; returns what they were in `cells`, which are at most
    /// [`ACCESS_CELLS_MAX`].
    #[inline]
    pub(crate) fn swap_block(&mut self, space: u32, cell: u32, cells: &mut [F]) {
        let pages = self.space_mut(space, CellKind::Field);
        let mut before = [F::ZERO; ACCESS_CELLS_MAX];
        let before = &mut before[..cells.len()];
        pages.read(cell, before);
        pages.write(cell, cells);
        cells.copy_from_slice(before);
    }

    /// Set a page of words: those from `page * PAGE_WORDS` on.
    pub fn set_page(&mut self, space: u32, page: u32, words: &ImagePage) {
        let pages = self.space_mut(space, CellKind::U16);
        match pages.kind {
            CellKind::U16 => *pages.page_mut(page) = *words,
            CellKind::Field => {
                (page * PAGE_WORDS as u32..)
                    .zip(words)
                    .for_each(|(pointer, &word)| self.set_word(space, pointer, word));
            }
        }
    }

    /// Set the cells from `first` on, which is the first of a page.
    pub(crate) fn set_cells(&mut self, space: u32, first: u32, cells: &[F]) {
        let pages = self.space_mut(space, CellKind::Field);
        let starts = (first..).step_by(PAGE_WORDS);
        starts.zip(cells.chunks(PAGE_WORDS)).for_each(|(first, cells)| pages.write(first, cells));
    }

    /// The stored pages of a space as words, ascending, each with its number: its first pointer divided by [`PAGE_WORDS`].
    ///
    /// # Panics
    /// Where a cell has more than 16 bits.
    pub fn pages(&self, space: u32) -> impl Iterator<Item = (u32, Cow<'_, ImagePage>)> {
        let (mut words, mut cells) = (None, BTreeSet::new());
        match self.spaces.get(&space) {
            Some(Pages { kind: CellKind::U16, pages }) => words = Some(pages),
            Some(Pages { kind: CellKind::Field, pages }) => cells = pages.keys().map(|page| page / 2).collect(),
            None => {}
        }
        let packed = move |page: u32| -> ImagePage {
            std::array::from_fn(|index| self.word(space, page * PAGE_WORDS as u32 + index as u32))
        };
        let words = words.into_iter().flatten().map(|(&page, words)| (page, Cow::Borrowed(&**words)));
        words.chain(cells.into_iter().map(move |page| (page, Cow::Owned(packed(page)))))
    }

    /// All stored cells, ascending, page by page: space, number of the first cell, cells.
    pub fn cell_blocks(&self) -> impl Iterator<Item = (u32, u32, Vec<F>)> {
        let pages = self.spaces.iter().flat_map(|(&space, pages)| pages.stored().map(move |page| (space, page)));
        pages.map(|(space, page)| (space, page.first(), page.cells()))
    }
}
