//! Columns of the refresh table.

use crate::address::{GAP_BITS, TIME_BITS, WORD_CELLS};

/// Bits of the low limb of a time.
pub(super) const TIME_LOW_BITS: u32 = GAP_BITS;
/// Bits of the high limb of a time.
pub(super) const TIME_HIGH_BITS: u32 = TIME_BITS - TIME_LOW_BITS;

engram_air::columns! {
    /// One refresh.
    pub(super) struct RefreshCols {
        /// One in a row that stands for a refresh; boolean.
        real: T,
        /// Address space.
        space: T,
        /// Word in the space.
        pointer: T,
        /// The word's cells, low first.
        cells: [T; WORD_CELLS],
        /// The time's low 17 bits.
        time_low: T,
        /// The time's high 12 bits.
        time_high: T,
        /// How far back the access before is, in units of `2^17`, less one; 12 bits.
        more_steps: T,
    }
}
