//! Memory of configured address spaces, with accesses of 1 to 32 cells, that can be proven: what was read is what was last
//! written.
//!
//! A virtual machine's executor holds a [`MemoryController`]. It reads and writes [`Memory`], which keeps a log. When the log
//! ends, [`OfflineMemory`] replays it and says what each access finds on the memory bus, and which splits and merges
//! ([`AccessAdapterInventory`]) accesses of different sizes need. A chip's author puts accesses on the bus with a
//! [`MemoryBridge`] and checks ranges with a [`SharedVariableRangeCheckerChip`]. [`MemoryProofGenerator`] proves a log by itself,
//! without an instruction set.
//!
//! ```
//! use engram_air::{F, PrimeCharacteristicRing};
//! use engram_cells::{MemoryConfigBuilder, MemoryController};
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
//! [`engram_memory`] is the memory of the RV32IM machine: fixed spaces, words of two cells, tens of millions of accesses a second.
//! This crate is built on its Merkle, compression and range tables.
//!
//! # Messages
//!
//! A block of N neighbouring cells that is in memory since a time is one message on the [`MemoryBus`], written by
//! [`bus::memory_message`]: `[space, pointer, cells[0..N], time]`. A pointer counts cells, or whole pointer units of several.
//!
//! # Why this suffices
//!
//! Fix a cell. The messages whose block covers it are nodes. Each row that takes such a message off the bus puts exactly one
//! such message on, so rows are edges:
//!
//! | edge | time | the cell |
//! | --- | --- | --- |
//! | access, by the [`bridge`] | from *t − 1 − g* to *t*, with *t* an integer from 1 to below 2^29 and *g* one below 2^17 | a write changes it |
//! | [`refresh`] | from *t − 2^17* to *t*, with *t* an integer below 2^29 | keeps it |
//! | [`split`], from the block to the half that covers the cell | stays | keeps it |
//! | [`merge`], from the half that covers the cell to the block | from *t − d* to *t*, with *t* an integer below 2^29 and *d* one below 2^17 | keeps it |
//!
//! The [`boundary`], or the [`volatile`] one, is the cell's one source and one sink. All times at the ends of
//! accesses, refreshes and merges stand for integers above −2^17 and below 2^29, which are distinct modulo p, and a
//! split keeps its time. So along any walk integers never fall, and accesses and refreshes let them rise. A cycle thus
//! has no access and no refresh: it is splits and merges alone, at one time, and keeps the cell. A multiset of edges
//! that balances with one source and one sink is one path and cycles. All accesses are on the path, in the order of
//! their times, and each finds what the one before left.
//!
//! That a merge's time has a range is needed, though it is never later than both halves: see [`merge`].
//!
//! | obligation | kept by |
//! | --- | --- |
//! | times of accesses are integers below 2^29 | the chip's author; in a log's own proof [`access`] |
//! | gaps are below 2^17 | [`bridge`] |
//! | splits and merges cover the same cells before and after | [`split`], [`merge`]: written once |
//! | a merge does not go back in time, and does not wrap | [`merge`] |
//! | a cell has one first and one last message | [`boundary`], [`engram_memory::merkle`], [`roots`]; or the order of [`volatile`] |
//! | the first cells are those of the roots before, the last those after | the same, and [`engram_memory::compress`] |
//! | cells of 16 bits stay below 2^16 | whoever writes; in a log's own proof [`access`]; the first ones by the root before |
//! | counts are boolean | each table's `real`, and flags below it |
//!
//! Nothing asks that blocks are aligned. [`Memory`] refuses others, as an unaligned access would need more adapters; one that is
//! proven all the same finds the cells that are there.

pub mod access;
pub mod adapter;
mod address;
pub mod boundary;
pub mod bridge;
pub mod bus;
mod clock;
mod columns;
pub mod config;
pub mod context;
pub mod controller;
pub mod error;
pub mod extension;
pub mod factory;
pub mod image;
pub mod log;
pub mod merge;
pub mod offline;
pub mod online;
pub mod proof;
pub mod range_checker;
pub mod refresh;
pub mod roots;
mod row;
pub mod size;
pub mod split;
pub mod tables;
pub mod testing;
pub mod volatile;

pub use adapter::{MemoryAdapter, OfflineMemoryAdapter, OnlineMemoryAdapter};
pub use bridge::{AccessExprs, MemoryBridge};
pub use bus::MemoryBus;
pub use config::{
    AddressSpaceConfig, AddressSpaceType, CellKind, ConfigError, MemoryConfig, MemoryConfigBuilder, VmConfig,
};
pub use context::{ContextInstruction, OpCode, VmExecutionContext};
pub use controller::{FinalizedMemory, MemoryController};
pub use error::{MemoryError, MemoryIntegrationError};
pub use extension::{CustomInstruction, CustomInstructionProcessor, ExtensionRegistry, MemoryExtension};
pub use factory::MemoryFactory;
pub use image::MemoryImage;
pub use log::{MemoryLogEntry, RecordId};
pub use offline::{AccessAdapterInventory, OfflineMemory};
pub use online::Memory;
pub use proof::{
    MemoryProof, MemoryProofGenerator, MemoryStatement, ProofError, generate_memory_proof, log_commitment,
};
pub use range_checker::SharedVariableRangeCheckerChip;
pub use testing::{ExtensionBench, IntegratedMemorySystem};
