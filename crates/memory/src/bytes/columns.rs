//! Columns of the bytes table.

/// Bits of a byte.
pub(super) const BYTE_BITS: usize = 8;

/// Bits of half a byte.
pub(super) const HALF_BITS: usize = 4;

/// Pairs in a row: one for each low half of `y`.
pub(super) const BLOCK: usize = 1 << HALF_BITS;

engram_air::columns! {
    /// One `x` with sixteen neighbouring `y`.
    pub(super) struct BytesCols {
        /// Bits of `x`, lowest first.
        x_bits: [T; BYTE_BITS],
        /// Bits of the high half of `y`, lowest first.
        y_high_bits: [T; HALF_BITS],
        /// The bitwise and of the high halves.
        and_high: T,
        /// How often each pair is asked for, by the low half of `y`.
        multiplicities: [T; BLOCK],
    }
}
