//! Byte addresses, taken apart.

use engram_air::Ring;

use crate::{
    row::{RowBuilder, RowValue},
    word::{LIMB_BITS, Word, flag, normalize_limb, show_carry},
};

/// Bits of a word's pointer within the low limb of a byte address.
const POINTER_LOW_BITS: u32 = LIMB_BITS - 2;

/// A byte address, taken apart.
#[derive(Clone, Debug)]
pub struct Address<E> {
    /// The word's number, below 2^30.
    pub pointer: E,
    /// The two low bits of the byte address; a zero expression for a bit that may not be set.
    pub bits: [E; 2],
    /// The byte address as limbs below 2^16.
    pub limbs: [E; 2],
}

/// A word modulo 2^32 as an address, of which only those of the two low bits that `free` says may be set: one with another
/// has no row.
///
/// `4 pointer_low + bits` is below 2^16, so it is the low limb, and the carry, an exact quotient, is unique.
pub fn address<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>, free: [bool; 2]) -> Address<B::Expr> {
    let ([low, high], [low_max, high_max]) = (word.limbs(), word.limbs_max());
    let [free_low, free_high] = free;
    let bits = [(0, free_low), (1, free_high)].map(|(index, is_free)| {
        if is_free {
            flag(row, "address bit", "address bit is boolean", |at| low.integer_at(at) >> index & 1 == 1)
        } else {
            B::Expr::zero()
        }
    });
    let [low_bit, high_bit] = bits.clone();
    let low_bits = low_bit + high_bit.shift_left(1);
    let carry_max = low_max >> LIMB_BITS;
    let pointer_low = match carry_max {
        0 => (low.clone() - low_bits.clone()).shift_right(2),
        _ => row.column("pointer low", |at| (low.integer_at(at) & 0xffff) >> 2),
    };
    row.range("pointer low fits 14 bits", pointer_low.clone(), B::Expr::integer(POINTER_LOW_BITS));
    let normal_low = pointer_low.clone().shift_left(2) + low_bits;
    let carry = if carry_max == 0 { B::Expr::zero() } else { (low - normal_low.clone()).shift_right(LIMB_BITS) };
    show_carry(row, carry.clone(), carry_max);
    let (normal_high, _, _) = normalize_limb(row, high + carry, high_max.saturating_add(carry_max));
    let limbs = [normal_low, normal_high];
    let pointer = pointer_low + limbs[1].clone().shift_left(POINTER_LOW_BITS);
    Address { pointer, bits, limbs }
}

/// The word's number of an address whose two low bits are known to be zero.
pub fn aligned_pointer<E: Ring>([low, high]: [E; 2]) -> E {
    high.shift_left(POINTER_LOW_BITS) + low.shift_right(2)
}
