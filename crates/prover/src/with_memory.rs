//! RV32IM on a [`MemoryController`]: the accesses of a run, as a log of memory itself.
//!
//! An instruction's accesses are those of [`engram_rv32im_air::instruction::execute`], which the circuits are made of too; so the log
//! of a run is what a proof of it by single instructions puts on the memory bus, at the same timestamps.

use std::io::Read;

use engram_memory::{
    Access, Layout, MemoryConfig, MemoryController, MemoryError, SPACE_MEMORY, SPACE_REGISTERS, address::WORD_CELLS,
};
use engram_rv32im::{
    CpuState, Emulator, ExecutionLog, Fault, Format, Instruction, Opcode, Outcome, semantics::branch_taken,
};
use engram_rv32im_air::{program::decode, registry::ExtensionRegistry, system::BREAK_POINTER};
use engram_verifier::{CommittedProgram, RunProof};
use thiserror::Error;

use crate::{
    Options, ProveError, Report,
    prove::prove,
    replay::{Replay, ReplayError, ReplayMemory},
};

/// Instructions that are executed before memory catches up.
const STRETCH_STEPS: u64 = 1 << 13;
/// Bytes moved by system calls, likewise.
const STRETCH_BYTES: u64 = 1 << 17;
/// Most accesses of an instruction that is no system call.
const INSTRUCTION_ACCESSES_MAX: usize = 4;

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

/// What carries RV32IM's instructions out on a memory: the program, and where in it the machine is.
#[derive(Clone, Debug)]
pub struct RV32IMExecutor<'p> {
    program: &'p CommittedProgram,
    pc: u32,
    steps: u64,
    /// What the guest has read.
    input: Vec<u8>,
    exit: Option<u32>,
    /// Instructions were executed that are no run of the program.
    strayed: bool,
}

impl<'p> RV32IMExecutor<'p> {
    /// At the program's entry.
    pub fn new(program: &'p CommittedProgram) -> Self {
        let pc = program.program().entry();
        Self { program, pc, steps: 0, input: vec![], exit: None, strayed: false }
    }

    /// Address of the next instruction; after an exit that of the exiting `ecall`.
    pub fn pc(&self) -> u32 {
        self.pc
    }

    /// Instructions that were carried out, all of whose accesses are in memory's log.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The word that the guest exited with, once it has.
    pub fn exit(&self) -> Option<u32> {
        self.exit
    }

    /// Carry out one instruction as if it were the next one of the program. Memory is flat: the emulator's permissions are not
    /// asked.
    ///
    /// # Errors
    /// It is none, or a system call, a breakpoint or a custom instruction; it jumps to where no instruction can be; or memory has
    /// no room for the most accesses that an instruction may make, which are four. Nothing has changed then.
    pub fn execute(&mut self, memory: &mut MemoryController, instruction: &Instruction) -> Result<(), RunError> {
        if self.exit.is_some() {
            return Err(RunError::Exited);
        }
        if Instruction::decode(instruction.encode()) != Some(*instruction) && instruction.opcode != Opcode::Custom {
            return Err(RunError::NoInstruction(*instruction));
        }
        self.check(memory, instruction)?;
        let decoded = decode(&[(self.pc, *instruction)], &ExtensionRegistry::empty());
        let next = self.replay(memory, |replay| replay.instruction(&decoded[0]))?;
        (self.pc, self.steps, self.strayed) = (next << 2, self.steps + 1, true);
        Ok(())
    }

    /// Whether the instruction can be carried out at all.
    fn check(&self, memory: &MemoryController, instruction: &Instruction) -> Result<(), RunError> {
        let &Instruction { opcode, rs1, rs2, imm, .. } = instruction;
        let [x, y] = [rs1, rs2].map(|register| register_of(memory, register));
        let address = x.wrapping_add(imm as u32);
        let format = opcode.format();
        let target = match format {
            Format::Jump => self.pc.wrapping_add(imm as u32),
            Format::Branch if branch_taken(opcode, x, y) => self.pc.wrapping_add(imm as u32),
            Format::JumpRegister => address & !1,
            _ => self.pc.wrapping_add(4),
        };
        if !target.is_multiple_of(4) {
            return Err(RunError::MisalignedJump { pc: self.pc, target });
        }
        if matches!(format, Format::Load | Format::Store) && address.checked_add(opcode.access_bytes() - 1).is_none() {
            let pointer = (address >> 2) + 1;
            return Err(MemoryError::AddressOutOfBounds { space: SPACE_MEMORY, pointer, len: WORD_CELLS }.into());
        }
        let capacity = memory.memory().config().access_capacity();
        if memory.memory().accesses() + INSTRUCTION_ACCESSES_MAX > capacity {
            return Err(MemoryError::CapacityReached { capacity }.into());
        }
        Ok(())
    }

    /// Let an emulator of the program go on, which is where this executor is, and do to memory what it does.
    ///
    /// # Errors
    /// The emulator is elsewhere, or faults; or memory refuses an access, after which memory is of no use but for what is in its
    /// log.
    pub fn record(
        &mut self,
        memory: &mut MemoryController,
        emulator: &mut Emulator<'_>,
        max_steps: u64,
    ) -> Result<Outcome, RunError> {
        if self.exit.is_some() {
            return Err(RunError::Exited);
        }
        if self.strayed || emulator.state() != self.state(memory) {
            return Err(RunError::Elsewhere { pc: self.pc });
        }
        let end = emulator.steps().saturating_add(max_steps);
        let mut log = emulator.start_log();
        loop {
            log.moved_bytes_max = STRETCH_BYTES;
            let outcome = emulator.record(STRETCH_STEPS.min(end - emulator.steps()), &mut log);
            self.replay(memory, |replay| replay.segment(&log))?;
            self.caught_up(&log);
            let outcome = outcome.map_err(Box::new)?;
            if matches!(outcome, Outcome::Exited(_)) || emulator.steps() == end {
                return Ok(outcome);
            }
            log.restart_at(emulator.state());
        }
    }

