//! The RV32IM machine: run ELF files, prove runs, verify proofs.
//!
//! ```no_run
//! use engram::machine::{CommittedProgram, Options, Program, ProgramKey, prove, verify};
//!
//! let program = CommittedProgram::new(&Program::from_elf(&std::fs::read("guest.elf")?)?)?;
//! let input = Box::new(&b"what the guest reads"[..]);
//! let (proof, _) = prove(&program, input, &Options::default(), &mut |_| {})?;
//!
//! let statement = verify(&ProgramKey::derive_for(&program, &proof)?, &proof)?;
//! println!("exit value {}", statement.exit_value);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use engram_prover::{Options, Progress, ProveError, Report, plan, profile, prove};
pub use engram_rv32im::{
    ElfError, Emulator, ExecutionLog, Exit, Fault, FaultKind, Instruction as RV32IMInstruction, Memory as GuestMemory,
    Opcode, Outcome, Program,
};
pub use engram_rv32im_air::plan::Plan;
pub use engram_verifier::{
    CommittedProgram, FileError, InitialMemory, KeyError, PlanFile, ProgramKey, RunProof, SegmentProof, Statement,
    VerifyError, verify, verify_from,
};
