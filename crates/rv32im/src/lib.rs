//! RV32IM: instruction decoder, ELF loader, disassembler, guest memory, system calls, custom instructions and emulator.
//!
//! Nothing here knows of proofs or fields. A [`Program`] is loaded from an ELF file, an [`Emulator`] runs it, and an
//! [`ExecutionLog`] holds what a replay needs to recompute the run. The prover's own replay uses the functions of
//! [`semantics`], so that an instruction means the same on both sides.
//!
//! Instructions come from the program and not from memory: stores to code change what loads see, never what is
//! executed. Page permissions and the ranges of heap and stack are the emulator's diagnostics.
//!
//! A program may be loaded with [`Extensions`], whose custom instructions are then legal in it. What they compute is theirs;
//! an extension sees no more of the guest than [`GuestAccess`] gives.

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
pub mod disassembly;
pub mod elf;
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod emulator;
pub mod extension;
pub mod fault;
pub mod instruction;
pub mod isa;
pub mod layout;
#[allow(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "only provers run it")]
pub mod log;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod memory;
pub mod program;
pub mod segment;
pub mod semantics;
pub mod source_lines;
pub mod system_calls;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
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

pub use access::{Access, AccessError};
pub use elf::ElfError;
pub use emulator::{Emulator, Exit, Outcome};
pub use extension::{Extensions, GuestAccess, NoExtensions, Refusal};
pub use fault::{Fault, FaultKind};
pub use instruction::Instruction;
pub use isa::{Format, Opcode};
pub use layout::Layout;
pub use log::{CpuState, ExecutionLog};
pub use memory::{Memory, PageSource};
pub use program::{Program, Symbol};
pub use segment::Segment;
pub use source_lines::SourceLines;
