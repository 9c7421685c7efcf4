//! Addresses: which word of memory an access goes to, and where in the word.

use super::value::WordId;

/// Offsets from a base that a pointer may have without being normalized, in bytes. A row where base and offset together
/// leave the address space cannot be proven on the path.
pub const OFFSET_BYTES_MAX: u32 = 1 << 15;

/// How many bytes an access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// One.
    Byte,
    /// Two.
    Half,
    /// Four.
    Word,
}

impl Width {
    /// The width of so many bytes: 1, 2 or 4.
    pub fn of_bytes(bytes: u32) -> Self {
        match bytes {
            1 => Self::Byte,
            2 => Self::Half,
            _ => Self::Word,
        }
    }

    /// Number of bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Byte => 8,
            Self::Half => 16,
            Self::Word => 32,
        }
    }

    /// Which of the two low bits of an address may be set.
    pub(super) fn free_bits(self) -> [bool; 2] {
        [self == Self::Byte, self != Self::Word]
    }

    /// Is the address one that this width divides?
    pub(super) fn divides(self, address: u32) -> bool {
        address.is_multiple_of(self.bits() / 8)
    }
}

/// A byte's place in its word.
#[derive(Clone, Debug)]
pub(super) enum Lane<E> {
    /// From 0 to 3.
    Known(u32),
    /// As two bits.
    Bits([E; 2]),
}

/// Where in memory an access goes.
#[derive(Clone, Debug)]
pub struct Place<E> {
    pub(super) base: WordId,
    /// In bytes, a multiple of 4.
    pub(super) offset: u32,
    pub(super) pointer: E,
    pub(super) lane: Lane<E>,
}

impl<E> Place<E> {
    /// Is it in the same word?
    pub(super) fn is_in_word_of(&self, other: &Self) -> bool {
        self.has_base_of(other) && self.offset == other.offset
    }

    /// Are both offsets from one base? Then different ones are in different words.
    pub(super) fn has_base_of(&self, other: &Self) -> bool {
        self.base == other.base
    }
}
