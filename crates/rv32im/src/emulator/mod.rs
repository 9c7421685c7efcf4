//! Runs programs: a loop for what is common and fast, one step for everything else, system calls, custom instructions.

mod code;
mod custom;
mod effect;
mod fast_path;
mod registers;
pub mod system_calls;

use std::io::{Read, Write, empty, sink};

use code::Region;
use effect::Effect;
use fast_path::{NoNotes, Notebook};
use registers::Registers;

use crate::access::Access;
use crate::fault::{Fault, FaultKind};
use crate::instruction::Instruction;
use crate::isa::{Format, Opcode};
use crate::log::{CpuState, ExecutionLog};
use crate::memory::Memory;
use crate::program::Program;
use crate::semantics::{alu, branch_taken, load_extract, store_merge};

/// How a call to [`Emulator::run`] or [`Emulator::record`] ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest exited.
    Exited(Exit),
    /// The guest would go on, but the steps asked for are done, or the log is full.
    OutOfSteps,
}

/// The argument of the guest's exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// All 32 bits of `a0`.
    pub value: u32,
}

impl Exit {
    /// What a parent process sees on Linux: the low 8 bits.
    #[must_use]
    pub fn status(self) -> u8 {
        self.value as u8
    }
}

/// A program in execution: its registers, its memory, and its input and output. After an exit or a fault the state stays for
/// inspection.
pub struct Emulator<'p> {
    program: &'p Program,
    regions: Box<[Region]>,
    registers: Registers,
    pc: u32,
    memory: Memory,
    program_break: u32,
    /// How far the heap was ever mapped; never lowered.
    heap_mapped_end: u32,
    exit: Option<Exit>,
    steps: u64,
    input: Box<dyn Read + Send + 'p>,
    output: Vec<u8>,
    output_sink: Box<dyn Write + Send + 'p>,
    debug_sink: Box<dyn Write + Send + 'p>,
    /// Bytes on their way between the guest and the host; kept to save allocations.
    transfer: Vec<u8>,
    /// What a custom instruction stores; kept to save allocations.
    stores: Vec<(u32, u32)>,
}

