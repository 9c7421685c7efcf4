//! Proving a run: execute, cut, replay, fill, prove, one segment after the other.
//!
//! ```text
//! ELF ─▶ Program ─▶ ExecutionLog ─▶ Rows + SegmentMemory ─▶ witnesses ─▶ SegmentProof ─▶ Proof
//! ```

mod cut;
pub mod keys;
pub mod meter;
pub mod options;
pub mod planner;
pub mod profile;
pub mod prove;
pub mod replay;
pub mod segment;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tile;
pub mod with_memory;

pub use options::Options;
pub use planner::plan;
pub use profile::{Profile, profile};
pub use prove::{Progress, ProveError, Report, prove};
pub use with_memory::{
    CustomInstructionProcessor, LoadInstruction, RV32IMExecutor, RV32IMWithMemory, RunError, StoreInstruction,
};
