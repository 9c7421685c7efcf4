//! Addresses: which word of memory an access goes to, and where in the word.

use engram_air::Ring;

use super::{
    sum::low_bits,
    value::{LIMB_MAX, Path, WordId},
};
use crate::{
    address::{address as address_of, aligned_pointer},
    row::RowBuilder,
    word::{LIMB_BITS, Word},
};

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
    fn free_bits(self) -> [bool; 2] {
        [self == Self::Byte, self != Self::Word]
    }

    fn divides(self, address: u32) -> bool {
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
    base: WordId,
    /// In bytes, a multiple of 4.
    offset: u32,
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

impl<B: RowBuilder> Path<'_, B> {
    /// Where an access to an address goes. `None` where the path itself misaligns it: then no row has this path.
    pub fn place(&mut self, address: WordId, width: Width) -> Option<Place<B::Expr>> {
        if let Some(known) = self.known(address) {
            let (base, pointer) = (self.constant(0), B::Expr::integer(known >> 2));
            let place = Place { base, offset: known & !3, pointer, lane: Lane::Known(known % 4) };
            return width.divides(known).then_some(place);
        }
        let value = self.get(address);
        let (base, offset) = (value.base, value.offset);
        let distance = offset.cast_signed().unsigned_abs();
        let is_word = width == Width::Word && offset.is_multiple_of(4);
        if distance < OFFSET_BYTES_MAX && (is_word || self.is_aligned(base)) {
            let (pointer, _) = self.pointer(base, [false; 2]);
            let [below, above] = &mut self.locations.reach;
            let reach = if offset.cast_signed() > 0 { above } else { below };
            *reach = (*reach).max(distance);
            let (lane, offset) = (offset & 3, offset & !3);
            let place = Place {
                base: self.normal(base),
                offset,
                pointer: pointer + signed::<B::Expr>(offset.cast_signed() / 4),
                lane: Lane::Known(lane),
            };
            return width.divides(lane).then_some(place);
        }
        let (pointer, bits) = self.pointer(address, width.free_bits());
        let lane = if width == Width::Word { Lane::Known(0) } else { Lane::Bits(bits) };
        Some(Place { base: self.normal(address), offset: 0, pointer, lane })
    }

    /// The word of an address, below 2^30, and the two low bits, of which only those that are `free` may be set: an address
    /// with another has no row. The address is normal afterwards.
    pub(super) fn pointer(&mut self, address: WordId, free: [bool; 2]) -> (B::Expr, [B::Expr; 2]) {
        let is_word = free == [false; 2];
        let was_normal = self.has_normal(address);
        let id = if was_normal { self.normal(address) } else { address };
        let value = self.get(id);
        if is_word && self.is_aligned(id) {
            return (aligned_pointer(value.limbs.clone()), [B::Expr::zero(), B::Expr::zero()]);
        }
        let offset = Word::constant(self.row, value.offset);
        let sum = Word::from_bounded(value.limbs.clone(), value.limbs_max).add(&offset);
        let [low_max, high_max] = sum.limbs_max();
        let taken_apart = address_of(self.row, &sum, free);
        if was_normal {
            self.get_mut(id).aligned |= is_word;
        } else {
            let unset = u32::from(!free[0]) | u32::from(!free[1]) << 1;
            let low_mask = low_bits(low_max.min(LIMB_MAX)) & !unset;
            let high_mask = low_bits(high_max.saturating_add(low_max >> LIMB_BITS).min(LIMB_MAX));
            let normal = self.push_normal(taken_apart.limbs, low_mask | high_mask << LIMB_BITS);
            self.get_mut(address).normal = Some(normal);
        }
        (taken_apart.pointer, taken_apart.bits)
    }

    /// Are the two low bits known to be zero?
    fn is_aligned(&self, word: WordId) -> bool {
        let value = self.get(self.get(word).normal.unwrap_or(word));
        value.aligned || value.mask & 3 == 0
    }
}

fn signed<E: Ring>(value: i32) -> E {
    let magnitude = E::integer(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}
