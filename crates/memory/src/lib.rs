//! Memory that can be proven: what was read at an address is what was last written there.
//!
//! A [`Layout`] says which address spaces there are. An executor's accesses are replayed on an [`OfflineMemory`], which says for each
//! what was there before and how long ago that was, and which splits and merges ([`AccessAdapterInventory`]) accesses of different
//! sizes need. Circuits put both on the [`messages::MEMORY`] bus: an access takes the last message about its block off the bus and
//! puts the next one on. The *boundary* puts the first message about each block on and takes the last one off, and ties both to a
//! Merkle root before and a Merkle root after.
//!
//! RV32IM's memory is one layout: words of two cells, at hundreds of millions of accesses a second, without splits and merges. A
//! virtual machine of another kind configures its own, and holds a [`MemoryController`]: it reads and writes [`Memory`], which keeps a
//! log, and makes the tables from that. A chip's author puts accesses on the bus with a [`MemoryBridge`] and checks ranges with a
//! [`SharedVariableRangeCheckerChip`]. [`MemoryProofGenerator`] proves a log by itself, without an instruction set.
//!
//! ```
//! use engram_air::{F, PrimeCharacteristicRing};
//! use engram_memory::{MemoryConfigBuilder, MemoryController};
//!
//! let config = MemoryConfigBuilder::new().with_access_capacity(1000).build()?;
//! let mut memory = MemoryController::new(&config);
//! let (_, before) = memory.write::<2>(1, 0x1000, [F::from_u32(42), F::from_u32(43)])?;
//! let (_, [cell]) = memory.read::<1>(1, 0x1001)?;
//! assert_eq!((before, cell), ([F::ZERO; 2], F::from_u32(43)));
//! let proof = memory.generate_memory_proof()?;
//! let statement = proof.verify(&config)?;
//! assert_ne!(statement.initial_root, statement.final_root);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Messages
//!
//! A block of N neighbouring cells that is in memory since a timestamp is one message on the memory bus, written by
//! [`messages::memory_message`]: `[space, pointer, cells[0..N], timestamp]`. A pointer counts cells, or whole pointer units of
//! several.
//!
//! # Why this suffices
//!
//! Fix a cell. The messages whose block covers it are nodes. Each row that takes such a message off the bus puts exactly one
//! such message on, so rows are edges:
//!
//! | edge | timestamp | the cell |
//! | --- | --- | --- |
//! | access, by [`access::take`] | *t − 1 − g* to *t*, with *t* an integer from 1 to below 2^29 and *g* one below 2^17 | a write changes it |
//! | [`refresh`] | *t − 2^17 · k* to *t*, with *t* an integer below 2^29 and *k* one from 1 to 2^12 | keeps it |
//! | [`split`], from the block to the half that covers it | stays | keeps it |
//! | [`merge`], from the half that covers it to the block | *t − d* to *t*, with *t* an integer below 2^29 and *d* one below 2^17 | keeps it |
//!
//! The [`boundary`], or the [`volatile`] one, is the cell's one source and one sink. All timestamps at the ends of accesses, refreshes
//! and merges stand for integers from −2^29 to below 2^29, which are distinct modulo p, and a split keeps its timestamp. So along any
//! walk integers never fall, and accesses and refreshes let them rise. A cycle thus has no access and no refresh: it is splits and
//! merges alone, at one timestamp, and keeps the cell. A multiset of edges that balances with one source and one sink is one path and
//! cycles. All accesses are on the path, in the order of their timestamps, and each finds what the one before left. Multiplicities
//! stay below p, so that a bus that balances modulo p balances.
//!
//! That is offline memory checking (Blum et al. 1991; Setty et al., Spice, 2018). That a merge's timestamp has a range is needed,
//! though it is never later than both halves: see [`merge`].
//!
//! | obligation | kept by |
//! | --- | --- |
//! | timestamps of accesses are integers from 1 to below 2^29 | the machine's clock or the chip's author, who makes a [`Timestamp`]; in a log's own proof [`log_table`] |
//! | gaps are below 2^17 | [`access::take`] |
//! | splits and merges cover the same cells before and after | [`split`], [`merge`]: written once |
//! | a refresh and a merge do not go back in time, and do not wrap | [`refresh`], [`merge`] |
//! | a cell has one first and one last message | [`boundary`], [`mod@merkle`], [`roots`]; or the order of [`volatile`] |
//! | the first cells are those of the roots before, the last those after | the same, and [`compress`] |
//! | cells of 16 bits stay below 2^16 | whoever writes; in a log's own proof [`log_table`]; the first ones by the root before |
//! | multiplicities are boolean | each table's `real`, and flags below it: a [`Count`](engram_air::Count) |
//! | a lookup is true | [`range`], [`bytes`], [`compress`]: each row shows that what it offers is so |
//!
//! Nothing asks that blocks are aligned. [`Memory`] refuses others, as an unaligned access would need more adapters; one that is
//! proven all the same finds the cells that are there.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

pub mod access;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod adapter;
pub mod address;
pub mod backing;
pub mod boundary;
pub mod bridge;
pub mod bytes;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod clock;
mod columns;
pub mod compress;
pub mod config;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod context;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod controller;
pub mod error;
pub mod image;
pub mod layout;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod log;
pub mod log_table;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod lookups;
pub mod merge;
pub mod merkle;
pub mod messages;
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod offline;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod online;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod place;
pub mod proof;
pub mod range;
pub mod range_checker;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod records;
pub mod refresh;
pub mod roots;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod row;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod segment;
pub mod split;
pub mod tables;
#[cfg(any(test, feature = "testing"))]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only tests run it"
)]
pub mod testing;
pub mod timestamp;
pub mod tree;
pub mod volatile;

pub use address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS};
pub use backing::Backing;
pub use bridge::{AccessExprs, MemoryBridge};
pub use config::{ConfigError, MemoryConfig, MemoryConfigBuilder};
pub use controller::{FinalizedMemory, MemoryController};
pub use error::{MemoryError, MemoryIntegrationError};
pub use image::MemoryImage;
pub use layout::{AddressSpaceConfig, AddressSpaceType, CellKind, Layout};
pub use log::{MemoryLog, MemoryLogEntry, RecordId};
pub use lookups::Lookups;
pub use offline::{Access, OfflineMemory};
pub use online::Memory;
pub use proof::{MemoryProof, MemoryProofGenerator};
pub use range_checker::SharedVariableRangeCheckerChip;
pub use records::{AccessAdapterInventory, RefreshRecord};
pub use segment::{LeafRecord, SegmentMemory};
pub use tables::{circuits, lookup_circuits};
pub use timestamp::Timestamp;
pub use tree::{MerkleTree, NodeRecord};
