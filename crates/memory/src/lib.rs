//! Memory that can be proven: what was read at an address is what was last written there.
//!
//! The executor's accesses are replayed on an [`OfflineMemory`], which says for each access what was there before and how long
//! ago that was. Circuits put both on the [`messages::MEMORY`] bus: an access takes the last message about its address off
//! the bus and puts the next one on. The *boundary* puts the first message about each address on and takes the last one off,
//! and ties both to a Merkle root before and a Merkle root after. `docs/SOUNDNESS.md` says why that suffices.

pub mod access;
pub mod address;
pub mod boundary;
pub mod bytes;
pub mod compress;
pub mod image;
pub mod lookups;
pub mod merkle;
pub mod messages;
pub mod offline;
pub mod range;
pub mod refresh;
pub mod roots;
pub mod segment;
pub mod tables;
#[cfg(test)]
mod testing;
pub mod tree;
pub mod volatile;

pub use address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, SPACES, Space, TREE_HEIGHTS};
pub use image::{ImageError, MemoryImage};
pub use lookups::{ByteCounter, Lookups, RangeCounter};
pub use offline::{Access, OfflineMemory};
pub use segment::{LeafRecord, RefreshRecord, SegmentMemory};
pub use tables::{circuits, lookup_circuits};
pub use tree::{MerkleTree, NodeRecord};
