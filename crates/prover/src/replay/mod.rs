//! A run's log, replayed over memory as proofs see it: when each access happens, what was there and since when.

mod call;
mod core;
mod custom;
mod memory;
mod rows;

use engram_memory::{
    address::{SPACE_MEMORY, SPACE_REGISTERS, TIMESTAMP_BITS},
    offline::{Access, OfflineMemory},
};
use engram_rv32im::{
    CpuState, ExecutionLog, Format, Opcode,
    semantics::{load_extract, store_merge},
    system_calls::TRANSFER_MAX_BYTES,
};
use engram_rv32im_air::{
    block::Block,
    chip::{CHIPS, Chip},
    custom::Custom,
    instruction::execute,
    misaligned,
    program::{Decoded, MachineProgram},
};
use engram_vm::{
    connector::{Ends, FIRST_TIMESTAMP},
    row::RefusedRow,
};
use thiserror::Error;

use self::core::{AloneCore, BlockCore};
pub(crate) use self::custom::replay_custom;
pub use self::memory::ReplayMemory;
pub use self::rows::{Rows, TableRows};
use crate::tile::Tile;

/// A log that does not describe a run of the program over the memory.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log goes on elsewhere than the replay.
    #[error(
        "step {step} of the log is not the instruction that follows (pc {pc:#010x}); the log does not fit the program"
    )]
    Diverged {
        /// Which step.
        step: usize,
        /// Where the replay is, as a byte address.
        pc: u32,
    },
    /// An instruction that cannot be proven was executed.
    #[error("the instruction at {pc:#010x} cannot be proven")]
    Unprovable {
        /// As a byte address.
        pc: u32,
    },
    /// No row has this execution of a custom instruction.
    #[error("the custom instruction at {pc:#010x} cannot be proven: {refused}")]
    Refused {
        /// As a byte address.
        pc: u32,
        /// What refuses it.
        refused: RefusedRow,
    },
    /// The segment has more accesses than a clock of 29 bits can count; cut it earlier.
    #[error("the segment has more than 2^29 accesses; cut it earlier")]
    ClockOverflow,
}

/// Replays logs, segment after segment.
#[derive(Debug)]
pub struct Replay<'a, M = OfflineMemory> {
    program: &'a MachineProgram,
    blocks: &'a [Block],
    memory: M,
    open: Option<OpenSegment>,
}

/// A segment that was replayed in part.
#[derive(Debug)]
struct OpenSegment {
    rows: Rows,
    time: u32,
    /// In words.
    pc: u32,
    /// Steps of the log that were replayed.
    steps: usize,
    /// Bytes of the log's input that were replayed.
    input_read: usize,
    /// Calls that read, replayed.
    reads: usize,
}

impl<'a> Replay<'a> {
    /// Before the first segment, for logs that are covered by blocks and single instructions.
    pub fn with_blocks(program: &'a MachineProgram, blocks: &'a [Block], memory: OfflineMemory) -> Self {
        Self { program, blocks, memory, open: None }
    }

    /// Replay one segment, whose log the tiles cover.
    ///
    /// # Errors
    /// The log does not describe a run of the program, an instruction cannot be proven, or timestamps are used up.
    pub fn tiled_segment(&mut self, log: &ExecutionLog, tiles: &[Tile]) -> Result<Rows, ReplayError> {
        self.advance(log, tiles)?;
        self.finish(log)
    }

    /// Replay the next tiles of the open segment, or of a new one that starts where the log does. The log may still grow.
    ///
    /// # Errors
    /// The log does not describe a run of the program, an instruction cannot be proven, or timestamps are used up.
    pub fn advance(&mut self, log: &ExecutionLog, tiles: &[Tile]) -> Result<(), ReplayError> {
        let blocks = self.blocks;
        let mut segment = self.open(log);
        tiles.iter().try_for_each(|tile| match tile {
            Tile::Single => segment.single(),
            Tile::Block(number) => segment.block(usize::from(*number), &blocks[usize::from(*number)]),
        })
    }
}

