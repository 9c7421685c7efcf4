//! Memory at rest: the cells of each address space, sparse.

use std::collections::BTreeMap;

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use crate::{
    address::{CELL_BITS, U16_VALUES, WORD_CELLS},
    error::MemoryError,
    layout::{AddressSpaceConfig, CellKind, Layout},
};

#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod cells;

/// Integers in a page: 4 KiB. In a page of words each is a word.
pub const PAGE_WORDS: usize = 1024;

/// A page of an image: words of two cells of 16 bits, low first, or single cells as integers below p.
pub type ImagePage = [u32; PAGE_WORDS];

/// Integers in a page, base-two logarithm.
const PAGE_LOG2: u32 = PAGE_WORDS.ilog2();

/// Cells of a word, base-two logarithm.
const WORD_CELLS_LOG2: u32 = WORD_CELLS.ilog2();

/// Bytes in a page of words.
const PAGE_BYTES: usize = size_of::<ImagePage>();

/// Their base-two logarithm.
const PAGE_BYTES_LOG2: u32 = PAGE_BYTES.ilog2();

/// A page of single cells, whatever they hold.
type CellPage = [F; PAGE_WORDS];

/// Pages by number.
type PageMap<T> = BTreeMap<u32, Box<[T; PAGE_WORDS]>>;

/// The pages of one space, each by its number.
#[derive(Clone, Debug)]
enum Pages {
    /// Words of two cells of 16 bits.
    Words(PageMap<u32>),
    /// Single cells.
    Cells(PageMap<F>),
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

impl Pages {
    fn new(kind: CellKind) -> Self {
        match kind {
            CellKind::U16 => Self::Words(BTreeMap::new()),
            CellKind::Field => Self::Cells(BTreeMap::new()),
        }
    }

    /// The word of two cells, with its number among the space's words.
    #[inline]
    fn word(&self, word: u32) -> u32 {
        match self {
            Self::Words(pages) => item(pages, word),
            Self::Cells(pages) => {
                let [low, high] = halves(word).map(|cell| item(pages, cell).as_canonical_u32());
                assert!(low.max(high) < U16_VALUES, "the halves of a word have 16 bits");
                high << CELL_BITS | low
            }
        }
    }

    fn set_word(&mut self, word: u32, value: u32) {
        match self {
            Self::Words(pages) => *item_mut(pages, word) = value,
            Self::Cells(pages) => {
                for (cell, half) in halves(word).into_iter().zip(crate::address::cells(value)) {
                    *item_mut(pages, cell) = half;
                }
            }
        }
    }

