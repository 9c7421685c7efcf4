//! Columns of the Merkle table.

use engram_air::field::DIGEST_CELLS;

engram_air::columns! {
    /// One touched node above the leaves.
    pub(super) struct MerkleCols {
        /// One in a row that stands for a node; boolean.
        real: T,
        /// One where the node after may differ from the node before; boolean.
        changed: T,
        /// Whether a leaf below the left or right child is touched; boolean.
        touched: [T; 2],
        /// Address space.
        space: T,
        /// Distance from the leaves.
        height: T,
        /// Position among the nodes of this height, from the left.
        index: T,
        /// Digests of the left and right child before.
        children_before: [[T; DIGEST_CELLS]; 2],
        /// Digests of the left and right child after.
        children_after: [[T; DIGEST_CELLS]; 2],
        /// Digest before.
        before: [T; DIGEST_CELLS],
        /// Digest after.
        after: [T; DIGEST_CELLS],
    }
}
