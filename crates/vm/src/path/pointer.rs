//! From addresses to places: pointers of words, and lanes in them.

use engram_air::Ring;

use super::{
    arena::Path,
    place::{Lane, OFFSET_BYTES_MAX, Place, Width},
    sum::low_bits,
    value::{LIMB_MAX, WordId},
};
use crate::{
    address::{address as address_of, aligned_pointer},
    row::RowBuilder,
    word::{LIMB_BITS, Word},
};

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
