//! The cells of a write in a log.

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

use engram_air::F;

use crate::address::{WORD_CELLS, cells};

/// The cells that a write has: a slice `[F]`, borrowed from a log, or made from a word as it is looked at.
#[derive(Clone, Copy)]
pub struct WrittenCells<'a>(Kept<'a>);

#[derive(Clone, Copy)]
enum Kept<'a> {
    Cells(&'a [F]),
    Word([F; WORD_CELLS]),
}

impl WrittenCells<'_> {
    /// Two cells of 16 bits, the low one first.
    pub fn of_word(word: u32) -> Self {
        Self(Kept::Word(cells(word)))
    }
}

impl<'a> From<&'a [F]> for WrittenCells<'a> {
    fn from(cells: &'a [F]) -> Self {
        Self(Kept::Cells(cells))
    }
}

impl Deref for WrittenCells<'_> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        match &self.0 {
            Kept::Cells(cells) => cells,
            Kept::Word(cells) => cells,
        }
    }
}

impl PartialEq for WrittenCells<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for WrittenCells<'_> {}

impl Hash for WrittenCells<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for WrittenCells<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
