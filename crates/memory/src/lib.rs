//! Memory that can be proven: what was read at an address is what was last written there.
//!
//! The executor's accesses are replayed on an [`OfflineMemory`], which says for each access what was there before and how
//! long ago that was. Circuits put both on the [`messages::MEMORY`] bus: an access takes the last message about its address
//! off the bus and puts the next one on. The *boundary* puts the first message about each address on and takes the last one
//! off, and ties both to a Merkle root before and a Merkle root after.
//!
//! # Why this suffices
//!
//! An access at time *t* that follows a gap *g* takes a message of time *t − 1 − g* and puts one of time *t*. As *t* is an
//! integer below 2^29 and *g* one below 2^17, both times stand for integers above −2^17 and below 2^29, which are distinct
//! modulo p, and the second is the greater. So the accesses to an address are edges that go strictly forward in time. Each
//! address has one first and one last message. A multiset of forward edges that balances with one source and one sink is one
//! path (its earliest start can only come from the source, and so on from there), so the accesses form one history in the
//! order of their times, each finding what the one before left. Counts stay below p, so that a bus that balances modulo p
//! balances.
//!
//! | obligation | kept by |
//! | --- | --- |
//! | times are below 2^29 | the machine's clock; [`refresh`] for its own |
//! | gaps are below 2^17 | [`access::take`] |
//! | an address has one first and one last message | [`merkle`] and [`roots`], or the order of [`volatile`] |
//! | the first words are those of the root before | [`boundary`], [`merkle`], [`roots`], [`compress`] |
//! | the last words are those of the root after | the same |
//! | cells are below 2^16 | whoever writes; the first words by the root before, which is the verifier's |
//! | counts are boolean | each table's `real`, and flags below it |
//! | a lookup is true | [`range`], [`bytes`], [`compress`]: each row shows that what it offers is so |

pub mod access;
pub mod address;
pub mod backing;
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
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tree;
pub mod volatile;

pub use address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, SPACES, Space, TREE_HEIGHTS};
pub use backing::Backing;
pub use image::{ImageError, MemoryImage};
pub use lookups::{ByteCounter, Lookups, RangeCounter};
pub use offline::{Access, OfflineMemory};
pub use segment::{LeafRecord, RefreshRecord, SegmentMemory};
pub use tables::{circuits, lookup_circuits};
pub use tree::{MerkleTree, NodeRecord};
