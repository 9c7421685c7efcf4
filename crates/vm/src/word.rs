//! 32-bit words as two 16-bit limbs, and the arithmetic that stays on limbs.

use engram_air::Ring;

use crate::row::{At, RowBuilder, RowValue};

/// Bits of a limb.
pub const LIMB_BITS: u32 = 16;

const LIMB_MAX: u64 = (1 << LIMB_BITS) - 1;

/// A 32-bit word, `low + 2^16 · high` modulo 2^32.
///
/// Each limb carries the largest value that it can take. A word is *normal* when both are below 2^16; then its limbs
/// are its cells. Sums stay as they are until somebody needs cells.
#[derive(Clone, Debug)]
pub struct Word<E> {
    limbs: [E; 2],
    limbs_max: [u64; 2],
}

impl<E: Ring> Word<E> {
    /// A word whose limbs are known to be below 2^16: cells of memory or of the program, or just range-checked.
    pub fn from_cells(cells: [E; 2]) -> Self {
        Self { limbs: cells, limbs_max: [LIMB_MAX; 2] }
    }

    /// A constant, zero on padding rows.
    pub fn constant<B: RowBuilder<Expr = E>>(row: &B, value: u32) -> Self {
        let limbs = [value & 0xffff, value >> LIMB_BITS];
        Self { limbs: limbs.map(|limb| row.constant(limb)), limbs_max: limbs.map(u64::from) }
    }

    /// A word from limbs with stated bounds, which the caller has shown.
    pub fn from_bounded(limbs: [E; 2], limbs_max: [u64; 2]) -> Self {
        Self { limbs, limbs_max }
    }

    /// The limbs, normal or not.
    pub fn limbs(&self) -> [E; 2] {
        self.limbs.clone()
    }

    /// The largest value that each limb can take.
    pub fn limbs_max(&self) -> [u64; 2] {
        self.limbs_max
    }

    /// Both limbs are below 2^16.
    pub fn is_normal(&self) -> bool {
        self.limbs_max.iter().all(|&max| max <= LIMB_MAX)
    }

    /// The limbs as cells of memory.
    ///
    /// # Panics
    /// Where the word is not normal: an error of the circuit's author.
    pub fn cells(&self) -> [E; 2] {
        assert!(self.is_normal(), "only a normal word has cells");
        self.limbs.clone()
    }

    /// The low limb of a normal word.
    pub fn low(&self) -> E {
        self.cells()[0].clone()
    }

    /// The high limb of a normal word.
    pub fn high(&self) -> E {
        self.cells()[1].clone()
    }

    /// The word's value in this row, modulo 2^32.
    pub fn value_at(&self, at: At) -> u32
    where
        E: RowValue,
    {
        let [low, high] = self.limbs.each_ref().map(|limb| limb.integer_at(at));
        low.wrapping_add(high << LIMB_BITS)
    }

    /// The sum modulo 2^32, not normal.
    pub fn add(&self, other: &Self) -> Self {
        let ([a_low, a_high], [b_low, b_high]) = (self.limbs(), other.limbs());
        let ([a_low_max, a_high_max], [b_low_max, b_high_max]) = (self.limbs_max, other.limbs_max);
        let limbs_max = [a_low_max.saturating_add(b_low_max), a_high_max.saturating_add(b_high_max)];
        Self { limbs: [a_low + b_low, a_high + b_high], limbs_max }
    }

    /// The same word with both limbs below 2^16. Carries into 2^32 are dropped.
    ///
    /// A new limb is range-checked, and its carry, an exact quotient, is shown to be small: no other limb can satisfy
    /// both, as `limb + 2^16 · carry` stays below p.
    pub fn normalize<B: RowBuilder<Expr = E>>(self, row: &mut B) -> Self {
        if self.is_normal() {
            return self;
        }
        let [low, high] = self.limbs;
        let (low, carry, carry_max) = normalize_limb(row, low, self.limbs_max[0]);
        let (high, _, _) = normalize_limb(row, high + carry, self.limbs_max[1].saturating_add(carry_max));
        Self::from_cells([low, high])
    }

