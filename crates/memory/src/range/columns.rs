//! Columns of the range tables.

use crate::messages::RANGE_BITS_MAX;

/// Values in a row of the wide table.
pub const BLOCK: usize = 16;

/// Bits that the values of a block share out: the narrowest width of the wide table.
pub(super) const BLOCK_BITS: u32 = BLOCK.ilog2();

/// Base-4 digits of a block's number.
#[expect(clippy::as_conversions, reason = "evaluated by the compiler")]
pub(super) const DIGITS: usize = (RANGE_BITS_MAX - BLOCK_BITS).div_ceil(2) as usize;

/// Values of the narrow table: all those of 0, 1, 2 and 3 bits.
pub(super) const NARROW_VALUES: usize = BLOCK - 1;

engram_air::columns! {
    /// Sixteen neighbours of one width.
    pub(super) struct RangeCols {
        /// The first of the values.
        first: T,
        /// Bits above four.
        width: T,
        /// The block's number in base 4, lowest digit first.
        digits: [T; DIGITS],
        /// How many bits of each digit the width covers: 0, 1 or 2.
        limits: [T; DIGITS],
        /// How often each value is asked for.
        multiplicities: [T; BLOCK],
    }
}
