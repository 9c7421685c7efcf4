//! Comparisons of normal words.

use engram_air::{F, PrimeCharacteristicRing, Ring};

use crate::{
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, flag},
};

/// The sign bit of a normal word: boolean, and the rest of the high limb fits 15 bits.
pub fn sign<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>) -> B::Expr {
    limb_sign(row, word.high(), LIMB_BITS)
}

/// The highest bit of a value that fits `bits` bits.
pub fn limb_sign<B: RowBuilder>(row: &mut B, limb: B::Expr, bits: u32) -> B::Expr {
    let place = bits.saturating_sub(1);
    let sign = flag(row, "sign", "sign is boolean", |at| limb.integer_at(at) >> place == 1);
    let rest = limb - sign.clone().shift_left(place);
    row.range("what is left without the sign is short", rest, B::Expr::integer(place));
    sign
}

/// Is `x < y`, unsigned? A boolean expression.
pub fn less_than<B: RowBuilder>(row: &mut B, x: &Word<B::Expr>, y: &Word<B::Expr>) -> B::Expr {
    limbs_less_than(row, x.cells(), y.cells())
}

/// Is `x < y`, signed? A boolean expression.
pub fn less_than_signed<B: RowBuilder>(row: &mut B, x: &Word<B::Expr>, y: &Word<B::Expr>) -> B::Expr {
    let (x_sign, y_sign) = (sign(row, x), sign(row, y));
    let ([x_low, x_high], [y_low, y_high]) = (x.cells(), y.cells());
    let x_high = x_high - x_sign.shift_left(LIMB_BITS);
    let y_high = y_high - y_sign.shift_left(LIMB_BITS);
    limbs_less_than(row, [x_low, x_high], [y_low, y_high])
}

/// Long subtraction: each limb's difference, with what it borrows, is below 2^16, and borrows are boolean. The high limbs
/// may be signed; their difference is above -2^17.
fn limbs_less_than<B: RowBuilder>(row: &mut B, x: [B::Expr; 2], y: [B::Expr; 2]) -> B::Expr {
    let mut borrow = B::Expr::zero();
    for (x, y) in x.into_iter().zip(y) {
        let exact = x - y - borrow;
        let difference = row.field_column("difference", |at| {
            let wraps = exact.integer_at(at) >= 1 << LIMB_BITS;
            if wraps { exact.value_at(at) + F::from_u32(1 << LIMB_BITS) } else { exact.value_at(at) }
        });
        row.range("difference is below 2^16", difference.clone(), B::Expr::integer(LIMB_BITS));
        borrow = (difference - exact).shift_right(LIMB_BITS);
        row.assert_bool("borrow is boolean", borrow.clone());
    }
    borrow
}

/// Is `x = y`? A boolean column: where it is one both differences are zero, where it is zero some multiple of them is one.
pub fn equal<B: RowBuilder>(row: &mut B, x: &Word<B::Expr>, y: &Word<B::Expr>) -> B::Expr {
    let ([x_low, x_high], [y_low, y_high]) = (x.cells(), y.cells());
    both_zero(row, x_low - y_low, x_high - y_high)
}

/// Are two expressions both zero? A boolean column.
pub fn both_zero<B: RowBuilder>(row: &mut B, first: B::Expr, second: B::Expr) -> B::Expr {
    let is_zero = |expr: &B::Expr, at: At| expr.value_at(at) == F::ZERO;
    let both = |at: At| is_zero(&first, at) && is_zero(&second, at);
    let zero = flag(row, "both are zero", "both are zero is boolean", both);
    let first_inverse = row.inverse_column("inverse of the first", |at| first.value_at(at));
    let second_inverse = row
        .inverse_column("inverse of the second", |at| if is_zero(&first, at) { second.value_at(at) } else { F::ZERO });
    row.assert_zero("the first is zero where both are", zero.clone() * first.clone());
    row.assert_zero("the second is zero where both are", zero.clone() * second.clone());
    let one = first * first_inverse + second * second_inverse;
    row.assert_zero("one of both has an inverse where not both are zero", one + zero.clone() - row.real());
    zero
}
