//! Shifts of a normal word by an amount that is itself a witness.

use engram_air::Ring;

use crate::{
    compare::sign,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, flag},
};

/// Direction and fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shift {
    /// `sll`.
    Left,
    /// `srl`.
    RightLogical,
    /// `sra`.
    RightArithmetic,
}

/// The amount `16 · by_limb + bits` with `bits` below 16, and `2^bits`.
struct Amount<E> {
    bits: E,
    by_limb: E,
    power: E,
}

/// The five low bits of a limb. What is above them fits 11 bits, so they are the only five.
fn amount<B: RowBuilder>(row: &mut B, limb: B::Expr) -> Amount<B::Expr> {
    let value = |at: At| limb.integer_at(at);
    let [b0, b1, b2, b3, by_limb] = [0, 1, 2, 3, 4]
        .map(|index| flag(row, "bit of the amount", "bit of the amount is boolean", |at| value(at) >> index & 1 == 1));
    let bits = b0.clone() + b1.clone().shift_left(1) + b2.clone().shift_left(2) + b3.clone().shift_left(3);
    let rest = (limb.clone() - bits.clone() - by_limb.clone().shift_left(4)).shift_right(5);
    row.range("what is above the amount fits 11 bits", rest, B::Expr::integer(LIMB_BITS - 5));
    let power = row.column("power", |at| 1 << (value(at) & 15));
    // One where the bit is not set, and this power of two where it is.
    let factor = |bit: B::Expr, power: u32| B::Expr::one() + bit * (B::Expr::integer(power) - B::Expr::one());
    let product = (row.real() + b0) * factor(b1, 1 << 2) * factor(b2, 1 << 4) * factor(b3, 1 << 8);
    row.assert_zero("power is two to the amount's four low bits", product - power.clone());
    Amount { bits, by_limb, power }
}

/// `limb = high · 2^(16 - k) + low` (left) or `high · 2^k + low` (right), both parts shown to be short. Returns (high, low).
fn split<B: RowBuilder>(row: &mut B, limb: B::Expr, amount: &Amount<B::Expr>, shift: Shift) -> (B::Expr, B::Expr) {
    let low_bits = |at: At| {
        let bits = amount.bits.integer_at(at);
        if shift == Shift::Left { LIMB_BITS.wrapping_sub(bits) } else { bits }
    };
    let high = row.column("high part", |at| limb.integer_at(at) >> low_bits(at));
    let low = row.column("low part", |at| limb.integer_at(at) & !(u32::MAX << low_bits(at)));
    let short = amount.bits.clone();
    let long = B::Expr::integer(LIMB_BITS) - short.clone();
    let power = amount.power.clone();
    let (high_bits, low_bits, exact) = match shift {
        // Multiplied by 2^k, which is not zero: limb · 2^k = high · 2^16 + low · 2^k.
        Shift::Left => (short, long, limb * power.clone() - high.clone().shift_left(LIMB_BITS) - low.clone() * power),
        _ => (long, short, limb - high.clone() * power - low.clone()),
    };
    row.assert_zero("the parts make up the limb", exact);
    row.range("high part is short", high.clone(), high_bits);
    row.range("low part is short", low.clone(), low_bits);
    (high, low)
}

/// Shift `word` by the five low bits of `by`, both normal.
pub fn shift<B: RowBuilder>(row: &mut B, shift: Shift, word: &Word<B::Expr>, by: &Word<B::Expr>) -> Word<B::Expr> {
    let amount = amount(row, by.low());
    let [low, high] = word.cells();
    let (low_high, low_low) = split(row, low, &amount, shift);
    let (high_high, high_low) = split(row, high, &amount, shift);
    let by_limb = amount.by_limb.clone();
    let within = row.real() - by_limb.clone();
    let (low, high) = match shift {
        Shift::Left => {
            let low = low_low * amount.power.clone();
            let high = high_low * amount.power + low_high;
            (within.clone() * low.clone(), within * high + by_limb * low)
        }
        Shift::RightLogical | Shift::RightArithmetic => {
            let moved = moved_down(row, high_low, &amount);
            let (fill, ones) = match shift {
                Shift::RightArithmetic => fill(row, word, &amount),
                _ => (B::Expr::zero(), B::Expr::zero()),
            };
            let top = high_high + fill;
            let low = within.clone() * (low_high + moved) + by_limb.clone() * top.clone();
            (low, within * top + by_limb * ones)
        }
    };
    let low = result(row, "shifted low", "shifted low limb is the shifted word's", low);
    let high = result(row, "shifted high", "shifted high limb is the shifted word's", high);
    Word::from_cells([low, high])
}

/// `part · 2^(16 - k)` for a part that fits k bits: a column `m` with `m · 2^k = part · 2^16`.
fn moved_down<B: RowBuilder>(row: &mut B, part: B::Expr, amount: &Amount<B::Expr>) -> B::Expr {
    let value = |at: At| part.integer_at(at) << LIMB_BITS.wrapping_sub(amount.bits.integer_at(at));
    let moved = row.column("part from the high limb", value);
    let exact = moved.clone() * amount.power.clone() - part.shift_left(LIMB_BITS);
    row.assert_zero("part from the high limb is moved down", exact);
    moved
}

/// What an arithmetic shift fills the top limb with, `sign · (2^16 - 2^(16 - k))`, and a limb of the sign.
fn fill<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>, amount: &Amount<B::Expr>) -> (B::Expr, B::Expr) {
    let sign = sign(row, word);
    let fill = row.column("fill", |at| {
        let ones = u32::MAX << LIMB_BITS.wrapping_sub(amount.bits.integer_at(at));
        sign.integer_at(at).wrapping_mul(ones & 0xffff)
    });
    let exact = sign.clone() * (amount.power.clone() - B::Expr::one()).shift_left(LIMB_BITS);
    row.assert_zero("fill repeats the sign", fill.clone() * amount.power.clone() - exact);
    (fill, sign * B::Expr::integer(0xffff))
}

/// A column that equals an expression of higher degree, so that messages stay linear.
fn result<B: RowBuilder>(row: &mut B, name: &str, label: &str, expr: B::Expr) -> B::Expr {
    let column = row.column_of(name, &expr);
    row.assert_zero(label, expr - column.clone());
    column
}