    /// Set bytes of a page of words, from its byte `first` on, as far as they are in it.
    #[expect(clippy::indexing_slicing, reason = "a byte of a page is in one of its words")]
    fn set_bytes(&mut self, page: u32, first: usize, bytes: &[u8]) {
        let put = |value: u32, octet: usize, byte: u8| {
            let mut octets = value.to_le_bytes();
            octets[octet] = byte;
            u32::from_le_bytes(octets)
        };
        match self {
            Self::Words(pages) => {
                let words = page_mut(pages, page);
                for (at, &byte) in (first..PAGE_BYTES).zip(bytes) {
                    words[at / 4] = put(words[at / 4], at % 4, byte);
                }
            }
            Self::Cells(pages) => {
                // A cell may have more than 16 bits, of which its two bytes are the lowest.
                let halves = (page << (PAGE_LOG2 + WORD_CELLS_LOG2)..).flat_map(|cell| [(cell, 0), (cell, 1)]);
                for ((cell, octet), &byte) in halves.skip(first).zip(bytes) {
                    let cell = item_mut(pages, cell);
                    *cell = F::from_u32(put(cell.as_canonical_u32(), octet, byte));
                }
            }
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

/// The cells of a word.
fn halves(word: u32) -> [u32; WORD_CELLS] {
    [word << WORD_CELLS_LOG2, word << WORD_CELLS_LOG2 | 1]
}

/// What stands at this position; zero where there is no page.
#[inline]
#[expect(clippy::indexing_slicing, reason = "an offset is below the page's length")]
fn item<T: Copy + Default>(pages: &PageMap<T>, position: u32) -> T {
    let (page, offset) = page_of(position);
    pages.get(&page).map_or(T::default(), |page| page[offset])
}

#[inline]
#[expect(clippy::indexing_slicing, reason = "an offset is below the page's length")]
fn item_mut<T: Copy + Default>(pages: &mut PageMap<T>, position: u32) -> &mut T {
    let (page, offset) = page_of(position);
    &mut page_mut(pages, page)[offset]
}

fn page_mut<T: Copy + Default>(pages: &mut PageMap<T>, page: u32) -> &mut [T; PAGE_WORDS] {
    pages.entry(page).or_insert_with(|| Box::new([T::default(); PAGE_WORDS]))
}

/// The page of a position, and the place there, which is below [`PAGE_WORDS`].
#[inline]
fn page_of(position: u32) -> (u32, usize) {
    let [low, high, ..] = position.to_le_bytes();
    (position >> PAGE_LOG2, usize::from(u16::from_le_bytes([low, high])) % PAGE_WORDS)
}

/// A page as it is stored.
#[derive(Clone, Copy)]
pub(crate) enum StoredPage<'a> {
    Words { number: u32, words: &'a ImagePage },
    Cells { number: u32, cells: &'a CellPage },
}

impl StoredPage<'_> {
    /// Number of the first cell. Numbers of cells have 32 bits.
    pub(crate) fn first(&self) -> u32 {
        match self {
            Self::Words { number, .. } => number << (PAGE_LOG2 + WORD_CELLS_LOG2),
            Self::Cells { number, .. } => number << PAGE_LOG2,
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
        let position = |number: u32, last: usize| Some(u64::from(number) << PAGE_LOG2 | u64::try_from(last).ok()?);
        match self {
            Self::Words { number, words } => {
                Some(position(*number, words.iter().rposition(|&word| word != 0)?)? << WORD_CELLS_LOG2)
            }
            Self::Cells { number, cells } => position(*number, cells.iter().rposition(|&cell| cell != F::ZERO)?),
        }
    }
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

    /// Set bytes from `byte_address` on; words are little-endian. Their end may be past `2^32`: then no RV32IM memory is made
    /// from the image.
    pub fn set_bytes(&mut self, space: u32, byte_address: u32, bytes: &[u8]) {
        let pages = self.space_mut(space, CellKind::U16);
        let (mut address, mut rest) = (u64::from(byte_address), bytes);
        while !rest.is_empty() {
            let [low, high, ..] = address.to_le_bytes();
            let first = usize::from(u16::from_le_bytes([low, high])) % PAGE_BYTES;
            let (part, others) = rest.split_at(rest.len().min(PAGE_BYTES.saturating_sub(first)));
            // No layout has the last page.
            pages.set_bytes(u32::try_from(address >> PAGE_BYTES_LOG2).unwrap_or(u32::MAX), first, part);
            address = (address >> PAGE_BYTES_LOG2).saturating_add(1) << PAGE_BYTES_LOG2;
            rest = others;
        }
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
                    let pointer = u32::try_from(last >> layout.pointer_unit().ilog2()).unwrap_or(u32::MAX);
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
    let mut cells = (first..).zip(cells.iter().map(F::as_canonical_u32));
    match cells.find(|(_, value)| *value >= U16_VALUES) {
        None => Ok(()),
        Some((cell, value)) => Err(MemoryError::CellOutOfRange { space: space.number, cell, value }),
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

    /// Bytes of single cells are set one by one, and leave what a wide cell has above them.
    #[test]
    fn bytes_of_cells_are_those_of_words() {
        let (mut words, mut cells) = (MemoryImage::new(), MemoryImage::new());
        let bytes: Vec<u8> = (0..40).collect();
        cells.set_cell(2, 2 * 1019, F::ONE);
        for image in [&mut words, &mut cells] {
            image.set_bytes(2, 4 * 1020 - 3, &bytes);
        }
        cells.set_cell(2, 2 * 1019, F::ZERO);
        assert_eq!(words, cells);
        cells.set_cell(2, 2 * 1020, F::from_u32(0x1234_5678));
        cells.set_bytes(2, 4 * 1020 + 1, &[0xab]);
        assert_eq!(cells.cell(2, 2 * 1020), F::from_u32(0x1234_ab78));
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
