//! Instructions, and runs of a program, on a memory.

use engram_memory::{MemoryController, MemoryError, SPACE_MEMORY, SPACE_REGISTERS, address::WORD_CELLS};
use engram_rv32im::{CpuState, Emulator, ExecutionLog, Format, Instruction, Outcome, semantics::branch_taken};
use engram_rv32im_air::{
    custom::Custom,
    program::{Decoded, decode},
    registry::ExtensionRegistry,
    system::BREAK_POINTER,
};
use engram_verifier::CommittedProgram;

use super::{
    RunError,
    controlled::{Controlled, check_room, register_of},
};
use crate::replay::{Replay, ReplayError};

/// Instructions that are executed before memory catches up.
const STRETCH_STEPS: u64 = 1 << 13;
/// Bytes moved by system calls, likewise.
const STRETCH_BYTES: u64 = 1 << 17;
/// Most accesses of an instruction that is neither a system call nor a custom one.
const INSTRUCTION_ACCESSES_MAX: usize = 4;

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

    /// The program.
    pub fn program(&self) -> &'p CommittedProgram {
        self.program
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
    /// asked. Custom instructions are those of the extensions that the program was loaded with.
    ///
    /// # Errors
    /// It is none, or a system call or a breakpoint; it jumps to where no instruction can be; its extension is not there or
    /// refuses it; or memory has no room for the most accesses that such an instruction makes. Nothing has changed then.
    pub fn execute(&mut self, memory: &mut MemoryController, instruction: &Instruction) -> Result<(), RunError> {
        if self.exit.is_some() {
            return Err(RunError::Exited);
        }
        let decoded = decoded(self.pc, instruction, &ExtensionRegistry::of(self.program.program()))?;
        self.check(memory, &decoded)?;
        let next = self.replay(memory, |replay| replay.instruction(&decoded))?;
        (self.pc, self.steps, self.strayed) = (next << 2, self.steps + 1, true);
        Ok(())
    }

    /// Whether the instruction can be carried out at all.
    fn check(&self, memory: &MemoryController, decoded: &Decoded) -> Result<(), RunError> {
        let Instruction { opcode, rs1, rs2, imm, .. } = decoded.instruction;
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
        let accesses = decoded.custom.as_ref().map_or(INSTRUCTION_ACCESSES_MAX, Custom::accesses);
        Ok(check_room(memory, accesses)?)
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

    /// What a whole run of the program has read, from its entry to its exit and with nothing between.
    pub(super) fn whole_run(&self) -> Option<&[u8]> {
        (self.exit.is_some() && !self.strayed).then_some(&self.input[..])
    }

    /// Something happens to memory that is no run of the program.
    pub(super) fn stray(&mut self) {
        self.strayed = true;
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
        let mut replayed = Replay::new(self.program.machine(), Controlled::new(memory));
        let result = replay(&mut replayed);
        replayed.memory_mut().answer(result)
    }
}

/// An instruction at `pc`, decoded for the machine.
///
/// # Errors
/// There is no such instruction, or no extension has its id.
pub(super) fn decoded(pc: u32, instruction: &Instruction, extensions: &ExtensionRegistry) -> Result<Decoded, RunError> {
    if let Some(id) = instruction.extension()
        && extensions.get(id).is_none()
    {
        return Err(RunError::NoExtension { id });
    }
    if Instruction::decode_with(instruction.encode(), extensions) != Some(*instruction) {
        return Err(RunError::NoInstruction(*instruction));
    }
    decode(&[(pc, *instruction)], extensions).pop().ok_or(RunError::NoInstruction(*instruction))
}
