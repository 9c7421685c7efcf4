//! engram for whoever builds on it: memory that can be proven, and the RV32IM machine on top of it.
//!
//! # Memory for a virtual machine of your own
//!
//! The names at this level are the memory system's. A [`MemoryConfig`] says which address spaces there are; a
//! [`MemoryController`] is the handle that an executor holds. It answers reads and writes at once and keeps a log. At the end
//! it replays the log and fills memory's tables; the machine's own chips put their accesses on the bus with a
//! [`MemoryBridge`], and one proof holds both together. The module [`circuit`] has what chips are written with.
//! A log can also be proven by itself, without chips: [`generate_memory_proof`].
//!
//! ```
//! use engram::{F, Memory, MemoryConfig, circuit::PrimeCharacteristicRing, generate_memory_proof};
//!
//! let config = MemoryConfig::default();
//! let mut memory = Memory::new(&config);
//! let _ = memory.write::<1>(1, 0x1000, [F::from_u32(42)])?;
//! assert_eq!(memory.read::<1>(1, 0x1000)?.1, [F::from_u32(42)]);
//!
//! let (_, log) = memory.into_log();
//! let statement = generate_memory_proof(log, &config)?.verify(&config)?;
//! assert_ne!(statement.initial_root, statement.final_root);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a machine needs besides memory, the committed program, the thread of execution with its clock, and segments that are
//! chained by their roots, is in [`vm`].
//!
//! # The RV32IM machine
//!
//! [`machine`] loads ELF files, runs them, proves runs and verifies proofs; [`RV32IMWithMemory`] runs them on a
//! [`MemoryController`], whose log can be traced and analysed. [`storage`] is memory that outlives the process;
//! [`observation`] has the parts of traces, analyses and reports.
//!
//! # What is where
//!
//! Each name is listed here or in a module below, and comes from the crate of its module's name: `engram-memory` for memory,
//! `engram-air` for circuits, and so on. The folder `examples` has a complete program for each part.

pub mod circuit;
mod factory;
pub mod machine;
pub mod observation;
pub mod storage;
pub mod vm;

// The names, part by part. `tests/the_guide_cannot_be_followed.rs` calls what the integration guide names by these paths alone.

// Configuration.
pub use engram_memory::config::{
    AddressSpaceConfig, AddressSpaceType, CellKind, ConfigError, MemoryConfig, MemoryConfigBuilder, VmConfig,
};
pub use engram_memory::layout::Layout;

// Memory while a program runs.
pub use engram_memory::{
    context::{ContextInstruction, OpCode, VmExecutionContext},
    controller::{FinalizedMemory, MemoryController},
    image::{ImagePage, MemoryImage, PAGE_WORDS},
    log::{MemoryLog, MemoryLogEntry, RecordId, WrittenCells},
    online::{Memory, cell},
};

// Memory as a proof sees it.
pub use engram_memory::tree::NodeRecord;
pub use engram_memory::{
    offline::{AccessKind, AccessRecord, AccessRecords, FinalBlock, FinalMemory, OfflineMemory},
    records::{AccessAdapterInventory, BlockRecords, MergeRecord, RefreshRecord, SplitRecord},
    segment::{LeafRecord, SegmentMemory},
};

// What chips are connected with.
pub use engram_memory::{
    bridge::{AccessExprs, MemoryBridge},
    messages::MemoryBus,
    range_checker::SharedVariableRangeCheckerChip,
    timestamp::Timestamp,
};

// Proofs over a log by itself.
pub use engram_memory::proof::{
    MemoryProof, MemoryProofGenerator, MemoryStatement, ProofError, generate_memory_proof, log_commitment, roots_digest,
};

// Every kind of memory behind one interface.
pub use engram_memory::adapter::{MemoryAdapter, OfflineMemoryAdapter, OnlineMemoryAdapter};
pub use engram_store::{PersistentError, PersistentMemory};
pub use factory::MemoryFactory;

// Services around memory.
pub use engram_service::{
    BusClient, BusOperation, BusResponse, BusServer, BusServiceError, Degradation, DegradationEvent,
    ErrorRecoveryAction, ErrorRecoveryStrategy, MemberRole, PendingResponse, RETRIES_MAX, ResilienceError,
    ResilientMemorySystem,
};

// Instructions of one's own.
pub use engram_prover::CustomInstructionProcessor;
pub use engram_rv32im_air::{
    bulk::{BULK_LOAD, BULK_STORE, BulkLoad, BulkStore},
    registry::{ExtensionRegistry, RegisterError},
};
pub use engram_vm::{
    extension::{ExtensionError, ExtensionRow, MemoryExtension},
    row::{RowBuilder, RowValue},
};

// RV32IM on one memory. Programs and proofs are in [`machine`].
pub use engram_prover::{LoadInstruction, RV32IMExecutor, RV32IMWithMemory, RunError, StoreInstruction};

// For tests of machines and of their instructions.
#[cfg(feature = "testing")]
pub use engram_prover::testing::bench::{BenchCase, BenchReport, BenchState, ExtensionBench, Finding};
#[cfg(feature = "testing")]
pub use engram_prover::testing::system::IntegratedMemorySystem;

// Looking at a memory from outside. The parts of these are in [`observation`].
pub use engram_observe::{
    analysis::AccessPatternAnalysis, debugger::MemoryDebugger, generator::MemoryTraceGenerator,
    monitor::MemoryPerformanceMonitor, report::PerformanceReport, trace::MemoryTrace,
};

// Errors.
pub use engram_memory::error::{MemoryError, MemoryIntegrationError};

// Field elements and digests, which all of these speak of.
pub use engram_air::field::{Digest, F};

/// Bounds of sizes, timestamps and pointers.
pub use engram_memory::address::{
    ACCESS_CELLS_MAX, ACCESS_SIZES, GAP_BITS, LEAF_CELLS, POINTER_BITS_MAX, SPACE_MEMORY, SPACE_OUTPUT,
    SPACE_REGISTERS, TIMESTAMP_BITS,
};