    fn caught_up(&mut self, log: &ExecutionLog) {
        self.pc = log.end.pc;
        self.steps += log.steps.len() as u64;
        self.input.extend_from_slice(&log.input);
        self.exit = log.exit;
    }

    /// The processor's state, of which memory holds all but the program counter.
    fn state(&self, memory: &MemoryController) -> CpuState {
        let registers = std::array::from_fn(|register| register_of(memory, register as u8));
        CpuState { pc: self.pc, registers, program_break: memory.memory().image().word(SPACE_REGISTERS, BREAK_POINTER) }
    }

    fn replay<T>(
        &self,
        memory: &mut MemoryController,
        replay: impl FnOnce(&mut Replay<'_, Controlled<'_>>) -> Result<T, ReplayError>,
    ) -> Result<T, RunError> {
        let mut replayed = Replay::new(self.program.machine(), Controlled { memory, refused: None });
        let result = replay(&mut replayed);
        match replayed.memory_mut().refused.take() {
            Some(error) => Err(error.into()),
            None => Ok(result?),
        }
    }
}

/// A register as it is now.
fn register_of(memory: &MemoryController, register: u8) -> u32 {
    memory.memory().image().word(SPACE_REGISTERS, register.into())
}

/// A controller as a replay accesses it. It has a clock of its own, which goes on from stretch to stretch.
struct Controlled<'m> {
    memory: &'m mut MemoryController,
    /// The first access that memory refused, if any.
    refused: Option<MemoryError>,
}

impl Controlled<'_> {
    fn made(&mut self, access: Result<u32, MemoryError>) -> Access {
        let previous = access.unwrap_or_else(|error| {
            self.refused.get_or_insert(error);
            0
        });
        Access { previous, gap: 0 }
    }
}

impl ReplayMemory for Controlled<'_> {
    fn read_word(&mut self, space: u32, pointer: u32, _: u32) -> Access {
        let access = self.memory.read_word(space, pointer).map(|(_, word)| word);
        self.made(access)
    }

    fn write_word(&mut self, space: u32, pointer: u32, _: u32, value: u32) -> Access {
        let access = self.memory.write_word(space, pointer, value).map(|(_, word)| word);
        self.made(access)
    }

    fn peek(&self, space: u32, pointer: u32) -> u32 {
        self.memory.memory().image().word(space, pointer)
    }
}

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

    /// The memory alone, to finalize it.
    pub fn into_memory(self) -> MemoryController {
        self.memory
    }

    /// A register as it is now, without an access; zero where there is none.
    pub fn register(&self, register: u8) -> u32 {
        if register < 32 { register_of(&self.memory, register) } else { 0 }
    }

    /// A load, aligned or not. Errors: as [`RV32IMExecutor::execute`]; or the instruction is no load.
    pub fn execute_load_instruction(&mut self, instruction: &LoadInstruction) -> Result<(), RunError> {
        let &LoadInstruction { opcode, rd, rs1, immediate: imm } = instruction;
        if opcode.format() != Format::Load {
            return Err(RunError::WrongKind { opcode, wanted: "load" });
        }
        self.execute(&Instruction { opcode, rd, rs1, rs2: 0, imm })
    }

    /// A store, aligned or not. Errors: as [`RV32IMExecutor::execute`]; or the instruction is no store.
    pub fn execute_store_instruction(&mut self, instruction: &StoreInstruction) -> Result<(), RunError> {
        let &StoreInstruction { opcode, rs1, rs2, immediate: imm } = instruction;
        if opcode.format() != Format::Store {
            return Err(RunError::WrongKind { opcode, wanted: "store" });
        }
        self.execute(&Instruction { opcode, rd: 0, rs1, rs2, imm })
    }

    /// Any instruction that is no system call. Errors: as [`RV32IMExecutor::execute`].
    pub fn execute(&mut self, instruction: &Instruction) -> Result<(), RunError> {
        self.executor.execute(&mut self.memory, instruction)
    }

    /// Run the program from its entry until it exits, or for `max_steps` instructions. `input` is what the guest reads from its file
    /// 0. Errors: as [`RV32IMExecutor::record`].
    pub fn run(&mut self, input: Box<dyn Read + Send + '_>, max_steps: u64) -> Result<Outcome, RunError> {
        let mut emulator = Emulator::new(self.executor.program.program(), input);
        self.record(&mut emulator, max_steps)
    }

    /// The same by an emulator of the caller's, which may go on afterwards. Errors: as [`RV32IMExecutor::record`].
    pub fn record(&mut self, emulator: &mut Emulator<'_>, max_steps: u64) -> Result<Outcome, RunError> {
        self.executor.record(&mut self.memory, emulator, max_steps)
    }

    /// Prove the run, which has exited. It is executed once more, on the input that it has read.
    ///
    /// # Errors
    /// There is no such run, or proving fails.
    pub fn prove(&self, options: &Options) -> Result<(RunProof, Report), RunError> {
        let RV32IMExecutor { program, input, exit, strayed, .. } = &self.executor;
        if exit.is_none() || *strayed || options.memory.is_some() {
            return Err(RunError::NotARun);
        }
        Ok(prove(program, Box::new(&input[..]), options, &mut |_| {})?)
    }
}
