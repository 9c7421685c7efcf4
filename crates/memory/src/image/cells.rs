//! Cells and pages of an image: what executors and replays read and write, and what is kept elsewhere.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{CellPage, ImagePage, MemoryImage, PAGE_WORDS, Pages, item, item_mut, page_mut, page_of};
use crate::{
    address::{CELL_BITS, U16_VALUES, WORD_CELLS},
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
    #[inline]
    fn cell(&self, cell: u32) -> F {
        match self {
            Self::Words(pages) => F::from_u32(item(pages, cell / WORD_CELLS as u32) >> shift(cell) & 0xffff),
            Self::Cells(pages) => item(pages, cell),
        }
    }

    fn set_cell(&mut self, cell: u32, value: F) {
        self.swap(cell, &mut [value]);
    }

    /// Set a word; returns what it was.
    #[inline]
    fn swap_word(&mut self, word: u32, value: u32) -> u32 {
        match self {
            Self::Words(pages) => std::mem::replace(item_mut(pages, word), value),
            Self::Cells(_) => {
                let before = self.word(word);
                self.set_word(word, value);
                before
            }
        }
    }

    /// Neighbouring cells that lie in one page.
    #[inline]
    fn read(&self, cell: u32, out: &mut [F]) {
        match self {
            Self::Words(pages) => {
                let (page, offset) = page_of(cell / WORD_CELLS as u32);
                let Some(page) = pages.get(&page) else { return out.fill(F::ZERO) };
                let first = cell as usize % WORD_CELLS;
                for (half, out) in (first..).zip(out) {
                    *out = F::from_u32(page[offset + half / WORD_CELLS] >> shift(half as u32) & 0xffff);
                }
            }
            Self::Cells(pages) => {
                let (page, offset) = page_of(cell);
                let Some(page) = pages.get(&page) else { return out.fill(F::ZERO) };
                out.copy_from_slice(&page[offset..][..out.len()]);
            }
        }
    }

    /// Set neighbouring cells that lie in one page; leaves what they were in `cells`.
    #[inline]
    fn swap(&mut self, cell: u32, cells: &mut [F]) {
        if let Self::Words(words) = self {
            if cells.iter().any(|cell| cell.as_canonical_u32() >= U16_VALUES) {
                *self = Self::Cells(unpacked(words));
            } else {
                let (page, offset) = page_of(cell / WORD_CELLS as u32);
                let page = page_mut(words, page);
                for (half, cell) in (cell as usize % WORD_CELLS..).zip(cells) {
                    let (word, shift) = (&mut page[offset + half / WORD_CELLS], shift(half as u32));
                    let before = *word >> shift & 0xffff;
                    *word = *word & !(0xffff << shift) | cell.as_canonical_u32() << shift;
                    *cell = F::from_u32(before);
                }
                return;
            }
        }
        if let Self::Cells(pages) = self {
            let (page, offset) = page_of(cell);
            page_mut(pages, page)[offset..][..cells.len()].swap_with_slice(cells);
        }
    }
}

/// Pages of single cells, from pages of words.
#[cold]
fn unpacked(pages: &BTreeMap<u32, Box<ImagePage>>) -> BTreeMap<u32, Box<CellPage>> {
    let mut unpacked = BTreeMap::new();
    for (&number, page) in pages {
        for (half, words) in (number * 2..).zip(page.as_chunks::<{ PAGE_WORDS / 2 }>().0) {
            let cell = |index: usize| F::from_u32(words[index / WORD_CELLS] >> shift(index as u32) & 0xffff);
            unpacked.insert(half, Box::new(std::array::from_fn(cell)));
        }
    }
    unpacked
}

/// How far up a cell of 16 bits stands in its word.
fn shift(cell: u32) -> u32 {
    cell % WORD_CELLS as u32 * CELL_BITS
}

impl MemoryImage {
    /// A cell; zero where nothing was set.
    #[inline]
    pub fn cell(&self, space: u32, cell: u32) -> F {
        self.spaces.get(&space).map_or(F::ZERO, |pages| pages.cell(cell))
    }

    /// Set a cell.
    pub fn set_cell(&mut self, space: u32, cell: u32, value: F) {
        self.space_mut(space, CellKind::Field).set_cell(cell, value);
    }

    /// Neighbouring cells that lie in one page.
    #[inline]
    pub(crate) fn block(&self, space: u32, cell: u32, out: &mut [F]) {
        match self.spaces.get(&space) {
            Some(pages) => pages.read(cell, out),
            None => out.fill(F::ZERO),
        }
    }

    /// Set neighbouring cells that lie in one page; leaves what they were in `cells`.
    #[inline]
    pub(crate) fn swap_block(&mut self, space: u32, cell: u32, cells: &mut [F]) {
        self.space_mut(space, CellKind::Field).swap(cell, cells);
    }

    /// Set the word at `pointer`, counted in words; returns what it was.
    ///
    /// # Panics
    /// As for [`Self::word`].
    #[inline]
    pub(crate) fn swap_word(&mut self, space: u32, pointer: u32, word: u32) -> u32 {
        self.space_mut(space, CellKind::U16).swap_word(pointer, word)
    }

    /// Set a page of words: those from `page * PAGE_WORDS` on.
    pub fn set_page(&mut self, space: u32, page: u32, words: &ImagePage) {
        let pages = self.space_mut(space, CellKind::U16);
        match pages {
            Pages::Words(pages) => *page_mut(pages, page) = *words,
            Pages::Cells(_) => {
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
        starts.zip(cells.chunks(PAGE_WORDS)).for_each(|(first, cells)| pages.swap(first, &mut cells.to_vec()));
    }

    /// The stored pages of a space as words, ascending, each with its number: its first pointer divided by [`PAGE_WORDS`].
    ///
    /// # Panics
    /// Where a cell has more than 16 bits.
    pub fn pages(&self, space: u32) -> impl Iterator<Item = (u32, Cow<'_, ImagePage>)> {
        let (mut words, mut cells) = (None, BTreeSet::new());
        match self.spaces.get(&space) {
            Some(Pages::Words(pages)) => words = Some(pages),
            Some(Pages::Cells(pages)) => cells = pages.keys().map(|page| page / 2).collect(),
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
