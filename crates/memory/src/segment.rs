//! What a segment did to memory: the records from which its tables are filled.

use engram_air::{F, field::Digest};

use crate::{
    address::LEAF_CELLS,
    layout::Layout,
    records::{AccessAdapterInventory, BlockRecords, RefreshRecord},
    tree::NodeRecord,
};

/// A leaf with a cell that the segment accessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRecord {
    /// Address space.
    pub space: u32,
    /// Position among the leaves of the space: the number of its first cell divided by [`LEAF_CELLS`].
    pub leaf: u32,
    /// Cells when the segment starts.
    pub before: [F; LEAF_CELLS],
    /// Cells when the segment ends.
    pub after: [F; LEAF_CELLS],
    /// The timestamp of each block's first message, by block of the space's size: the one before its first access. Zero for a
    /// block that is not accessed, and past the last block.
    pub initial_timestamps: [u32; LEAF_CELLS],
    /// The timestamp of each block's last message, likewise.
    pub final_timestamps: [u32; LEAF_CELLS],
    /// Digest of the cells before.
    pub digest_before: Digest,
    /// Digest of the cells after.
    pub digest_after: Digest,
}

impl LeafRecord {
    /// Whether a cell changed.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// Everything that the memory tables of one segment show.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMemory {
    /// The memory's layout.
    pub layout: Layout,
    /// Touched leaves, by ascending space and index.
    pub leaves: Vec<LeafRecord>,
    /// Touched nodes above the leaves, by ascending space, descending height and ascending index.
    pub nodes: Vec<NodeRecord>,
    /// Refreshes, by [`ACCESS_SIZES`](crate::address::ACCESS_SIZES), in the order of the accesses that needed them.
    pub refreshes: Vec<BlockRecords<RefreshRecord>>,
    /// Splits and merges.
    pub adapters: AccessAdapterInventory,
    /// Roots of all spaces when the segment starts, in the layout's order.
    pub roots_before: Vec<Digest>,
    /// Roots of all spaces when the segment ends.
    pub roots_after: Vec<Digest>,
}

impl SegmentMemory {
    /// Number of refreshes, of blocks of any size.
    pub fn refresh_count(&self) -> usize {
        self.refreshes.iter().map(BlockRecords::len).sum()
    }
}
