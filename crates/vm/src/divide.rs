//! Quotients and remainders of normal words.

use engram_air::Ring;

use crate::{
    compare::{less_than, sign},
    multiply::limb_sums,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, bounded, flag, limb},
};

/// Bits of the carry from the low into the high limb of `quotient · divisor + remainder`.
const CARRY_BITS: u32 = 9;

/// Quotient and remainder as the M extension defines them: by zero the quotient is all ones and the remainder the
/// dividend; the one signed overflow yields the dividend and zero, which needs no case of its own here, as the
/// magnitudes 2^31 and 1 divide without overflow.
pub fn divide<B: RowBuilder>(
    row: &mut B,
    dividend: &Word<B::Expr>,
    divisor: &Word<B::Expr>,
    signed: bool,
) -> (Word<B::Expr>, Word<B::Expr>) {
    if !signed {
        let (quotient, remainder, _) = divide_magnitudes(row, dividend, divisor);
        return (quotient, remainder);
    }
    let (dividend_sign, divisor_sign) = (sign(row, dividend), sign(row, divisor));
    let dividend = negate_if(row, dividend, dividend_sign.clone());
    let divisor = negate_if(row, divisor, divisor_sign.clone());
    let (quotient, remainder, by_zero) = divide_magnitudes(row, &dividend, &divisor);
    let differ = dividend_sign.clone() + divisor_sign.clone() - (dividend_sign.clone() * divisor_sign).shift_left(1);
    let negative = differ * (row.real() - by_zero);
    let quotient_sign = row.column_of("quotient's sign", &negative);
    row.assert_zero("quotient is negative where the signs differ", negative - quotient_sign.clone());
    (negate_if(row, &quotient, quotient_sign), negate_if(row, &remainder, dividend_sign))
}

/// Unsigned quotient and remainder, and whether the divisor is zero.
///
/// `quotient · divisor + remainder = dividend` as integers: limb sums are below 2^27, and those that reach beyond 2^32
/// are zero. The remainder is below the divisor unless that is zero; then the quotient is all ones.
fn divide_magnitudes<B: RowBuilder>(
    row: &mut B,
    dividend: &Word<B::Expr>,
    divisor: &Word<B::Expr>,
) -> (Word<B::Expr>, Word<B::Expr>, B::Expr) {
    let quotient = |at: At| dividend.value_at(at).checked_div(divisor.value_at(at)).unwrap_or(u32::MAX);
    let remainder = |at: At| {
        let dividend = dividend.value_at(at);
        dividend.checked_rem(divisor.value_at(at)).unwrap_or(dividend)
    };
    // The quotient's limbs are shown to be below 2^16 through its bytes.
    let quotient = [0, 1].map(|index| row.column("quotient", |at| limb(quotient(at), index)));
    let quotient = Word::from_cells(quotient);
    let remainder = [0, 1].map(|index| {
        let witness = |at: At| limb(remainder(at), index);
        bounded(row, "remainder", "remainder limb is below 2^16", witness, LIMB_BITS)
    });
    let remainder = Word::from_cells(remainder);

    let (quotient_bytes, divisor_bytes) = (quotient.bytes(row), divisor.bytes(row));
    let [low, high, above, top] = limb_sums(&quotient_bytes, &divisor_bytes);
    let low = low + remainder.low();
    let carry_value = |at: At| low.integer_at(at).wrapping_sub(dividend.low().integer_at(at)) >> LIMB_BITS;
    let carry = bounded(row, "carry", "carry is below 2^9", carry_value, CARRY_BITS);
    row.assert_zero(
        "low limb of quotient times divisor plus remainder",
        low - dividend.low() - carry.clone().shift_left(LIMB_BITS),
    );
    row.assert_zero(
        "high limb of quotient times divisor plus remainder",
        high + remainder.high() + carry - dividend.high(),
    );
    row.assert_zero("nothing reaches the third limb", above);
    row.assert_zero("nothing reaches the fourth limb", top);

    let smaller = less_than(row, &remainder, divisor);
    let by_zero = row.real() - smaller;
    let divisor_sum = divisor.low() + divisor.high();
    row.assert_zero("remainder is below a divisor that is not zero", by_zero.clone() * divisor_sum);
    let ones = row.constant(0xffff);
    for limb in quotient.cells() {
        row.assert_zero("quotient by zero is all ones", by_zero.clone() * (limb - ones.clone()));
    }
    (quotient, remainder, by_zero)
}

/// The word, or its negative modulo 2^32 where `negative` is one.
///
/// Each limb is `± limb` plus or minus a borrow, brought below 2^16 by a boolean multiple of 2^16, of which only one fits.
fn negate_if<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>, negative: B::Expr) -> Word<B::Expr> {
    let factor = row.real() - negative.clone().shift_left(1);
    let mut borrow = B::Expr::zero();
    let limbs = word.cells().map(|limb| {
        let exact = |at: At| {
            let value = limb.integer_at(at);
            let negated = if negative.integer_at(at) == 1 { 0u32.wrapping_sub(value) } else { value };
            negated.wrapping_sub(borrow.integer_at(at))
        };
        let out = bounded(row, "magnitude", "magnitude limb is below 2^16", |at| exact(at) & 0xffff, LIMB_BITS);
        let lends = flag(row, "borrow", "borrow is boolean", |at| exact(at) >> LIMB_BITS != 0);
        let expected = factor.clone() * limb - borrow.clone() + lends.clone().shift_left(LIMB_BITS);
        row.assert_zero("magnitude limb is the limb or its negative", expected - out.clone());
        borrow = lends;
        out
    });
    Word::from_cells(limbs)
}
