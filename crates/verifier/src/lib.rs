//! Checking a proof: everything between its bytes and yes.
//!
//! [`CommittedProgram`] is a program from an ELF file with its commitment. [`ProgramKey::derive`] rebuilds the machine's circuits
//! from it alone. [`verify()`] checks each segment's proof under them, and that the segments make one run. Nothing of the prover
//! is needed.

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

pub mod file;
pub mod key;
pub mod plan_file;
pub mod program;
pub mod proof;
pub mod text;
pub mod verify;

pub use file::FileError;
pub use key::{KeyError, ProgramKey, SegmentKey};
pub use plan_file::PlanFile;
pub use program::CommittedProgram;
pub use proof::{RunProof, SegmentProof};
pub use verify::{InitialMemory, Statement, VerifyError, verify, verify_from};
