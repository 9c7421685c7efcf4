//! Bitwise operations and shifts by constants: bytes that are known stay known, cuts are made once, and what is known to
//! be zero costs nothing.

use engram_air::Ring;

use super::{
    arena::Path,
    value::{Byte, Split, WordId, byte_of, limb_of},
};
use crate::{
    row::{RowBuilder, RowValue},
    shift::{Shift, shift},
    word::{LIMB_BITS, conjunction},
};

/// A bitwise operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bitwise {
    /// Conjunction.
    And,
    /// Disjunction.
    Or,
    /// Exclusive or.
    Xor,
}

impl Bitwise {
    fn apply(self, x: u32, y: u32) -> u32 {
        match self {
            Self::And => x & y,
            Self::Or => x | y,
            Self::Xor => x ^ y,
        }
    }

    /// The bits that a result can have, from those of the operands.
    fn mask(self, x: u32, y: u32) -> u32 {
        if self == Self::And { x & y } else { x | y }
    }
}

impl<B: RowBuilder> Path<'_, B> {
    /// A bitwise operation.
    pub fn bitwise(&mut self, operation: Bitwise, x: WordId, y: WordId) -> WordId {
        if let (Some(x), Some(y)) = (self.known(x), self.known(y)) {
            return self.constant(operation.apply(x, y));
        }
        let (x, y) = (self.normal(x), self.normal(y));
        if x == y {
            return if operation == Bitwise::Xor { self.constant(0) } else { x };
        }
        let (x_mask, y_mask) = (self.get(x).mask, self.get(y).mask);
        if x_mask & y_mask == 0 {
            if operation == Bitwise::And {
                return self.constant(0);
            }
            if let Some(union) = self.disjoint(x, y) {
                return union;
            }
        }
        let (x_bytes, y_bytes) = (self.bytes(x), self.bytes(y));
        let results = [0, 1, 2, 3]
            .map(|place| self.byte(operation, [(x, byte_of(&x_bytes, place)), (y, byte_of(&y_bytes, place))], place));
        let [b0, b1, b2, b3] = results.each_ref().map(|byte| match byte {
            Byte::Known(value) => self.row.constant(*value),
            Byte::Expr { expr, .. } => expr.clone(),
        });
        let limbs = [b0 + b1.shift_left(8), b2 + b3.shift_left(8)];
        let result = self.push_normal(limbs, operation.mask(x_mask, y_mask));
        self.get_mut(result).bytes = Some(results);
        result
    }

    /// One byte of a bitwise operation. Bytes that go into the result are shown to be bytes.
    fn byte(
        &mut self,
        operation: Bitwise,
        [(x, x_byte), (y, y_byte)]: [(WordId, &Byte<B::Expr>); 2],
        place: u32,
    ) -> Byte<B::Expr> {
        let (x_expr, y_expr) = match (x_byte, y_byte) {
            (Byte::Known(x), Byte::Known(y)) => return Byte::Known(operation.apply(*x, *y)),
            (Byte::Known(constant), Byte::Expr { expr, .. }) => {
                return self.byte_with_constant(operation, y, place, expr.clone(), *constant);
            }
            (Byte::Expr { expr, .. }, Byte::Known(constant)) => {
                return self.byte_with_constant(operation, x, place, expr.clone(), *constant);
            }
            (Byte::Expr { expr: x, .. }, Byte::Expr { expr: y, .. }) => (x.clone(), y.clone()),
        };
        let and = self.conjunction(x_expr.clone(), y_expr.clone());
        self.mark_checked(x, place);
        self.mark_checked(y, place);
        let expr = combine(operation, x_expr, y_expr, and);
        Byte::Expr { expr, checked: true }
    }

    fn byte_with_constant(
        &mut self,
        operation: Bitwise,
        word: WordId,
        place: u32,
        byte: B::Expr,
        constant: u32,
    ) -> Byte<B::Expr> {
        let ones = self.row.constant(0xff);
        let expr = match (operation, constant) {
            (Bitwise::And, 0) => return Byte::Known(0),
            (Bitwise::Or, 0xff) => return Byte::Known(0xff),
            (Bitwise::And, 0xff) | (Bitwise::Or | Bitwise::Xor, 0) => byte,
            (Bitwise::Xor, 0xff) => ones - byte,
            _ => {
                let constant = self.row.constant(constant);
                let and = self.conjunction(byte.clone(), constant.clone());
                self.mark_checked(word, place);
                return Byte::Expr { expr: combine(operation, byte, constant, and), checked: true };
            }
        };
        self.check_byte(word, place);
        Byte::Expr { expr, checked: true }
    }

    fn conjunction(&mut self, x: B::Expr, y: B::Expr) -> B::Expr {
        let and = conjunction(self.row, &x, &y);
        self.row.byte_and("bytes and their conjunction", x, y, and.clone());
        and
    }

    fn mark_checked(&mut self, word: WordId, place: u32) {
        let bytes = self.get_mut(word).bytes.iter_mut().flatten();
        for (_, byte) in (0..).zip(bytes).filter(|(at, _)| *at == place) {
            if let Byte::Expr { checked, .. } = byte {
                *checked = true;
            }
        }
    }

    /// Show that a byte is one, unless that is known.
    pub(super) fn check_byte(&mut self, word: WordId, place: u32) {
        let byte = self.get(word).bytes.as_ref().map(|bytes| byte_of(bytes, place));
        if let Some(Byte::Expr { expr, checked: false }) = byte {
            let expr = expr.clone();
            self.row.range("byte is below 2^8", expr, B::Expr::integer(8));
            self.mark_checked(word, place);
        }
    }

    /// Show that every byte is below 2^8. Where a limb was cut in two, both halves are checked: one alone shows nothing.
    pub(super) fn check_bytes(&mut self) {
        for word in self.ids() {
            if self.get(word).bytes.is_some() {
                (0..4).for_each(|place| self.check_byte(word, place));
            }
        }
    }

    /// The bytes of a normal value; those that nothing shows to be bytes are marked so.
    pub(super) fn bytes(&mut self, word: WordId) -> [Byte<B::Expr>; 4] {
        if let Some(bytes) = &self.get(word).bytes {
            return bytes.clone();
        }
        let value = self.get(word);
        let bytes: [Byte<B::Expr>; 4] = if let Some(known) = value.known {
            known.to_le_bytes().map(|byte| Byte::Known(u32::from(byte)))
        } else {
            let ([low, high], mask) = (value.limbs.clone(), value.mask);
            let [b0, b1] = self.limb_bytes(word, 0, low, mask & 0xffff);
            let [b2, b3] = self.limb_bytes(word, 1, high, mask >> LIMB_BITS);
            [b0, b1, b2, b3]
        };
        self.get_mut(word).bytes = Some(bytes.clone());
        bytes
    }

    fn limb_bytes(&mut self, word: WordId, limb_index: u32, limb: B::Expr, mask: u32) -> [Byte<B::Expr>; 2] {
        let checked = |expr| Byte::Expr { expr, checked: true };
        if mask == 0 {
            return [Byte::Known(0), Byte::Known(0)];
        }
        if mask >> 8 == 0 {
            return [checked(limb), Byte::Known(0)];
        }
        if mask & 0xff == 0 {
            return [Byte::Known(0), checked(limb.shift_right(8))];
        }
        let split = self.get(word).splits.iter().find(|split| split.limb == limb_index && split.position == 8);
        if let Some(split) = split {
            return [checked(split.low.clone()), checked(split.high.clone())];
        }
        let low = self.row.column("low byte", |at| limb.integer_at(at) & 0xff);
        let high = (limb - low.clone()).shift_right(8);
        [Byte::Expr { expr: low, checked: false }, Byte::Expr { expr: high, checked: false }]
    }

    /// A limb of a normal value cut at a constant position between 1 and 15: (low, high), both shown to be short.
    fn split(&mut self, word: WordId, limb: u32, position: u32) -> (B::Expr, B::Expr) {
        let value = self.get(word);
        let mask = crate::word::limb(value.mask, limb);
        let expr = limb_of(&value.limbs, limb).clone();
        if mask >> position == 0 {
            return (expr, B::Expr::zero());
        }
        if mask & !(u32::MAX << position) == 0 {
            return (B::Expr::zero(), expr.shift_right(position));
        }
        if let Some(split) = value.splits.iter().find(|split| split.limb == limb && split.position == position) {
            return (split.low.clone(), split.high.clone());
        }
        if position == 8 && self.get(word).bytes.is_some() {
            let [low, high] = if limb == 0 { [0, 1] } else { [2, 3] };
            self.check_byte(word, low);
            self.check_byte(word, high);
            if let Some(bytes) = &self.get(word).bytes
                && let (Byte::Expr { expr: low, .. }, Byte::Expr { expr: high, .. }) =
                    (byte_of(bytes, low), byte_of(bytes, high))
            {
                return (low.clone(), high.clone());
            }
        }
        let high = self.row.column("high part", |at| expr.integer_at(at) >> position);
        let low = expr - high.clone().shift_left(position);
        self.show_short("high part is short", &high, LIMB_BITS.saturating_sub(position));
        self.show_short("low part is short", &low, position);
        self.get_mut(word).splits.push(Split { limb, position, low: low.clone(), high: high.clone() });
        (low, high)
    }

    fn show_short(&mut self, label: &str, expr: &B::Expr, bits: u32) {
        if bits == 1 {
            self.row.assert_bool(label, expr.clone());
        } else {
            self.row.range(label, expr.clone(), B::Expr::integer(bits));
        }
    }

    /// A shift by the five low bits of `by`.
    pub fn shift(&mut self, direction: Shift, word: WordId, by: WordId) -> WordId {
        if let Some(by) = self.known(by) {
            return self.shift_by_constant(direction, word, by & 31);
        }
        let (word, by) = (self.word(word), self.word(by));
        let shifted = shift(self.row, direction, &word, &by);
        self.adopt(&shifted)
    }

    /// A shift by a constant below 32: cuts of the limbs, put together anew.
    pub fn shift_by_constant(&mut self, shift: Shift, word: WordId, by: u32) -> WordId {
        if let Some(known) = self.known(word) {
            return self.constant(match shift {
                Shift::Left => known << by,
                Shift::RightLogical => known >> by,
                Shift::RightArithmetic => (known.cast_signed() >> by).cast_unsigned(),
            });
        }
        let word = self.normal(word);
        if by == 0 {
            return word;
        }
        let mask = self.get(word).mask;
        match shift {
            Shift::Left => self.shift_left(word, by, mask << by),
            Shift::RightArithmetic if mask >> 31 == 1 => self.shift_right_arithmetic(word, by),
            _ => {
                let limbs = self.shifted_right(word, by);
                self.push_normal(limbs, mask >> by)
            }
        }
    }

    /// The limbs of a value, each cut so that its upper `bits` bits are apart; `bits` is below 16.
    fn cuts(&mut self, word: WordId, limb: u32, low_bits: u32) -> (B::Expr, B::Expr) {
        match low_bits {
            0 => (B::Expr::zero(), limb_of(&self.get(word).limbs, limb).clone()),
            16 => (limb_of(&self.get(word).limbs, limb).clone(), B::Expr::zero()),
            _ => self.split(word, limb, low_bits),
        }
    }

    fn shift_left(&mut self, word: WordId, by: u32, mask: u32) -> WordId {
        let bits = by % LIMB_BITS;
        let kept = LIMB_BITS.saturating_sub(bits);
        let (low, carried) = self.cuts(word, 0, kept);
        let limbs = if by < LIMB_BITS {
            let (high, _) = self.cuts(word, 1, kept);
            [low.shift_left(bits), high.shift_left(bits) + carried]
        } else {
            [B::Expr::zero(), low.shift_left(bits)]
        };
        self.push_normal(limbs, mask)
    }

    fn shifted_right(&mut self, word: WordId, by: u32) -> [B::Expr; 2] {
        let bits = by % LIMB_BITS;
        let (carried, high) = self.cuts(word, 1, bits);
        if by >= LIMB_BITS {
            return [high, B::Expr::zero()];
        }
        let (_, low) = self.cuts(word, 0, bits);
        [low + carried.shift_left(LIMB_BITS.saturating_sub(bits)), high]
    }

    fn shift_right_arithmetic(&mut self, word: WordId, by: u32) -> WordId {
        let (_, sign) = self.split(word, 1, 15);
        let [low, high] = self.shifted_right(word, by);
        let fill = !(u32::MAX >> by);
        let limbs =
            [low + sign.clone() * B::Expr::integer(fill & 0xffff), high + sign * B::Expr::integer(fill >> LIMB_BITS)];
        self.push_normal(limbs, u32::MAX)
    }
}

fn combine<E: Ring>(operation: Bitwise, x: E, y: E, and: E) -> E {
    match operation {
        Bitwise::And => and,
        Bitwise::Or => x + y - and,
        Bitwise::Xor => x + y - and.clone() - and,
    }
}
