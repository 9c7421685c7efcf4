//! Columns of the volatile boundary and of its image table.

use crate::address::WORD_CELLS;

/// Bits of each limb of a pointer.
pub(super) const LIMB_BITS: u32 = 15;

engram_air::columns! {
    /// One word.
    pub(super) struct VolatileCols {
        /// One in a row that stands for a word; boolean.
        real: T,
        /// One where the next row stands for a word too.
        more: T,
        /// Whether the word is part of the image; boolean.
        in_image: T,
        /// Whether the next row has the same space and the same high limb; boolean.
        same_block: T,
        /// Address space.
        space: T,
        /// Bits 15 and on of the word's position in the space.
        pointer_high: T,
        /// Low 15 bits of the word's position in the space.
        pointer_low: T,
        /// By how much the next row's address is higher, less one: in the low limb within a block, else in the block.
        step: T,
        /// Cells when the segment starts.
        initial: [T; WORD_CELLS],
        /// Cells when the segment ends.
        last: [T; WORD_CELLS],
        /// The time of the first message: any.
        initial_time: T,
        /// The time of the last message.
        last_time: T,
    }
}

engram_air::columns! {
    /// One word of the image, committed.
    pub(super) struct ImageCols {
        /// One in a row that stands for a word.
        real: T,
        /// Address space.
        space: T,
        /// Word in the space.
        pointer: T,
        /// The word's cells.
        cells: [T; WORD_CELLS],
    }
}
