//! Columns of the persistent boundary.

use engram_air::field::DIGEST_CELLS;

use crate::address::{LEAF_CELLS, LEAF_WORDS};

engram_air::columns! {
    /// One touched leaf.
    pub(super) struct BoundaryCols {
        /// One in a row that stands for a leaf; boolean.
        real: T,
        /// One where the leaf after may differ from the leaf before; boolean.
        changed: T,
        /// Address space.
        space: T,
        /// Position among the leaves of the space.
        leaf: T,
        /// Cells when the segment starts.
        before: [T; LEAF_CELLS],
        /// Cells when the segment ends.
        after: [T; LEAF_CELLS],
        /// The time of each word's first message: any.
        initial_times: [T; LEAF_WORDS],
        /// The time of each word's last message.
        final_times: [T; LEAF_WORDS],
        /// Digest of the cells before.
        digest_before: [T; DIGEST_CELLS],
        /// Digest of the cells after.
        digest_after: [T; DIGEST_CELLS],
    }
}