impl<'a, M: ReplayMemory> Replay<'a, M> {
    /// Before the first segment, for logs that are covered by single instructions.
    pub fn new(program: &'a MachineProgram, memory: M) -> Self {
        Self { program, blocks: &[], memory, open: None }
    }

    /// Memory as the replay leaves it.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Memory, to finish the segment that was replayed.
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// Replay one segment, instruction by instruction.
    ///
    /// # Errors
    /// The log does not describe a run of the program, an instruction cannot be proven, or timestamps are used up.
    pub fn segment(&mut self, log: &ExecutionLog) -> Result<Rows, ReplayError> {
        let mut segment = self.open(log);
        while segment.open.steps < log.steps.len() {
            segment.single()?;
        }
        self.finish(log)
    }

    /// Carry out one instruction that is no system call, outside of any segment. Returns where the next one is, in words.
    ///
    /// # Errors
    /// It cannot be proven. Then nothing is accessed.
    pub fn instruction(&mut self, decoded: &Decoded) -> Result<u32, ReplayError> {
        let unprovable = ReplayError::Unprovable { pc: decoded.pc << 2 };
        let chip = decoded.chip.filter(|chip| !chip.is_call()).ok_or(unprovable)?;
        // Nothing but a system call looks at the log.
        let log = ExecutionLog::starting_at(CpuState { pc: decoded.pc << 2, registers: [0; 32], program_break: 0 });
        // The instruction may be one that the program has not.
        let mut open = OpenSegment::new(tables(self.program).max(chip.number() + 1), 0, 0, decoded.pc);
        let mut segment = Segment { program: self.program, memory: &mut self.memory, log: &log, open: &mut open };
        segment.plain(0, decoded, chip)?;
        Ok(open.pc)
    }

    fn open<'s>(&'s mut self, log: &'s ExecutionLog) -> Segment<'s, M> {
        let Self { program, blocks, memory, open } = self;
        let new = || OpenSegment::new(tables(program), program.entries().len(), blocks.len(), log.start.pc / 4);
        Segment { program, memory, log, open: open.get_or_insert_with(new) }
    }

    /// The rows of the open segment so far; `None` before its first tile.
    pub fn rows(&self) -> Option<&Rows> {
        self.open.as_ref().map(|open| &open.rows)
    }

    /// End the open segment, of which all is replayed.
    ///
    /// # Errors
    /// The log goes on elsewhere than the replay.
    pub fn finish(&mut self, log: &ExecutionLog) -> Result<Rows, ReplayError> {
        let (entries, blocks) = (self.program.entries().len(), self.blocks.len());
        let open = self
            .open
            .take()
            .unwrap_or_else(|| OpenSegment::new(tables(self.program), entries, blocks, log.start.pc / 4));
        let OpenSegment { mut rows, time, pc, steps, .. } = open;
        if steps != log.steps.len() {
            return Err(ReplayError::Diverged { step: steps, pc: pc << 2 });
        }
        rows.ends.final_pc = if rows.ends.exit.is_some() { 0 } else { pc };
        rows.last_time = time;
        Ok(rows)
    }
}

/// Numbers of the program's chips are below this: those of its extensions come last.
fn tables(program: &MachineProgram) -> usize {
    let last_extension = program.extensions().last();
    last_extension.map_or(CHIPS.len(), |extension| Chip::Custom(extension.id()).number() + 1)
}

impl OpenSegment {
    /// For tables with numbers below `tables`, and as many ROM entries and blocks.
    fn new(tables: usize, entries: usize, blocks: usize, pc: u32) -> Self {
        let rows = Rows {
            chips: vec![TableRows::default(); tables],
            blocks: vec![TableRows::default(); blocks],
            executions: vec![0; entries],
            ends: Ends { initial_pc: pc, final_pc: 0, exit: None },
            last_time: 0,
        };
        Self { rows, time: FIRST_TIMESTAMP, pc, steps: 0, input_read: 0, reads: 0 }
    }
}

