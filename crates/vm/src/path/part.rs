//! Bytes and half-words of words of memory.

use engram_air::Ring;

use super::{
    arena::Path,
    place::{Lane, Place, Width},
    value::{Byte, WordId, byte_of, limb_of},
};
use crate::{
    compare::limb_sign,
    row::RowBuilder,
    word::{show_bytes, split_limb},
};

impl<B: RowBuilder> Path<'_, B> {
    /// Load a byte, a half-word or a word, extended.
    pub fn load_part(&mut self, place: &Place<B::Expr>, width: Width, signed: bool) -> WordId {
        let word = self.load(place);
        match &place.lane {
            Lane::Known(lane) => self.extract(word, *lane, width, signed),
            Lane::Bits(bits) => self.select_part(word, bits, width, signed),
        }
    }

    /// Store the low byte or half-word of a value, or all of it.
    pub fn store_part(&mut self, place: &Place<B::Expr>, width: Width, part: WordId) {
        if width == Width::Word {
            return self.store(place, part);
        }
        let word = self.load(place);
        let after = match &place.lane {
            Lane::Known(lane) => self.insert(word, *lane, width, part),
            Lane::Bits(bits) => self.replace_part(word, bits, width, part),
        };
        self.store(place, after);
    }

    /// A byte or half-word of a normal value at a known place, extended.
    pub fn extract(&mut self, word: WordId, lane: u32, width: Width, signed: bool) -> WordId {
        let word = self.normal(word);
        if let Some(known) = self.known(word) {
            return self.constant(extended(known >> bits_below(lane), width, signed));
        }
        if width == Width::Word {
            return word;
        }
        let bits = width.bits();
        let mask = self.get(word).mask >> bits_below(lane) & !(u32::MAX << bits);
        let part = if width == Width::Half {
            limb_of(&self.get(word).limbs, lane / 2).clone()
        } else {
            match byte_of(&self.bytes(word), lane) {
                Byte::Known(known) => return self.constant(extended(*known, width, signed)),
                Byte::Expr { expr, .. } => expr.clone(),
            }
        };
        self.extend(part, width, signed, mask)
    }

    /// A byte or half-word that has no bits but those of `mask`, extended.
    fn extend(&mut self, part: B::Expr, width: Width, signed: bool, mask: u32) -> WordId {
        let bits = width.bits();
        if !signed || mask >> bits.saturating_sub(1) == 0 {
            return self.push_normal([part, B::Expr::zero()], mask);
        }
        let sign = limb_sign(self.row, part.clone(), bits);
        let low_fill = 0xffff & u32::MAX << bits;
        let low = part + sign.clone() * B::Expr::integer(low_fill);
        let limbs = [low, sign * B::Expr::integer(0xffff)];
        self.push_normal(limbs, u32::MAX)
    }

    /// A byte or half-word at a place that two bits give, extended.
    fn select_part(&mut self, word: WordId, [odd, upper]: &[B::Expr; 2], width: Width, signed: bool) -> WordId {
        let cells = self.word(word).cells();
        let limb = select(self.row, "limb", "limb is the one addressed", upper, cells);
        if width == Width::Half {
            return self.extend(limb, width, signed, 0xffff);
        }
        let bytes = byte_pair(self.row, limb);
        let byte = select(self.row, "byte", "byte is the one addressed", odd, bytes);
        self.extend(byte, width, signed, 0xff)
    }

    /// A word with the byte or half-word at a place that two bits give replaced by the low part of another.
    fn replace_part(&mut self, word: WordId, [odd, upper]: &[B::Expr; 2], width: Width, part: WordId) -> WordId {
        let ([low, high], part) = (self.word(word).cells(), self.word(part).low());
        let limb = if width == Width::Half {
            part
        } else {
            let limb = select(self.row, "limb", "limb is the one addressed", upper, [low.clone(), high.clone()]);
            let [first, second] = byte_pair(self.row, limb);
            let [byte, _] = byte_pair(self.row, part);
            let replaced = [byte.clone() + second.shift_left(8), first + byte.shift_left(8)];
            select(self.row, "limb after", "byte is replaced where it is addressed", odd, replaced)
        };
        let (low_choice, high_choice) = ([limb.clone(), low], [high, limb]);
        let low = select(self.row, "low after", "low limb is replaced where it is addressed", upper, low_choice);
        let high = select(self.row, "high after", "high limb is replaced where it is addressed", upper, high_choice);
        self.push_normal([low, high], u32::MAX)
    }

    /// A word with a byte or half-word at a known place replaced by the low part of another.
    pub fn insert(&mut self, word: WordId, lane: u32, width: Width, part: WordId) -> WordId {
        let (word, part) = (self.normal(word), self.normal(part));
        let [low, high] = self.get(word).limbs.clone();
        let limb = match width {
            Width::Word => return part,
            Width::Half => self.get(part).limbs[0].clone(),
            Width::Byte => {
                let old = self.byte_expr(word, lane);
                let new = self.byte_expr(part, 0);
                let limb = if lane < 2 { low.clone() } else { high.clone() };
                limb + (new - old).shift_left(bits_below(lane % 2))
            }
        };
        let limbs = if lane < 2 { [limb, high] } else { [low, limb] };
        self.push_normal(limbs, u32::MAX)
    }

    fn byte_expr(&mut self, word: WordId, place: u32) -> B::Expr {
        match byte_of(&self.bytes(word), place) {
            Byte::Known(value) => self.row.constant(*value),
            Byte::Expr { expr, .. } => expr.clone(),
        }
    }
}

/// Bits of a word below the byte in a place from 0 to 3.
fn bits_below(place: u32) -> u32 {
    place << 3
}

/// The low byte, half-word or word of a constant, extended.
fn extended(value: u32, width: Width, signed: bool) -> u32 {
    let unused = u32::BITS.saturating_sub(width.bits());
    let upper = value << unused;
    if signed { (upper.cast_signed() >> unused).cast_unsigned() } else { upper >> unused }
}

/// The two bytes of a limb, shown to be bytes.
fn byte_pair<B: RowBuilder>(row: &mut B, limb: B::Expr) -> [B::Expr; 2] {
    let [low, high] = split_limb(row, limb);
    show_bytes(row, low.clone(), high.clone());
    [low, high]
}

/// One of two expressions by a boolean, as a column.
fn select<B: RowBuilder>(row: &mut B, name: &str, label: &str, by: &B::Expr, [zero, one]: [B::Expr; 2]) -> B::Expr {
    let exact = zero.clone() + by.clone() * (one - zero);
    let column = row.column_of(name, &exact);
    row.assert_zero(label, exact - column.clone());
    column
}
