//! Memory at rest: the cells of each address space, sparse.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use crate::{
    address::{CELL_BITS, U16_VALUES, WORD_CELLS},
    error::MemoryError,
    layout::{AddressSpaceConfig, CellKind, Layout},
};

/// Integers in a page: 4 KiB. In a page of words each is a word.
pub const PAGE_WORDS: usize = 1024;

/// A page of an image: words of two cells of 16 bits, low first, or single cells as integers below p.
pub type ImagePage = [u32; PAGE_WORDS];

/// Bytes in a page of words.
const PAGE_BYTES: usize = size_of::<ImagePage>();

/// A page of single cells, whatever they hold.
type CellPage = [F; PAGE_WORDS];

/// The pages of one space, each by its number.
#[derive(Clone, Debug)]
enum Pages {
    /// Words of two cells of 16 bits.
    Words(BTreeMap<u32, Box<ImagePage>>),
    /// Single cells.
    Cells(BTreeMap<u32, Box<CellPage>>),
}

/// Cells of each normal address space; those never set are zero.
///
/// A cell is named by its number in the space: where pointers count one cell, that is the pointer. An image knows no
/// layout; a memory that is made from one checks it. A space that is set in words is kept as words, until a cell is set that
/// has more than 16 bits.
#[derive(Clone, Debug, Default)]
pub struct MemoryImage {
    spaces: BTreeMap<u32, Pages>,
}

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
    fn new(kind: CellKind) -> Self {
        match kind {
            CellKind::U16 => Self::Words(BTreeMap::new()),
            CellKind::Field => Self::Cells(BTreeMap::new()),
        }
    }

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

    /// The word of two cells, with its number among the space's words.
    #[inline]
    fn word(&self, word: u32) -> u32 {
        match self {
            Self::Words(pages) => item(pages, word),
            Self::Cells(pages) => {
                let half = |half| item(pages, word * WORD_CELLS as u32 + half).as_canonical_u32();
                let [low, high] = [0, 1].map(half);
                assert!(low.max(high) < U16_VALUES, "the halves of a word have 16 bits");
                high << CELL_BITS | low
            }
        }
    }

    /// Set a word; returns what it was.
    #[inline]
    fn swap_word(&mut self, word: u32, value: u32) -> u32 {
        match self {
            Self::Words(pages) => {
                let (page, offset) = page_of(word);
                std::mem::replace(&mut page_mut(pages, page)[offset], value)
            }
            Self::Cells(_) => {
                let before = self.word(word);
                self.set_word(word, value);
                before
            }
        }
    }

    fn set_word(&mut self, word: u32, value: u32) {
        match self {
            Self::Words(pages) => {
                let (page, offset) = page_of(word);
                page_mut(pages, page)[offset] = value;
            }
            Self::Cells(_) => self.swap(word * WORD_CELLS as u32, &mut crate::address::cells(value)),
        }
    }

    /// Set bytes of a page of words, from its byte `first` on.
    fn set_bytes(&mut self, page: u32, first: usize, bytes: &[u8]) {
        let put = |value: u32, shift: usize, byte: u8| value & !(0xff << shift) | u32::from(byte) << shift;
        match self {
            Self::Words(pages) => {
                let words = page_mut(pages, page);
                for (at, &byte) in (first..).zip(bytes) {
                    words[at / 4] = put(words[at / 4], at % 4 * 8, byte);
                }
            }
            Self::Cells(_) => {
                for (at, &byte) in (first..).zip(bytes) {
                    let cell = page * (PAGE_BYTES / 2) as u32 + (at / 2) as u32;
                    let value = put(self.cell(cell).as_canonical_u32(), at % 2 * 8, byte);
                    self.set_cell(cell, F::from_u32(value));
                }
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

    fn stored(&self) -> impl Iterator<Item = StoredPage<'_>> {
        let (words, cells) = match self {
            Self::Words(pages) => (Some(pages), None),
            Self::Cells(pages) => (None, Some(pages)),
        };
        let words = words.into_iter().flatten().map(|(&number, words)| StoredPage::Words { number, words });
        words.chain(cells.into_iter().flatten().map(|(&number, cells)| StoredPage::Cells { number, cells }))
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

/// What stands at this position; zero where there is no page.
#[inline]
fn item<T: Copy + Default>(pages: &BTreeMap<u32, Box<[T; PAGE_WORDS]>>, position: u32) -> T {
    let (page, offset) = page_of(position);
    pages.get(&page).map_or(T::default(), |page| page[offset])
}

fn page_mut<T: Copy + Default>(pages: &mut BTreeMap<u32, Box<[T; PAGE_WORDS]>>, page: u32) -> &mut [T; PAGE_WORDS] {
    pages.entry(page).or_insert_with(|| Box::new([T::default(); PAGE_WORDS]))
}

/// A page as it is stored.
#[derive(Clone, Copy)]
pub(crate) enum StoredPage<'a> {
    Words { number: u32, words: &'a ImagePage },
    Cells { number: u32, cells: &'a CellPage },
}

impl StoredPage<'_> {
    /// Number of the first cell.
    pub(crate) fn first(&self) -> u32 {
        match self {
            Self::Words { number, .. } => number * (WORD_CELLS * PAGE_WORDS) as u32,
            Self::Cells { number, .. } => number * PAGE_WORDS as u32,
        }
    }

    /// The cells.
    pub(crate) fn cells(&self) -> Vec<F> {
        match self {
            Self::Words { words, .. } => words.iter().flat_map(|&word| crate::address::cells(word)).collect(),
            Self::Cells { cells, .. } => cells.to_vec(),
        }
    }

    /// Number of the last cell that is not zero; of a word, its low cell.
    fn last_set(&self) -> Option<u64> {
        match self {
            Self::Words { number, words } => {
                let last = words.iter().rposition(|&word| word != 0)?;
                Some((u64::from(*number) * PAGE_WORDS as u64 + last as u64) * WORD_CELLS as u64)
            }
            Self::Cells { number, cells } => {
                let last = cells.iter().rposition(|&cell| cell != F::ZERO)?;
                Some(u64::from(*number) * PAGE_WORDS as u64 + last as u64)
            }
        }
    }
}

/// How far up a cell of 16 bits stands in its word.
fn shift(cell: u32) -> u32 {
    cell % WORD_CELLS as u32 * CELL_BITS
}

#[inline]
fn page_of(position: u32) -> (u32, usize) {
    (position / PAGE_WORDS as u32, position as usize % PAGE_WORDS)
}

impl MemoryImage {
    /// All cells zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// All cells zero, with the pages of each space ready for its kind of cell.
    pub(crate) fn of_layout(layout: &Layout) -> Self {
        let spaces = layout.spaces().iter().map(|space| (space.number, Pages::new(space.cell_kind)));
        Self { spaces: spaces.collect() }
    }

    fn space_mut(&mut self, space: u32, kind: CellKind) -> &mut Pages {
        self.spaces.entry(space).or_insert_with(|| Pages::new(kind))
    }

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

    /// The word at `pointer`, counted in words: the cells `2 * pointer`, which is its low half, and the next. Zero where nothing
    /// was set.
    ///
    /// # Panics
    /// Where one of them has more than 16 bits.
    pub fn word(&self, space: u32, pointer: u32) -> u32 {
        self.spaces.get(&space).map_or(0, |pages| pages.word(pointer))
    }

    /// Set the word at `pointer`, counted in words.
    pub fn set_word(&mut self, space: u32, pointer: u32, word: u32) {
        self.space_mut(space, CellKind::U16).set_word(pointer, word);
    }

    /// Set the word at `pointer`, counted in words; returns what it was.
    ///
    /// # Panics
    /// As for [`Self::word`].
    #[inline]
    pub(crate) fn swap_word(&mut self, space: u32, pointer: u32, word: u32) -> u32 {
        self.space_mut(space, CellKind::U16).swap_word(pointer, word)
    }

    /// Set bytes from `byte_address` on; words are little-endian. Their end may be past `2^32`: then no RV32IM memory is made
    /// from the image.
    pub fn set_bytes(&mut self, space: u32, byte_address: u32, bytes: &[u8]) {
        let pages = self.space_mut(space, CellKind::U16);
        let (mut address, mut rest) = (u64::from(byte_address), bytes);
        while !rest.is_empty() {
            let (page, first) = (address / PAGE_BYTES as u64, address as usize % PAGE_BYTES);
            let (part, others) = rest.split_at(rest.len().min(PAGE_BYTES - first));
            pages.set_bytes(page as u32, first, part);
            address += part.len() as u64;
            rest = others;
        }
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

    /// The stored pages of one space, ascending.
    pub(crate) fn stored(&self, space: u32) -> impl Iterator<Item = StoredPage<'_>> {
        self.spaces.get(&space).into_iter().flat_map(Pages::stored)
    }

    /// Every cell that is not zero is one of the layout's, and of its kind.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self, layout: &Layout) -> Result<(), MemoryError> {
        for (&space, pages) in &self.spaces {
            for page in pages.stored() {
                let Some(last) = page.last_set() else { continue };
                let of = layout.space(space).ok_or(MemoryError::UnknownSpace { space })?;
                // Of a word, the low cell will do: spaces have an even number of cells.
                if last >= 1 << layout.cells_log2(of) {
                    let pointer = u32::try_from(last / layout.pointer_unit() as u64).unwrap_or(u32::MAX);
                    return Err(MemoryError::AddressOutOfBounds { space, pointer, len: 1 });
                }
                if matches!(page, StoredPage::Cells { .. }) {
                    check_kind(of, page.first(), &page.cells())?;
                }
            }
        }
        Ok(())
    }
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
    fn words_and_cells_are_two_views_of_one_image() {
        let (mut words, mut cells) = (MemoryImage::new(), MemoryImage::new());
        for pointer in [3, 1023, 1024, 5000] {
            words.set_word(2, pointer, 0x1234_5678 + pointer);
            for (half, cell) in crate::address::cells(0x1234_5678 + pointer).into_iter().enumerate() {
                cells.set_cell(2, 2 * pointer + half as u32, cell);
            }
        }
        assert_eq!(words, cells);
        assert!(words.pages(2).eq(cells.pages(2)));
        assert_eq!((words.cell(2, 7), cells.word(2, 3)), (F::from_u32(0x1234), 0x1234_567b));
        // A wide cell ends the packing, and changes no other.
        words.set_cell(2, 6, F::NEG_ONE);
        assert_ne!(words, cells);
        cells.set_cell(2, 6, F::NEG_ONE);
        assert_eq!(words, cells);
        words.set_word(2, 3, 0x1234_567b);
        assert_eq!(words.word(2, 3), 0x1234_567b);
        assert_eq!(words.word(2, 5000), 0x1234_5678 + 5000);
    }

    #[test]
    fn an_image_that_does_not_fit_is_refused() {
        let space =
            AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_pointer_bits(6);
        let config = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
        let with = |space, cell, value| {
            let mut image = MemoryImage::new();
            image.set_cell(space, cell, F::from_u32(value));
            image.check(config.layout())
        };
        assert_eq!(with(1, 63, 0xffff), Ok(()));
        assert_eq!(with(2, 63, 0), Ok(()));
        assert_eq!(with(2, 63, 1), Err(MemoryError::UnknownSpace { space: 2 }));
        assert_eq!(with(1, 64, 1), Err(MemoryError::AddressOutOfBounds { space: 1, pointer: 64, len: 1 }));
        assert_eq!(with(1, 7, 65536), Err(MemoryError::CellOutOfRange { space: 1, cell: 7, value: 65536 }));
    }
}
