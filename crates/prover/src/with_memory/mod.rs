//! RV32IM on a [`MemoryController`]: the accesses of a run, as a log of memory itself.
//!
//! An instruction's accesses are those of [`engram_rv32im_air::instruction::execute`], which the circuits are made of too; so the log
//! of a run is what a proof of it by single instructions puts on the memory bus, at the same timestamps.

mod controlled;
mod error;
mod executor;
mod processor;

use std::io::Read;

use engram_memory::{Layout, MemoryConfig, MemoryController};
use engram_rv32im::{Emulator, Format, Instruction, Opcode, Outcome};
use engram_verifier::{CommittedProgram, RunProof};

use self::controlled::register_of;
pub use self::{error::RunError, executor::RV32IMExecutor, processor::CustomInstructionProcessor};
use crate::{Options, Report, prove::prove};

/// A load: `rd = memory[rs1 + immediate]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadInstruction {
    /// `lb`, `lh`, `lw`, `lbu` or `lhu`.
    pub opcode: Opcode,
    /// The register that is written.
    pub rd: u8,
    /// The register that holds the base address.
    pub rs1: u8,
    /// Added to the base: -2048 to 2047.
    pub immediate: i32,
}

/// A store: `memory[rs1 + immediate] = rs2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreInstruction {
    /// `sb`, `sh` or `sw`.
    pub opcode: Opcode,
    /// The register that holds the base address.
    pub rs1: u8,
    /// The register that is stored.
    pub rs2: u8,
    /// Added to the base: -2048 to 2047.
    pub immediate: i32,
}

/// An RV32IM machine whose registers, memory and output are one memory with one log.
///
/// ```no_run
/// use engram_prover::{Options, RV32IMWithMemory};
/// use engram_verifier::CommittedProgram;
///
/// let program = engram_rv32im::Program::from_elf(&std::fs::read("guest.elf")?)?;
/// let program = CommittedProgram::new(&program)?;
/// let mut machine = RV32IMWithMemory::load(&program)?;
/// machine.run(Box::new(&b"what the guest reads"[..]), 1_000_000)?;
/// println!("{} accesses", machine.memory().memory().accesses());
/// let (proof, _) = machine.prove(&Options::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RV32IMWithMemory<'p> {
    executor: RV32IMExecutor<'p>,
    memory: MemoryController,
}

impl<'p> RV32IMWithMemory<'p> {
    /// A program at its entry, on its own image, with a log of at most 2^28 accesses.
    ///
    /// # Errors
    /// None for a committed program's image, which was checked.
    pub fn load(program: &'p CommittedProgram) -> Result<Self, RunError> {
        Self::with_config(program, MemoryConfig::rv32im())
    }

    /// The same with a log of this configuration's capacity.
    ///
    /// # Errors
    /// The configuration has other spaces than RV32IM's.
    pub fn with_config(program: &'p CommittedProgram, config: &MemoryConfig) -> Result<Self, RunError> {
        if config.layout() != Layout::rv32im() {
            return Err(RunError::Layout);
        }
        let memory = MemoryController::with_image(config, program.image().clone())?;
        Ok(Self { executor: RV32IMExecutor::new(program), memory })
    }

    /// Where the machine is.
    pub fn executor(&self) -> &RV32IMExecutor<'p> {
        &self.executor
    }

    /// Registers, memory and output, with the log of everything that was done.
    pub fn memory(&self) -> &MemoryController {
        &self.memory
    }

    /// Memory, to be read and written from outside. After that no run goes on, and there is none to prove.
    pub fn memory_mut(&mut self) -> &mut MemoryController {
        self.executor.stray();
        &mut self.memory
    }

    /// The memory alone, to finalize it.
    pub fn into_memory(self) -> MemoryController {
        self.memory
    }

    /// A register as it is now, without an access; zero where there is none.
    pub fn register(&self, register: u8) -> u32 {
        if register < 32 { register_of(&self.memory, register) } else { 0 }
    }

    /// A load, aligned or not.
    ///
    /// # Errors
    /// The instruction is no load. As for [`RV32IMExecutor::execute`].
    pub fn execute_load_instruction(&mut self, instruction: &LoadInstruction) -> Result<(), RunError> {
        let &LoadInstruction { opcode, rd, rs1, immediate: imm } = instruction;
        if opcode.format() != Format::Load {
            return Err(RunError::WrongKind { opcode, wanted: "load" });
        }
        self.execute(&Instruction { opcode, rd, rs1, rs2: 0, imm })
    }

    /// A store, aligned or not.
    ///
    /// # Errors
    /// The instruction is no store. As for [`RV32IMExecutor::execute`].
    pub fn execute_store_instruction(&mut self, instruction: &StoreInstruction) -> Result<(), RunError> {
        let &StoreInstruction { opcode, rs1, rs2, immediate: imm } = instruction;
        if opcode.format() != Format::Store {
            return Err(RunError::WrongKind { opcode, wanted: "store" });
        }
        self.execute(&Instruction { opcode, rd: 0, rs1, rs2, imm })
    }

    /// Any instruction that is no system call.
    ///
    /// # Errors
    /// As for [`RV32IMExecutor::execute`].
    pub fn execute(&mut self, instruction: &Instruction) -> Result<(), RunError> {
        self.executor.execute(&mut self.memory, instruction)
    }

    /// Run the program from its entry until it exits, or for `max_steps` instructions. `input` is what the guest reads from its file
    /// 0.
    ///
    /// # Errors
    /// As for [`RV32IMExecutor::record`].
    pub fn run(&mut self, input: Box<dyn Read + Send + '_>, max_steps: u64) -> Result<Outcome, RunError> {
        let mut emulator = Emulator::new(self.executor.program().program(), input);
        self.record(&mut emulator, max_steps)
    }

    /// The same by an emulator of the caller's, which may go on afterwards.
    ///
    /// # Errors
    /// As for [`RV32IMExecutor::record`].
    pub fn record(&mut self, emulator: &mut Emulator<'_>, max_steps: u64) -> Result<Outcome, RunError> {
        self.executor.record(&mut self.memory, emulator, max_steps)
    }

    /// Prove the run, which has exited. It is executed once more, on the input that it has read.
    ///
    /// # Errors
    /// There is no such run, or proving fails.
    pub fn prove(&self, options: &Options) -> Result<(RunProof, Report), RunError> {
        match self.executor.whole_run() {
            Some(input) if options.memory.is_none() => {
                Ok(prove(self.executor.program(), Box::new(input), options, &mut |_| {})?)
            }
            _ => Err(RunError::NotARun),
        }
    }
}
