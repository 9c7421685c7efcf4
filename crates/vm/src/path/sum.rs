//! Sums, which are not brought back below 2^16 a limb until somebody needs them so.

use engram_air::Ring;

use super::{
    arena::Path,
    value::{LIMB_LIMIT, LIMB_MAX, WordId},
};
use crate::{
    row::RowBuilder,
    word::{LIMB_BITS, normalize_limb},
};

impl<B: RowBuilder> Path<'_, B> {
    /// `word + constant` modulo 2^32: nothing, until it is used.
    pub fn add_constant(&mut self, word: WordId, constant: u32) -> WordId {
        if let Some(known) = self.known(word) {
            return self.constant(known.wrapping_add(constant));
        }
        let value = self.get(word);
        let (base, offset) = (value.base, value.offset.wrapping_add(constant));
        if offset == 0 {
            return base;
        }
        let root = self.get(base);
        if let Some(&(_, id)) = root.derived.iter().find(|(known, _)| *known == offset) {
            return id;
        }
        let (limbs, limbs_max) = (root.limbs.clone(), root.limbs_max);
        let id = self.push(limbs, limbs_max, u32::MAX);
        let value = self.get_mut(id);
        (value.base, value.offset) = (base, offset);
        self.get_mut(base).derived.push((offset, id));
        id
    }

    /// `x + y` modulo 2^32.
    pub fn add(&mut self, x: WordId, y: WordId) -> WordId {
        if let Some(known) = self.known(y) {
            return self.add_constant(x, known);
        }
        if let Some(known) = self.known(x) {
            return self.add_constant(y, known);
        }
        if let Some(union) = self.disjoint(x, y) {
            return union;
        }
        let (mut x, mut y) = (x, y);
        if !self.sum_fits(x, y) {
            // The longer operand is brought back; if that is not enough, the other one too.
            if self.bound(x) >= self.bound(y) {
                x = self.normal(x)
            } else {
                y = self.normal(y)
            }
            if !self.sum_fits(x, y) {
                (x, y) = (self.normal(x), self.normal(y));
            }
        }
        let (a, b) = (self.get(x), self.get(y));
        let (limbs, offset) = (add_limbs(&a.limbs, &b.limbs), a.offset.wrapping_add(b.offset));
        let max = add_max(a.limbs_max, b.limbs_max);
        let sum = self.push(limbs, max, u32::MAX);
        self.add_constant(sum, offset)
    }

    fn bound(&self, word: WordId) -> u64 {
        let value = self.get(word);
        value.limbs_max[0].max(value.limbs_max[1])
    }

    fn sum_fits(&self, x: WordId, y: WordId) -> bool {
        self.bound(x).saturating_add(self.bound(y)) < LIMB_LIMIT
    }

    /// The sum of two normal values that have no bit in common: also their disjunction. It needs nothing.
    pub(super) fn disjoint(&mut self, x: WordId, y: WordId) -> Option<WordId> {
        if !self.is_normal(x) || !self.is_normal(y) {
            return None;
        }
        let (a, b) = (self.get(x), self.get(y));
        if a.mask & b.mask != 0 {
            return None;
        }
        let mask = a.mask | b.mask;
        let limbs = add_limbs(&a.limbs, &b.limbs);
        Some(self.push_normal(limbs, mask))
    }

    /// `x - y` modulo 2^32. `2^32` is added limb by limb, so that no limb is negative.
    pub fn subtract(&mut self, x: WordId, y: WordId) -> WordId {
        if let Some(known) = self.known(y) {
            return self.add_constant(x, known.wrapping_neg());
        }
        if x == y {
            return self.constant(0);
        }
        let y = self.normal(y);
        let x = if self.bound(x).saturating_add(1 << LIMB_BITS) < LIMB_LIMIT { x } else { self.normal(x) };
        let borrowed = [1 << LIMB_BITS, (1 << LIMB_BITS) - 1];
        let borrowed_exprs = borrowed.map(|limb| self.row.constant(limb));
        let (a, b) = (self.get(x), self.get(y));
        let ([low, high], [b_low, b_high]) = (add_limbs(&a.limbs, &borrowed_exprs), b.limbs.clone());
        let limbs = [low - b_low, high - b_high];
        let (limbs_max, offset) = (add_max(a.limbs_max, borrowed.map(u64::from)), a.offset);
        let difference = self.push(limbs, limbs_max, u32::MAX);
        self.add_constant(difference, offset)
    }

    /// Both limbs are below 2^16 and nothing is left to add.
    pub(super) fn is_normal(&self, word: WordId) -> bool {
        let value = self.get(word);
        value.offset == 0 && value.limbs_max.iter().all(|&max| max <= LIMB_MAX)
    }

    /// Is the value normal, or was the same value made normal before?
    pub(super) fn has_normal(&self, word: WordId) -> bool {
        self.is_normal(word) || self.get(word).normal.is_some()
    }

    /// The same value with both limbs below 2^16, made once.
    pub fn normal(&mut self, word: WordId) -> WordId {
        if self.is_normal(word) {
            return word;
        }
        if let Some(normal) = self.get(word).normal {
            return normal;
        }
        let value = self.get(word);
        let ([low, high], [low_max, high_max], offset) = (value.limbs.clone(), value.limbs_max, value.offset);
        let low = (low, low_max, offset & 0xffff);
        let high = (high, high_max, offset >> LIMB_BITS);
        let (mut carry, mut carry_max) = (B::Expr::zero(), 0);
        let [(low, low_mask), (high, high_mask)] = [low, high].map(|(limb, limb_max, offset)| {
            let sum = limb + self.row.constant(offset) + carry.clone();
            let max = limb_max.saturating_add(u64::from(offset)).saturating_add(carry_max);
            let limb;
            (limb, carry, carry_max) = normalize_limb(self.row, sum, max);
            (limb, low_bits(max.min(LIMB_MAX)))
        });
        let id = self.push_normal([low, high], low_mask | high_mask << LIMB_BITS);
        self.get_mut(word).normal = Some(id);
        id
    }
}

/// The bits that values up to `max` can have.
pub(super) fn low_bits(max: u64) -> u32 {
    u32::try_from(u64::MAX.unbounded_shr(max.leading_zeros())).unwrap_or(u32::MAX)
}

/// The sums of limbs.
fn add_limbs<E: Ring>([a_low, a_high]: &[E; 2], [b_low, b_high]: &[E; 2]) -> [E; 2] {
    [a_low.clone() + b_low.clone(), a_high.clone() + b_high.clone()]
}

/// Their bounds.
fn add_max([a_low, a_high]: [u64; 2], [b_low, b_high]: [u64; 2]) -> [u64; 2] {
    [a_low.saturating_add(b_low), a_high.saturating_add(b_high)]
}
