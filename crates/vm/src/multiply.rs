//! Products of normal words.

use engram_air::Ring;

use crate::{
    compare::sign,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, bounded},
};

/// Bits of the carry out of each of the three lower limbs of a product.
const CARRY_BITS: [u32; 3] = [9, 10, 9];

/// The four limb sums of a product of two words given as bytes: `Σ sums[k] · 2^(16 k)` is the product.
///
/// As integers they are at most `1 + 2·2^8`, `3 + 4·2^8`, `3 + 2·2^8` and 1 times `255²`: below 2^27.
pub fn limb_sums<E: Ring>(x: &[E; 4], y: &[E; 4]) -> [E; 4] {
    let position = |position: usize| {
        // Only bytes whose places add up to the position: some have no counterpart.
        let products = (0_usize..).zip(x).filter_map(|(i, x)| Some((x, y.get(position.checked_sub(i)?)?)));
        products.fold(E::zero(), |sum, (x, y)| sum + x.clone() * y.clone())
    };
    let limb = |low, high| position(low) + position(high).shift_left(8);
    [limb(0, 1), limb(2, 3), limb(4, 5), position(6)]
}

/// The product modulo 2^32.
pub fn multiply<B: RowBuilder>(row: &mut B, x: &Word<B::Expr>, y: &Word<B::Expr>) -> Word<B::Expr> {
    let [low, high, ..] = product(row, x, y, 2);
    Word::from_cells([low, high])
}

/// The upper 32 bits of the product, with either operand signed or not.
///
/// A signed operand is the unsigned one less `2^32` where its sign is set, so the signed product's upper word is the
/// unsigned one's less the other operand.
pub fn multiply_high<B: RowBuilder>(
    row: &mut B,
    x: &Word<B::Expr>,
    y: &Word<B::Expr>,
    [x_signed, y_signed]: [bool; 2],
) -> Word<B::Expr> {
    let [_, _, low, high] = product(row, x, y, 4);
    let unsigned = Word::from_cells([low, high]);
    if !x_signed && !y_signed {
        return unsigned;
    }
    let x_sign = if x_signed { sign(row, x) } else { B::Expr::zero() };
    let y_sign = if y_signed { sign(row, y) } else { B::Expr::zero() };
    let take = |x: B::Expr, y: B::Expr| x_sign.clone() * y + y_sign.clone() * x;
    let ([x_low, x_high], [y_low, y_high], [low, high]) = (x.cells(), y.cells(), unsigned.cells());
    let mut carry = B::Expr::zero();
    let limbs = [(low, take(x_low, y_low)), (high, take(x_high, y_high))].map(|(total, take)| {
        // limb + what is taken away + carry in = the unsigned limb + 2^16 · carry out, carries at most 2
        let taken = take.clone() + carry.clone();
        let value = |at: At| total.integer_at(at).wrapping_sub(taken.integer_at(at)) & 0xffff;
        let limb = bounded(row, "signed limb", "signed limb is below 2^16", value, LIMB_BITS);
        let out = row.column("carry", |at| value(at).wrapping_add(taken.integer_at(at)) >> LIMB_BITS);
        let two = row.constant(2);
        let small = out.clone() * (out.clone() - row.real()) * (out.clone() - two);
        row.assert_zero("carry is at most two", small);
        let exact = limb.clone() + take + carry.clone() - total.clone() - out.clone().shift_left(LIMB_BITS);
        row.assert_zero("signed limb is the unsigned less the other operand", exact);
        carry = out;
        limb
    });
    Word::from_cells(limbs)
}

/// The first `limbs` (2 or 4) limbs of the unsigned product, each below 2^16; the others are zero.
fn product<B: RowBuilder>(row: &mut B, x: &Word<B::Expr>, y: &Word<B::Expr>, limbs: usize) -> [B::Expr; 4] {
    let (x, y) = (x.bytes(row), y.bytes(row));
    let sums = limb_sums(&x, &y);
    let mut carry = B::Expr::zero();
    let mut product: [B::Expr; 4] = std::array::from_fn(|_| B::Expr::zero());
    let carry_bits = CARRY_BITS.into_iter().map(Some).chain([None]);
    for ((place, sum), carry_bits) in product.iter_mut().zip(sums).zip(carry_bits).take(limbs) {
        let total = sum + carry.clone();
        let value = |at: At| total.integer_at(at);
        let limb = bounded(row, "product limb", "product limb is below 2^16", |at| value(at) & 0xffff, LIMB_BITS);
        let exact = match carry_bits {
            Some(bits) => {
                let high = |at: At| value(at) >> LIMB_BITS;
                carry = bounded(row, "product carry", "product carry is short", high, bits);
                limb.clone() + carry.clone().shift_left(LIMB_BITS)
            }
            None => limb.clone(),
        };
        row.assert_zero("limb and carry make up the sum of products", total - exact);
        *place = limb;
    }
    product
}