struct Segment<'a, M> {
    program: &'a MachineProgram,
    memory: &'a mut M,
    log: &'a ExecutionLog,
    open: &'a mut OpenSegment,
}

impl<M: ReplayMemory> Segment<'_, M> {
    fn read(&mut self, space: u32, pointer: u32) -> Access {
        let access = self.memory.read_word(space, pointer, self.open.time);
        self.open.time += 1;
        access
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) -> Access {
        let access = self.memory.write_word(space, pointer, self.open.time, value);
        self.open.time += 1;
        access
    }

    fn register(&mut self, register: u32) -> Access {
        self.read(SPACE_REGISTERS, register)
    }

    fn set_register(&mut self, register: u32, value: u32) -> Access {
        self.write(SPACE_REGISTERS, register, value)
    }

    fn peek_register(&self, register: u32) -> u32 {
        self.memory.peek(SPACE_REGISTERS, register)
    }

    /// A row of a chip other than a plain instruction's.
    fn row(&mut self, chip: Chip, instruction: u32, timestamp: u32, accesses: &[Access], hints: &[u32]) {
        let rows = &mut self.open.rows.chips[chip.number()];
        rows.timestamps.push(timestamp);
        rows.instructions.push(instruction);
        rows.accesses.extend_from_slice(accesses);
        rows.hints.extend_from_slice(hints);
    }

    /// Replay the log's next instruction.
    fn single(&mut self) -> Result<(), ReplayError> {
        let step = self.open.steps;
        let diverged = ReplayError::Diverged { step, pc: self.open.pc << 2 };
        self.step(step, *self.log.steps.get(step).ok_or(diverged)?)?;
        self.open.steps += 1;
        Ok(())
    }

    fn step(&mut self, step: usize, index: u32) -> Result<(), ReplayError> {
        let diverged = ReplayError::Diverged { step, pc: self.open.pc << 2 };
        let program = self.program;
        let Some(decoded) = program.decoded().get(index as usize) else { return Err(diverged) };
        if decoded.pc != self.open.pc || self.open.rows.ends.exit.is_some() {
            return Err(diverged);
        }
        if self.open.time >= (1 << TIMESTAMP_BITS) - 4 * TRANSFER_MAX_BYTES {
            return Err(ReplayError::ClockOverflow);
        }
        let chip = decoded.chip.ok_or(ReplayError::Unprovable { pc: self.open.pc << 2 })?;
        if chip == Chip::ReadCall {
            return self.call(index, decoded, diverged);
        }
        self.open.rows.executions[index as usize] += 1;
        self.plain(index, decoded, chip)
    }

    /// An instruction that is no system call.
    fn plain(&mut self, index: u32, decoded: &Decoded, chip: Chip) -> Result<(), ReplayError> {
        match &decoded.custom {
            None => self.execute(index, decoded, chip),
            Some(custom) => self.custom(index, decoded, custom)?,
        }
        Ok(())
    }

    fn custom(&mut self, index: u32, decoded: &Decoded, custom: &Custom) -> Result<(), ReplayError> {
        let OpenSegment { rows, time, pc, .. } = &mut *self.open;
        let rows = &mut rows.chips[Chip::Custom(custom.id()).number()];
        let step = custom.step(decoded.pc, decoded.instruction, *time);
        let replayed = replay_custom(custom, self.memory, &mut rows.accesses, step);
        rows.timestamps.push(*time);
        rows.instructions.push(index);
        *time = replayed.map_err(|refused| ReplayError::Refused { pc: *pc << 2, refused })?;
        *pc += 1;
        Ok(())
    }

    fn execute(&mut self, index: u32, decoded: &Decoded, chip: Chip) {
        if let Chip::Load(opcode) | Chip::Store(opcode) = chip {
            let base = self.peek_register(u32::from(decoded.instruction.rs1));
            let address = base.wrapping_add(decoded.constant);
            if !address.is_multiple_of(opcode.access_bytes()) {
                return self.misaligned(index, decoded, opcode, address);
            }
        }
        let OpenSegment { rows, time, pc, .. } = &mut *self.open;
        let rows = &mut rows.chips[chip.number()];
        rows.timestamps.push(*time);
        rows.instructions.push(index);
        let memory = &mut *self.memory;
        let mut core = AloneCore { memory, rows, step: decoded, timestamp: *time, next_pc: *pc + 1 };
        execute(chip, &mut core);
        (*time, *pc) = (core.timestamp, core.next_pc);
    }

    /// A load or store whose width does not divide its address. Hints: the register after, both words after, which
    /// instruction.
    fn misaligned(&mut self, index: u32, decoded: &Decoded, opcode: Opcode, address: u32) {
        let time = self.open.time;
        let loads = opcode.format() == Format::Load;
        let instruction = decoded.instruction;
        let register = u32::from(if loads { instruction.rd } else { instruction.rs2 });
        let first = address >> 2;
        let second = if opcode.access_bytes() == 2 && address & 3 == 1 { first } else { first + 1 };
        let words = [self.memory.peek(SPACE_MEMORY, first), self.memory.peek(SPACE_MEMORY, second)];
        let value = self.peek_register(register);
        let (register_after, words_after) = if loads {
            (load_extract(opcode, words[0], words[1], address & 3), words)
        } else {
            let (low, high) = store_merge(opcode, words[0], words[1], address & 3, value);
            (value, [low, if second == first { low } else { high }])
        };
        let accesses = [
            self.register(u32::from(instruction.rs1)),
            self.set_register(register, register_after),
            self.write(SPACE_MEMORY, first, words_after[0]),
            self.write(SPACE_MEMORY, second, words_after[1]),
        ];
        let kind = misaligned::OPCODES.iter().position(|&known| known == opcode).unwrap_or(0) as u32;
        let hints = [register_after, words_after[0], words_after[1], kind];
        self.row(Chip::Misaligned, index, time, &accesses, &hints);
        self.open.pc += 1;
    }
}

