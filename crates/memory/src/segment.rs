//! What a segment did to memory: the records from which its tables are filled.

use engram_air::field::Digest;

use crate::{
    address::{LEAF_WORDS, SPACES_COUNT},
    tree::NodeRecord,
};

/// A leaf with a word that the segment touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRecord {
    /// Address space.
    pub space: u32,
    /// Position among the leaves of the space: its first pointer divided by [`LEAF_WORDS`].
    pub leaf: u32,
    /// Words when the segment starts.
    pub before: [u32; LEAF_WORDS],
    /// Words when the segment ends.
    pub after: [u32; LEAF_WORDS],
    /// The time before each word's first access; zero for a word that is not accessed.
    pub initial_times: [u32; LEAF_WORDS],
    /// The time of each word's last access; zero for a word that is not accessed.
    pub final_times: [u32; LEAF_WORDS],
    /// Digest of the words before.
    pub digest_before: Digest,
    /// Digest of the words after.
    pub digest_after: Digest,
}

impl LeafRecord {
    /// Whether a word changed.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// A read that only shortens the gap between two accesses: it takes the word as it was `2^17 · steps` earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRecord {
    /// Address space.
    pub space: u32,
    /// Word in the space.
    pub pointer: u32,
    /// What the word holds.
    pub word: u32,
    /// Time of the read.
    pub time: u32,
    /// How far back the access before is, in units of `2^17`: from 1 to `2^12`.
    pub steps: u32,
}

/// Everything that the memory tables of one segment show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentMemory {
    /// Touched leaves, by ascending space and index.
    pub leaves: Vec<LeafRecord>,
    /// Touched nodes above the leaves, by ascending space, descending height and ascending index.
    pub nodes: Vec<NodeRecord>,
    /// Refreshes, in the order of the accesses that needed them.
    pub refreshes: Vec<RefreshRecord>,
    /// Roots of all spaces when the segment starts.
    pub roots_before: [Digest; SPACES_COUNT],
    /// Roots of all spaces when the segment ends.
    pub roots_after: [Digest; SPACES_COUNT],
}
