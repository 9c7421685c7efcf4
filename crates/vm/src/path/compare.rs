//! Comparisons, and branches whose outcome is asserted.

use engram_air::{F, PrimeCharacteristicRing, Ring};

use super::{arena::Path, value::WordId};
use crate::{
    compare::{both_zero, equal, less_than, less_than_signed},
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, flag},
};

/// What a branch compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `x = y`.
    Equal,
    /// `x < y`, signed.
    Less,
    /// `x < y`, unsigned.
    Below,
}

impl Condition {
    /// Does it hold?
    pub fn holds(self, x: u32, y: u32) -> bool {
        match self {
            Self::Equal => x == y,
            Self::Less => x.cast_signed() < y.cast_signed(),
            Self::Below => x < y,
        }
    }
}

impl<B: RowBuilder> Path<'_, B> {
    /// Is `x < y`? A boolean value.
    pub fn less_than(&mut self, x: WordId, y: WordId, signed: bool) -> WordId {
        let condition = if signed { Condition::Less } else { Condition::Below };
        if let (Some(x), Some(y)) = (self.known(x), self.known(y)) {
            return self.constant(u32::from(condition.holds(x, y)));
        }
        let flag = match (self.known(x), self.known(y)) {
            (_, Some(1)) if !signed => self.is_zero(x),
            (Some(0), _) if !signed => self.row.real() - self.is_zero(y),
            _ => self.less_than_flag(x, y, signed),
        };
        self.adopt_bool(flag)
    }

    /// Does the condition hold? A boolean expression.
    pub fn condition(&mut self, condition: Condition, x: WordId, y: WordId) -> B::Expr {
        if condition != Condition::Equal {
            return self.less_than_flag(x, y, condition == Condition::Less);
        }
        let (x, y) = (self.word(x), self.word(y));
        equal(self.row, &x, &y)
    }

    fn less_than_flag(&mut self, x: WordId, y: WordId, signed: bool) -> B::Expr {
        let (x, y) = (self.word(x), self.word(y));
        if signed { less_than_signed(self.row, &x, &y) } else { less_than(self.row, &x, &y) }
    }

    fn is_zero(&mut self, word: WordId) -> B::Expr {
        let [low, high] = self.word(word).cells();
        both_zero(self.row, low, high)
    }

    /// Assert the outcome of a comparison. `false` where constants decide it the other way: then no row has this path.
    pub fn assert_condition(&mut self, condition: Condition, x: WordId, y: WordId, holds: bool) -> bool {
        if let (Some(x), Some(y)) = (self.known(x), self.known(y)) {
            return condition.holds(x, y) == holds;
        }
        match (condition, holds) {
            (Condition::Equal, true) => self.assert_equal(x, y),
            (Condition::Equal, false) => self.assert_different(x, y),
            _ => {
                let less = self.less_than_flag(x, y, condition == Condition::Less);
                let expected = if holds { self.row.real() } else { B::Expr::zero() };
                self.row.assert_zero("the branch goes this way", less - expected);
            }
        }
        true
    }

    /// `x = y`. Against a constant, what `x` is an offset from equals another constant.
    pub fn assert_equal(&mut self, x: WordId, y: WordId) {
        let (x, y) = self.compared(x, y);
        let (x, y) = (self.word(x).cells(), self.word(y).cells());
        for (x, y) in x.into_iter().zip(y) {
            self.row.assert_zero("limbs of equal words are equal", x - y);
        }
    }

    /// `x ≠ y`. Against a constant: what `x` is an offset from differs in a limb from another constant. Otherwise neither needs
    /// to be normalized for what is added to it.
    fn assert_different(&mut self, x: WordId, y: WordId) {
        if self.known(x).is_none() && self.known(y).is_none() {
            return self.assert_offsets_differ(x, y);
        }
        let (x, y) = self.compared(x, y);
        let ([a, b], [c, d]) = (self.word(x).cells(), self.word(y).cells());
        let (low, high) = (a - c, b - d);
        let low_inverse = self.row.inverse_column("inverse of the low difference", |at| low.value_at(at));
        let high_inverse = self.row.inverse_column("inverse of the high difference", |at| {
            if low.value_at(at) == F::ZERO { high.value_at(at) } else { F::ZERO }
        });
        let one = low * low_inverse + high * high_inverse;
        self.row.assert_zero("different words differ in a limb", one - self.row.real());
    }

    /// `x ≠ y` for normal values with offsets.
    ///
    /// With both offsets, the low limbs differ by an integer `l` and the words by `d`, where `-2^16 < l < 2^17` and
    /// `-2^32 < d < 2^33`; so the words differ where `d` is neither 0 nor 2^32, and also where `l` is neither 0 nor 2^16. The row
    /// shows one of both. The second is for a `d` that is a multiple of p in disguise: `p = 1` modulo 2^16, so `l` is then
    /// no multiple of 2^16.
    fn assert_offsets_differ(&mut self, x: WordId, y: WordId) {
        let ((x, x_offset), (y, y_offset)) = (self.normal_base(x), self.normal_base(y));
        let offset = x_offset.wrapping_sub(y_offset);
        let ([a, b], [c, d]) = (self.word(x).cells(), self.word(y).cells());
        let low = a - c + self.row.constant(offset & 0xffff);
        let high = b - d + self.row.constant(offset >> LIMB_BITS);
        let words = low.clone() + high.shift_left(LIMB_BITS);
        let carry = |row: &B, bits: u32| row.real().shift_left(bits);
        let by_words = words.clone() * (words - carry(self.row, 2 * LIMB_BITS));
        let by_limbs = low.clone() * (low - carry(self.row, LIMB_BITS));
        let same_words = |at: At| by_words.value_at(at) == F::ZERO;
        let limbs = flag(self.row, "by the low limbs", "by the low limbs is boolean", same_words);
        let product = by_words.clone() + limbs * (by_limbs - by_words);
        let inverse = self.row.inverse_column("inverse of the difference", |at| product.value_at(at));
        self.row.assert_zero("different words have a difference with an inverse", product * inverse - self.row.real());
    }

    /// A normal value and what is added to it.
    fn normal_base(&mut self, word: WordId) -> (WordId, u32) {
        let (base, offset) = (self.get(word).base, self.get(word).offset);
        if self.is_normal(base) { (base, offset) } else { (self.normal(word), 0) }
    }

    /// Two values that are equal exactly where `x` and `y` are; against a constant, without the offset.
    fn compared(&mut self, x: WordId, y: WordId) -> (WordId, WordId) {
        let (x, y) = if self.known(x).is_some() { (y, x) } else { (x, y) };
        match self.known(y) {
            Some(known) => {
                let (base, offset) = (self.get(x).base, self.get(x).offset);
                (base, self.constant(known.wrapping_sub(offset)))
            }
            None => (x, y),
        }
    }

    /// The program counter, in words, to which an indirect jump goes. The address's lowest bit is ignored; the second is not set.
    pub fn jump_target(&mut self, address: WordId) -> B::Expr {
        self.pointer(address, [true, false]).0
    }

    /// An indirect jump goes to `target`, a multiple of 4; its lowest bit is ignored.
    pub fn assert_jump(&mut self, address: WordId, target: u32) -> bool {
        if let Some(known) = self.known(address) {
            return known & !1 == target;
        }
        let [low, high] = self.word(address).cells();
        let odd = flag(self.row, "odd", "odd is boolean", |at| low.integer_at(at) & 1 == 1);
        let [target_low, target_high] = [target & 0xffff, target >> LIMB_BITS].map(|limb| self.row.constant(limb));
        self.row.assert_zero("low limb of the jump's target", low - odd - target_low);
        self.row.assert_zero("high limb of the jump's target", high - target_high);
        true
    }
}