impl Segment<'_, OfflineMemory> {
    /// Execute a block. Registers are taken at its time and changed at its end; a word of memory is taken when the path opens
    /// it and changed in place.
    fn block(&mut self, number: usize, block: &Block) -> Result<(), ReplayError> {
        let diverged = ReplayError::Diverged { step: self.open.steps, pc: self.open.pc << 2 };
        let first = block.decoded().first().filter(|first| first.pc == self.open.pc).ok_or(diverged)?;
        if self.open.time >= (1 << TIMESTAMP_BITS) - 4 * TRANSFER_MAX_BYTES {
            return Err(ReplayError::ClockOverflow);
        }
        let OpenSegment { rows, time, pc, .. } = &mut *self.open;
        let rows = &mut rows.blocks[number];
        rows.timestamps.push(*time);
        let mut registers = [0; 32];
        for &register in &block.registers {
            let access = self.memory.read_word(SPACE_REGISTERS, register, *time);
            registers[register as usize] = access.previous;
            rows.accesses.push(access);
        }
        let openings = block.openings.iter().copied();
        let mut core =
            BlockCore { memory: &mut *self.memory, rows, registers, openings, step: first, timestamp: *time };
        for decoded in block.decoded() {
            core.step = decoded;
            if let Some(custom) = &decoded.custom {
                core.custom(custom).map_err(|refused| ReplayError::Refused { pc: decoded.pc << 2, refused })?;
            } else if let Some(chip) = decoded.chip {
                execute(chip, &mut core);
            }
        }
        let BlockCore { registers, timestamp, .. } = core;
        for &register in &block.registers {
            self.memory.amend(SPACE_REGISTERS, register, registers[register as usize]);
        }
        debug_assert_eq!(timestamp, *time + block.opened() as u32);
        (*time, *pc) = (timestamp + 1, block.path.final_pc);
        self.open.steps += block.path.steps.len();
        Ok(())
    }
}