    /// The four bytes of a normal word, low first, not yet shown to be bytes: two columns, and two differences.
    pub fn split_bytes<B: RowBuilder<Expr = E>>(&self, row: &mut B) -> [E; 4] {
        let [a, b] = self.cells();
        let [a0, a1] = split_limb(row, a);
        let [b0, b1] = split_limb(row, b);
        [a0, a1, b0, b1]
    }

    /// The four bytes of a normal word, low first, shown to be bytes.
    pub fn bytes<B: RowBuilder<Expr = E>>(&self, row: &mut B) -> [E; 4] {
        let bytes = self.split_bytes(row);
        show_bytes(row, bytes[0].clone(), bytes[1].clone());
        show_bytes(row, bytes[2].clone(), bytes[3].clone());
        bytes
    }
}

/// A limb of a word's value, the low one first.
pub fn limb(value: u32, index: u32) -> u32 {
    if index == 0 { value & 0xffff } else { value >> LIMB_BITS }
}

/// `limb = low + 2^16 · carry` with `low` range-checked and the carry bounded; the carry and its bound.
pub(crate) fn normalize_limb<B: RowBuilder>(row: &mut B, limb: B::Expr, max: u64) -> (B::Expr, B::Expr, u64) {
    if max <= LIMB_MAX {
        return (limb, B::Expr::zero(), 0);
    }
    assert!(max < 1 << 29, "a limb is normalized before it can reach p");
    let low = row.column("normal limb", |at| limb.integer_at(at) & 0xffff);
    row.range("normal limb is below 2^16", low.clone(), B::Expr::integer(LIMB_BITS));
    let carry = (limb - low.clone()).shift_right(LIMB_BITS);
    let carry_max = max >> LIMB_BITS;
    show_carry(row, carry.clone(), carry_max);
    (low, carry, carry_max)
}

/// Show that a carry, an exact quotient, is small.
pub(crate) fn show_carry<B: RowBuilder>(row: &mut B, carry: B::Expr, max: u64) {
    match max {
        0 => {}
        1 => row.assert_bool("carry of a sum is boolean", carry),
        _ => row.range("carry of a sum is small", carry, B::Expr::integer(max.ilog2().saturating_add(1))),
    }
}

/// The two bytes of a limb, not yet shown to be bytes.
pub fn split_limb<B: RowBuilder>(row: &mut B, limb: B::Expr) -> [B::Expr; 2] {
    let low = row.column("low byte", |at| limb.integer_at(at) & 0xff);
    let high = (limb - low.clone()).shift_right(8);
    [low, high]
}

/// Show that two expressions are bytes, by one lookup.
pub fn show_bytes<B: RowBuilder>(row: &mut B, x: B::Expr, y: B::Expr) {
    let and = conjunction(row, &x, &y);
    row.byte_and("two values are bytes", x, y, and);
}

/// A column with the bitwise conjunction of two values, not yet shown to be it.
pub(crate) fn conjunction<B: RowBuilder>(row: &mut B, x: &B::Expr, y: &B::Expr) -> B::Expr {
    row.column("conjunction of bytes", |at| x.integer_at(at) & y.integer_at(at))
}

/// A witness column that is checked to fit `bits` bits.
pub fn bounded<B: RowBuilder>(row: &mut B, name: &str, label: &str, witness: impl Fn(At) -> u32, bits: u32) -> B::Expr {
    let column = row.column(name, witness);
    row.range(label, column.clone(), B::Expr::integer(bits));
    column
}

/// A boolean witness column.
pub fn flag<B: RowBuilder>(row: &mut B, name: &str, label: &str, witness: impl Fn(At) -> bool) -> B::Expr {
    let column = row.column(name, |at| u32::from(witness(at)));
    row.assert_bool(label, column.clone());
    column
}
