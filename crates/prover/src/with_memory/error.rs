//! Why a run on a memory goes wrong.

use engram_memory::MemoryError;
use engram_rv32im::{Fault, Instruction, Opcode};
use thiserror::Error;

use crate::{ProveError, replay::ReplayError};

/// Why an instruction, or a run, was not carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The guest faulted. Everything before the fault is in memory's log.
    #[error(transparent)]
    Fault(#[from] Box<Fault>),
    /// Memory refused an access: its log is full, for example.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The instruction cannot be proven, or the run is none of the program.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The memory is to have other spaces than RV32IM's.
    #[error("RV32IM has the spaces of `Layout::rv32im()`, and no others: take `MemoryConfig::rv32im()`")]
    Layout,
    /// No instruction has these operands.
    #[error("{0:?} is no instruction: registers are below 32, and immediates fit its format")]
    NoInstruction(Instruction),
    /// It is a custom instruction of no extension.
    #[error("no extension has the id {id}: register one with it")]
    NoExtension {
        /// The id.
        id: u16,
    },
    /// It is an instruction of another kind.
    #[error("{opcode} is no {wanted}: give it to `execute`")]
    WrongKind {
        /// Which instruction.
        opcode: Opcode,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The next instruction would be at an address that is no multiple of 4.
    #[error("the instruction at {pc:#010x} jumps to {target:#010x}, where no instruction can be")]
    MisalignedJump {
        /// Where it is.
        pc: u32,
        /// Where it goes.
        target: u32,
    },
    /// A run goes on only where it was left.
    #[error("the machine is at {pc:#010x} and not where this run is: load the program anew for another run")]
    Elsewhere {
        /// Where the machine is.
        pc: u32,
    },
    /// The guest has exited.
    #[error("the guest has exited: load the program anew for another run")]
    Exited,
    /// There is no run of the program that a proof could be of.
    #[error(
        "only a run from the program's entry to its exit, on its own image, can be proven: load it anew and run it"
    )]
    NotARun,
    /// The run could not be proven.
    #[error(transparent)]
    Prove(#[from] ProveError),
}
