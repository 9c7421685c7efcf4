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

/// Bytes in a page of words.
const PAGE_BYTES: usize = size_of::<ImagePage>();

/// Its base-two logarithm.
const PAGE_BYTES_LOG2: u32 = size_of::<ImagePage>().ilog2();

/// The pages of one space.
#[derive(Clone, Debug)]
struct Pages {
    /// Of [`CellKind::U16`], an integer is a word of two cells; of [`CellKind::Field`], it is one cell.
    kind: CellKind,
    pages: BTreeMap<u32, Box<ImagePage>>,
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
        Self { kind, pages: BTreeMap::new() }
    }

    fn density(&self) -> u32 {
        density(self.kind)
    }

    /// The integer at this position.
    #[inline]
    fn integer(&self, position: u32) -> u32 {
        let (page, offset) = page_of(position);
        self.pages.get(&page).and_then(|page| page.get(offset)).copied().unwrap_or(0)
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "an offset is below the page's length")]
    fn integer_mut(&mut self, position: u32) -> &mut u32 {
        let (page, offset) = page_of(position);
        &mut self.page_mut(page)[offset]
    }

    fn page_mut(&mut self, page: u32) -> &mut ImagePage {
        self.pages.entry(page).or_insert_with(|| Box::new([0; PAGE_WORDS]))
    }

    #[inline]
    fn cell(&self, cell: u32) -> u32 {
        match self.kind {
            CellKind::Field => self.integer(cell),
            CellKind::U16 => self.integer(cell / 2) >> shift(cell) & 0xffff,
        }
    }

    fn set_cell(&mut self, cell: u32, value: u32) {
        if self.kind == CellKind::U16 && value >= U16_VALUES {
            self.unpack();
        }
        match self.kind {
            CellKind::Field => *self.integer_mut(cell) = value,
            CellKind::U16 => {
                let word = self.integer_mut(cell / 2);
                *word = *word & !(0xffff << shift(cell)) | value << shift(cell);
            }
        }
    }

    /// Set bytes of a page of words, from its byte `first` on.
    #[expect(clippy::indexing_slicing, reason = "bytes of one page are in its words")]
    fn set_bytes(&mut self, page: u32, first: usize, bytes: &[u8]) {
        let put = |value: u32, shift: usize, byte: u8| value & !(0xff << shift) | u32::from(byte) << shift;
        match self.kind {
            CellKind::U16 => {
                let words = self.page_mut(page);
                for (at, &byte) in (first..).zip(bytes) {
                    words[at / 4] = put(words[at / 4], (at & 3) << 3, byte);
                }
            }
            CellKind::Field => {
                let first_cell = page.saturating_mul(1 << (PAGE_BYTES_LOG2 - 1));
                for (at, &byte) in (first..).zip(bytes) {
                    let cell = first_cell.saturating_add(u32::try_from(at / 2).unwrap_or(u32::MAX));
                    self.set_cell(cell, put(self.cell(cell), (at & 1) << 3, byte));
                }
            }
        }
    }

    /// From words to cells.
    #[cold]
    fn unpack(&mut self) {
        let mut unpacked = Self::new(CellKind::Field);
        for (&number, page) in &self.pages {
            for (half, words) in (number.saturating_mul(2)..).zip(page.as_chunks::<{ PAGE_WORDS / 2 }>().0) {
                let cells = words.iter().flat_map(|word| [word & 0xffff, word >> CELL_BITS]);
                unpacked.page_mut(half).iter_mut().zip(cells).for_each(|(slot, cell)| *slot = cell);
            }
        }
        *self = unpacked;
    }

    fn stored(&self) -> impl Iterator<Item = StoredPage<'_>> {
        self.pages.iter().map(|(&number, integers)| StoredPage { kind: self.kind, number, integers })
    }
}

/// A page as it is stored.
#[derive(Clone, Copy)]
pub(crate) struct StoredPage<'a> {
    kind: CellKind,
    number: u32,
    integers: &'a ImagePage,
}

impl StoredPage<'_> {
    /// Number of the first cell.
    pub(crate) fn first(&self) -> u32 {
        self.number.saturating_mul(density(self.kind)).saturating_mul(1 << PAGE_LOG2)
    }

    /// The cells.
    pub(crate) fn cells(&self) -> Vec<F> {
        match self.kind {
            CellKind::Field => self.integers.iter().map(|&cell| F::from_u32(cell)).collect(),
            CellKind::U16 => self.integers.iter().flat_map(|&word| crate::address::cells(word)).collect(),
        }
    }
}

/// Cells in an integer.
fn density(kind: CellKind) -> u32 {
    if kind == CellKind::U16 { 1 << WORD_CELLS.ilog2() } else { 1 }
}

/// How far up a cell of 16 bits stands in its word.
fn shift(cell: u32) -> u32 {
    if cell.is_multiple_of(2) { 0 } else { CELL_BITS }
}

/// The page of an integer, and its place there.
#[inline]
fn page_of(position: u32) -> (u32, usize) {
    let [low, high, ..] = position.to_le_bytes();
    (position >> PAGE_LOG2, usize::from(u16::from_le_bytes([low, high])) % PAGE_WORDS)
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
        let Some(pages) = self.spaces.get(&space) else { return 0 };
        match pages.kind {
            CellKind::U16 => pages.integer(pointer),
            CellKind::Field => {
                let [low, high] = [0, 1].map(|half| pages.cell(pointer << 1 | half));
                assert!(low.max(high) < U16_VALUES, "the halves of a word have 16 bits");
                high << CELL_BITS | low
            }
        }
    }

    /// Set the word at `pointer`, counted in words.
    pub fn set_word(&mut self, space: u32, pointer: u32, word: u32) {
        let pages = self.space_mut(space, CellKind::U16);
        match pages.kind {
            CellKind::U16 => *pages.integer_mut(pointer) = word,
            CellKind::Field => {
                [0, 1].into_iter().for_each(|half| pages.set_cell(pointer << 1 | half, word >> shift(half) & 0xffff));
            }
        }
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
            address = address.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
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
                let Some(last) = page.integers.iter().rposition(|&integer| integer != 0) else { continue };
                let of = layout.space(space).ok_or(MemoryError::UnknownSpace { space })?;
                // Of a word, the low cell: spaces have an even number of cells.
                let last = u64::from(page.number) << PAGE_LOG2 | u64::try_from(last).unwrap_or(u64::MAX);
                let last = last.saturating_mul(density(page.kind).into());
                if last >= 1 << layout.cells_log2(of) {
                    let pointer = u32::try_from(last >> layout.pointer_unit().ilog2()).unwrap_or(u32::MAX);
                    return Err(MemoryError::AddressOutOfBounds { space, pointer, len: 1 });
                }
                if page.kind == CellKind::Field {
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