impl<'p> Emulator<'p> {
    /// An emulator at the program's entry point, on its initial memory. `input` is what the guest reads from file 0.
    #[must_use]
    pub fn new(program: &'p Program, input: Box<dyn Read + Send + 'p>) -> Emulator<'p> {
        Emulator::with_memory(program, Memory::of(program), input)
    }

    /// An emulator at the program's entry point, on the memory that an earlier run left.
    #[must_use]
    pub fn with_memory(program: &'p Program, memory: Memory, input: Box<dyn Read + Send + 'p>) -> Emulator<'p> {
        let mut registers = Registers::zero();
        for (number, value) in (0u8..).zip(program.initial_registers()) {
            registers.set(number, value);
        }
        Emulator {
            program,
            regions: Region::all(program),
            registers,
            pc: program.entry(),
            memory,
            program_break: program.initial_break(),
            heap_mapped_end: program.initial_break(),
            exit: None,
            steps: 0,
            input,
            output: Vec::new(),
            output_sink: Box::new(sink()),
            debug_sink: Box::new(sink()),
            transfer: Vec::new(),
            stores: Vec::new(),
        }
    }

    /// An emulator whose guest finds its input empty.
    #[must_use]
    pub fn without_input(program: &'p Program) -> Emulator<'p> {
        Emulator::new(program, Box::new(empty()))
    }

    /// Passes public output on as it is written, beside collecting it.
    pub fn set_output_sink(&mut self, sink: Box<dyn Write + Send + 'p>) {
        self.output_sink = sink;
    }

    /// Passes debug output on as it is written; without a sink it is dropped.
    pub fn set_debug_sink(&mut self, sink: Box<dyn Write + Send + 'p>) {
        self.debug_sink = sink;
    }

    /// Executes up to `max_steps` instructions. After an exit it does nothing but return that exit again.
    ///
    /// # Errors
    /// The fault that stopped the guest. The emulator then has the state before the faulting instruction.
    pub fn run(&mut self, max_steps: u64) -> Result<Outcome, Fault> {
        self.advance(max_steps, &mut NoNotes)
    }

    /// As [`run`](Self::run), and appends to `log`, which must have been started at, or have been appended to up to, the
    /// emulator's present state. Also at a fault the log holds everything before it. It stops early where the log's
    /// [`moved_bytes_max`](ExecutionLog::moved_bytes_max) is reached.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn record(&mut self, max_steps: u64, log: &mut ExecutionLog) -> Result<Outcome, Fault> {
        debug_assert_eq!(log.end, self.state(), "the log must continue at the emulator's state");
        let outcome = self.advance(max_steps, log);
        log.end = self.state();
        log.exit = self.exit.map(|exit| exit.value);
        outcome
    }

    /// A log that begins at the present state.
    #[must_use]
    pub fn start_log(&self) -> ExecutionLog {
        ExecutionLog::starting_at(self.state())
    }

    fn advance<N: Notes>(&mut self, max_steps: u64, notes: &mut N) -> Result<Outcome, Fault> {
        let mut remaining = max_steps;
        let result = self.advance_within(&mut remaining, notes);
        self.steps += max_steps - remaining;
        result
    }

    fn advance_within<N: Notes>(&mut self, remaining: &mut u64, notes: &mut N) -> Result<Outcome, Fault> {
        loop {
            if let Some(exit) = self.exit {
                return Ok(Outcome::Exited(exit));
            }
            self.fast_path(remaining, notes);
            if *remaining == 0 {
                return Ok(Outcome::OutOfSteps);
            }
            self.step(notes).map_err(|kind| Fault::at(self.program, self.pc, kind))?;
            *remaining -= 1;
            if notes.log().is_some_and(|log| log.is_full()) {
                return Ok(Outcome::OutOfSteps);
            }
        }
    }

    /// Executes what can be executed fast, possibly nothing.
    fn fast_path<N: Notes>(&mut self, remaining: &mut u64, notes: &mut N) {
        let Some(number) = self.program.region_of(self.pc) else { return };
        let region = &self.regions[number];
        if *remaining < region.longest_run {
            return;
        }
        let indices = &self.program.regions()[number].indices;
        let position = ((self.pc - region.start) / 4) as usize;
        let position =
            fast_path::execute(region, indices, &mut self.registers, &mut self.memory, notes, position, remaining);
        self.pc = region.start.wrapping_add(4 * position as u32);
    }

    /// Executes any one instruction. On an error nothing has changed.
    fn step<N: Notes>(&mut self, notes: &mut N) -> Result<(), FaultKind> {
        let pc = self.pc;
        let word = self.program.word_at(pc).ok_or_else(|| self.not_code(pc))?;
        let index = self.program.index_of(pc).ok_or_else(|| self.not_legal(pc, word))?;
        let (_, Instruction { opcode, rd, rs1, rs2, imm }) = self.program.instructions()[index as usize];
        let (x, y, imm) = (self.registers.get(rs1), self.registers.get(rs2), imm as u32);
        let mut next_pc = pc.wrapping_add(4);
        let mut result = None;
        match opcode.format() {
            Format::Register => result = Some(alu(opcode, x, y)),
            Format::Immediate | Format::Shift => result = Some(alu(opcode, x, imm)),
            Format::Upper => result = Some(alu(opcode, pc, imm)),
            Format::Load => {
                let address = x.wrapping_add(imm);
                let (word0, word1) = self.access(opcode, address, Access::Load, notes)?;
                result = Some(load_extract(opcode, word0, word1, address));
            }
            Format::Store => {
                let address = x.wrapping_add(imm);
                let (word0, word1) = self.access(opcode, address, Access::Store, notes)?;
                let (word0, word1) = store_merge(opcode, word0, word1, address, y);
                self.memory.set_word(address, word0);
                if crosses_word(opcode, address) {
                    self.memory.set_word(address.wrapping_add(4), word1);
                }
            }
            Format::Branch if branch_taken(opcode, x, y) => next_pc = self.jump_target(pc.wrapping_add(imm))?,
            Format::Jump => {
                result = Some(next_pc);
                next_pc = self.jump_target(pc.wrapping_add(imm))?;
            }
            Format::JumpRegister => {
                result = Some(next_pc);
                next_pc = self.jump_target(x.wrapping_add(imm) & !1)?;
            }
            Format::Branch | Format::Fence => {}
            Format::Custom => result = self.custom_instruction(imm as u16, x, y)?,
            Format::Bare if opcode == Opcode::Ebreak => return Err(FaultKind::Breakpoint),
            Format::Bare => match self.system_call(notes.log())? {
                Effect::Return(value) => self.registers.set(10, value),
                Effect::Exit => {
                    self.exit = Some(Exit { value: self.registers.get(10) });
                    next_pc = pc;
                }
            },
        }
        if let Some(result) = result.filter(|_| rd != 0) {
            self.registers.set(rd, result);
        }
        notes.note_run(&[index], 0, 1);
        self.pc = next_pc;
        Ok(())
    }

    /// Checks an access, brings in what it needs and notes where it is misaligned. Returns the aligned word that holds the first
    /// byte, and the next one if the access crosses into it.
    fn access(
        &mut self,
        opcode: Opcode,
        address: u32,
        access: Access,
        notes: &mut impl Notes,
    ) -> Result<(u32, u32), FaultKind> {
        self.memory
            .check(address, opcode.access_bytes(), access)
            .map_err(|error| FaultKind::Access { access, error })?;
        self.bring_in(address, opcode.access_bytes())?;
        if let Some(log) = notes.log().filter(|_| !address.is_multiple_of(opcode.access_bytes())) {
            log.misaligned.push(log.steps.len());
        }
        let next = address.wrapping_add(4) & !3;
        let word1 = if crosses_word(opcode, address) { self.memory.word(next) } else { 0 };
        Ok((self.memory.word(address), word1))
    }

    fn bring_in(&mut self, address: u32, length_bytes: u32) -> Result<(), FaultKind> {
        let lost = |message| FaultKind::Host { stream: "stored memory", message };
        self.memory.bring_in(address, length_bytes).map_err(lost)
    }

    fn jump_target(&self, target: u32) -> Result<u32, FaultKind> {
        if !target.is_multiple_of(4) && self.program.compressed_at(target).is_none() {
            Err(FaultKind::MisalignedJump { target })
        } else if self.program.word_at(target).is_none() {
            Err(self.not_code(target))
        } else {
            Ok(target)
        }
    }

    /// Why the word at an address cannot be executed.
    fn not_legal(&self, pc: u32, word: u32) -> FaultKind {
        match self.program.compressed_at(pc) {
            Some(parcel) => FaultKind::Compressed { parcel },
            None => FaultKind::IllegalInstruction { word },
        }
    }

    /// Why an address where there is no instruction word cannot be jumped to.
    fn not_code(&self, target: u32) -> FaultKind {
        if self.program.compressed_at(target).is_some() {
            return FaultKind::CompressedTarget { target };
        }
        let layout = self.program.layout();
        let in_segment = self.program.image().any(|segment| segment.contains(target));
        let in_stack = (layout.stack_low..layout.stack_top).contains(&target);
        let in_heap = (layout.initial_break..self.program_break).contains(&target);
        if in_segment || in_stack || in_heap {
            FaultKind::NotExecutable { target }
        } else {
            FaultKind::OutsideProgram { target }
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Program counter, registers and break.
    #[must_use]
    pub fn state(&self) -> CpuState {
        CpuState { pc: self.pc, registers: self.registers(), program_break: self.program_break }
    }

    /// Address of the next instruction; after an exit that of the exiting `ecall`, after a fault that of the
    /// instruction at fault.
    #[must_use]
    pub fn pc(&self) -> u32 {
        self.pc
    }

    /// The registers; the first is zero.
    #[must_use]
    pub fn registers(&self) -> [u32; 32] {
        self.registers.of_guest()
    }

    /// The memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Ends the run and hands over its memory, for a run that continues on it.
    #[must_use]
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// The program break.
    #[must_use]
    pub fn program_break(&self) -> u32 {
        self.program_break
    }

    /// Instructions executed so far; an exiting `ecall` counts, an instruction at fault does not.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The exit, once there was one.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// The public output so far.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }
}

/// Whether an access reaches into the word after the one that holds its first byte.
fn crosses_word(opcode: Opcode, address: u32) -> bool {
    address % 4 + opcode.access_bytes() > 4
}

/// A notebook of the fast path that may be a log, in which system calls write more.
trait Notes: Notebook {
    fn log(&mut self) -> Option<&mut ExecutionLog>;
}

impl Notes for NoNotes {
    fn log(&mut self) -> Option<&mut ExecutionLog> {
        None
    }
}

impl Notes for ExecutionLog {
    fn log(&mut self) -> Option<&mut ExecutionLog> {
        Some(self)
    }
}
