//! A run's log, replayed over memory as proofs see it: when each access happens, what was there and since when.

use engram_memory::{
    address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, TIME_BITS},
    offline::{Access, OfflineMemory},
};
use engram_rv32im::{
    ExecutionLog, Format, Opcode,
    emulator::system_calls::{
        FILE_DEBUG, FILE_INPUT, FILE_OUTPUT, MINUS_EBADF, MINUS_ENOSYS, SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ,
        SYS_WRITE, TRANSFER_MAX_BYTES,
    },
    semantics::{alu, branch_taken, load_extract, store_merge},
};
use engram_vm::connector::{Ends, FIRST_TIME};
use thiserror::Error;

use crate::{
    block::Block,
    chip::{CHIPS, Chip},
    misaligned,
    program::{Decoded, MachineProgram},
    system::BREAK_POINTER,
    tile::Tile,
    transfer::{HINTS, OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER},
};

/// Most accesses of a row.
pub const ACCESSES_MAX: usize = 5;

const NO_ACCESS: Access = Access { previous: 0, gap: 0 };

/// The witness of a row whose chip needs no hints.
#[derive(Clone, Copy, Debug)]
pub struct PlainRecord {
    /// Position of the instruction in the program.
    pub instruction: u32,
    /// Time of the first access.
    pub time: u32,
    /// Accesses, in order.
    pub accesses: [Access; 3],
}

/// The witness of a row of any chip.
#[derive(Clone, Copy, Debug)]
pub struct HintedRecord {
    /// Position of the instruction in the program; of the call, for a step of a transfer.
    pub instruction: u32,
    /// Time of the first access.
    pub time: u32,
    /// Accesses, in order.
    pub accesses: [Access; ACCESSES_MAX],
    /// Free witnesses, in the chip's order.
    pub hints: [u32; HINTS],
}

/// The rows of a block.
#[derive(Clone, Debug, Default)]
pub struct BlockRows {
    /// By row: time of its first access.
    pub times: Vec<u32>,
    /// The accesses of all rows, as many for each as the block has.
    pub accesses: Vec<Access>,
}

/// The rows of a segment.
#[derive(Clone, Debug)]
pub struct Rows {
    /// By the chip's number.
    pub plain: Vec<Vec<PlainRecord>>,
    /// By the chip's number.
    pub hinted: Vec<Vec<HintedRecord>>,
    /// By the block's number.
    pub blocks: Vec<BlockRows>,
    /// How often each ROM entry is executed.
    pub executions: Vec<u32>,
    /// Where the segment starts and ends.
    pub ends: Ends,
    /// Time at the end.
    pub last_time: u32,
}

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
    /// The segment has more accesses than a clock of 29 bits can count; cut it earlier.
    #[error("the segment has more than 2^29 accesses; cut it earlier")]
    ClockOverflow,
}

/// Replays logs, segment after segment.
#[derive(Debug)]
pub struct Replay<'a> {
    program: &'a MachineProgram,
    blocks: &'a [Block],
    memory: OfflineMemory,
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
    /// Before the first segment, for logs that are covered by single instructions.
    pub fn new(program: &'a MachineProgram, memory: OfflineMemory) -> Self {
        Self::with_blocks(program, &[], memory)
    }

    /// Before the first segment, for logs that are covered by blocks and single instructions.
    pub fn with_blocks(program: &'a MachineProgram, blocks: &'a [Block], memory: OfflineMemory) -> Self {
        Self { program, blocks, memory, open: None }
    }

    /// Memory as the replay leaves it.
    pub fn memory(&self) -> &OfflineMemory {
        &self.memory
    }

    /// Memory, to finish the segment that was replayed.
    pub fn memory_mut(&mut self) -> &mut OfflineMemory {
        &mut self.memory
    }

    /// Replay one segment, instruction by instruction.
    pub fn segment(&mut self, log: &ExecutionLog) -> Result<Rows, ReplayError> {
        self.tiled_segment(log, &vec![Tile::Single; log.steps.len()])
    }

    /// Replay one segment, whose log the tiles cover.
    pub fn tiled_segment(&mut self, log: &ExecutionLog, tiles: &[Tile]) -> Result<Rows, ReplayError> {
        self.advance(log, tiles)?;
        self.finish(log)
    }

    /// Replay the next tiles of the open segment, or of a new one that starts where the log does. The log may still grow.
    pub fn advance(&mut self, log: &ExecutionLog, tiles: &[Tile]) -> Result<(), ReplayError> {
        let Self { program, blocks, memory, open } = self;
        let open = open.get_or_insert_with(|| OpenSegment::new(program, blocks.len(), log.start.pc / 4));
        let mut segment = Segment { program, memory, log, open };
        for tile in tiles {
            let step = segment.open.steps;
            segment.open.steps += match tile {
                Tile::Single => {
                    let diverged = ReplayError::Diverged { step, pc: segment.open.pc << 2 };
                    segment.step(step, *log.steps.get(step).ok_or(diverged)?)?;
                    1
                }
                Tile::Block(number) => {
                    let block = &blocks[usize::from(*number)];
                    segment.block(step, usize::from(*number), block)?;
                    block.path.steps.len()
                }
            };
        }
        Ok(())
    }

    /// The rows of the open segment so far; `None` before its first tile.
    pub fn rows(&self) -> Option<&Rows> {
        self.open.as_ref().map(|open| &open.rows)
    }

    /// End the open segment, of which all is replayed.
    pub fn finish(&mut self, log: &ExecutionLog) -> Result<Rows, ReplayError> {
        let start = log.start.pc / 4;
        let open = self.open.take().unwrap_or_else(|| OpenSegment::new(self.program, self.blocks.len(), start));
        let OpenSegment { mut rows, time, pc, steps, .. } = open;
        if steps != log.steps.len() {
            return Err(ReplayError::Diverged { step: steps, pc: pc << 2 });
        }
        rows.ends.final_pc = if rows.ends.exit.is_some() { 0 } else { pc };
        rows.last_time = time;
        Ok(rows)
    }
}

impl OpenSegment {
    fn new(program: &MachineProgram, blocks: usize, pc: u32) -> Self {
        let rows = Rows {
            plain: vec![vec![]; CHIPS.len()],
            hinted: vec![vec![]; CHIPS.len()],
            blocks: vec![BlockRows::default(); blocks],
            executions: vec![0; program.entries().len()],
            ends: Ends { initial_pc: pc, final_pc: 0, exit: None },
            last_time: 0,
        };
        Self { rows, time: FIRST_TIME, pc, steps: 0, input_read: 0, reads: 0 }
    }
}

struct Segment<'a> {
    program: &'a MachineProgram,
    memory: &'a mut OfflineMemory,
    log: &'a ExecutionLog,
    open: &'a mut OpenSegment,
}

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;
const A7: u32 = 17;

impl Segment<'_> {
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

    fn plain(&mut self, chip: usize, instruction: u32, time: u32, accesses: [Access; 3]) {
        self.open.rows.plain[chip].push(PlainRecord { instruction, time, accesses });
    }

    fn hinted(&mut self, chip: Chip, instruction: u32, time: u32, accesses: &[Access], hints: &[u32]) {
        let mut record = HintedRecord { instruction, time, accesses: [NO_ACCESS; ACCESSES_MAX], hints: [0; HINTS] };
        record.accesses[..accesses.len()].copy_from_slice(accesses);
        record.hints[..hints.len()].copy_from_slice(hints);
        self.open.rows.hinted[chip.number()].push(record);
    }

    fn step(&mut self, step: usize, index: u32) -> Result<(), ReplayError> {
        let diverged = ReplayError::Diverged { step, pc: self.open.pc << 2 };
        let Some(&decoded) = self.program.decoded().get(index as usize) else { return Err(diverged) };
        if decoded.pc != self.open.pc || self.open.rows.ends.exit.is_some() {
            return Err(diverged);
        }
        if self.open.time >= (1 << TIME_BITS) - 4 * TRANSFER_MAX_BYTES {
            return Err(ReplayError::ClockOverflow);
        }
        let chip = decoded.chip.ok_or(ReplayError::Unprovable { pc: self.open.pc << 2 })?;
        if chip == Chip::ReadCall {
            return self.call(index, decoded, diverged);
        }
        self.open.rows.executions[index as usize] += 1;
        self.execute(index, decoded, chip);
        Ok(())
    }

    /// Execute a block. Registers are taken at its time and changed at its end; a word of memory is taken when the path opens
    /// it and changed in place.
    fn block(&mut self, step: usize, number: usize, block: &Block) -> Result<(), ReplayError> {
        if block.decoded().first().map(|first| first.pc) != Some(self.open.pc) {
            return Err(ReplayError::Diverged { step, pc: self.open.pc << 2 });
        }
        if self.open.time >= (1 << TIME_BITS) - 4 * TRANSFER_MAX_BYTES {
            return Err(ReplayError::ClockOverflow);
        }
        let time = self.open.time;
        self.open.rows.blocks[number].times.push(time);
        let mut registers = [0; 32];
        for &register in &block.registers {
            let access = self.memory.read_word(SPACE_REGISTERS, register, time);
            registers[register as usize] = access.previous;
            self.open.rows.blocks[number].accesses.push(access);
        }
        let mut openings = block.openings.iter().copied();
        for decoded in block.decoded() {
            let instruction = decoded.instruction;
            let opcode = instruction.opcode;
            let [rd, rs1, rs2] = [instruction.rd, instruction.rs1, instruction.rs2].map(usize::from);
            let (x, y, imm) = (registers[rs1], registers[rs2], instruction.imm as u32);
            let address = decoded.pc << 2;
            let result = match opcode.format() {
                Format::Register => Some(alu(opcode, x, y)),
                Format::Immediate | Format::Shift => Some(alu(opcode, x, imm)),
                Format::Upper => Some(alu(opcode, address, imm)),
                Format::Jump | Format::JumpRegister => Some(address.wrapping_add(4)),
                Format::Load => {
                    let place = x.wrapping_add(imm);
                    let opens = openings.next() == Some(true);
                    let word = self.block_word(number, place >> 2, opens);
                    Some(load_extract(opcode, word, 0, place & 3))
                }
                Format::Store => {
                    let place = x.wrapping_add(imm);
                    let accesses = if opcode == Opcode::Sw { 1 } else { 2 };
                    let opens = openings.by_ref().take(accesses).fold(false, |any, opens| any | opens);
                    let word = self.block_word(number, place >> 2, opens);
                    let (word, _) = store_merge(opcode, word, 0, place & 3, y);
                    self.memory.amend(SPACE_MEMORY, place >> 2, word);
                    None
                }
                Format::Branch | Format::Fence | Format::Bare | Format::Custom => None,
            };
            if let Some(result) = result.filter(|_| rd != 0) {
                registers[rd] = result;
            }
        }
        for &register in &block.registers {
            self.memory.amend(SPACE_REGISTERS, register, registers[register as usize]);
        }
        self.open.time += 1;
        debug_assert_eq!(self.open.time, time + block.clock());
        self.open.pc = block.path.final_pc;
        Ok(())
    }

    /// A word of memory in a block. The clock stands at the last tick taken.
    fn block_word(&mut self, number: usize, pointer: u32, opens: bool) -> u32 {
        if !opens {
            return self.memory.peek(SPACE_MEMORY, pointer);
        }
        self.open.time += 1;
        let access = self.memory.read_word(SPACE_MEMORY, pointer, self.open.time);
        self.open.rows.blocks[number].accesses.push(access);
        access.previous
    }

    fn execute(&mut self, index: u32, decoded: Decoded, chip: Chip) {
        let instruction = decoded.instruction;
        let [rd, rs1, rs2] = [instruction.rd, instruction.rs1, instruction.rs2].map(u32::from);
        let (imm, address, time, number) = (instruction.imm as u32, self.open.pc << 2, self.open.time, chip.number());
        let mut next_pc = self.open.pc + 1;
        let accesses = match chip {
            Chip::Constant => {
                let value = alu(instruction.opcode, address, imm);
                [self.set_register(rd, value), NO_ACCESS, NO_ACCESS]
            }
            Chip::Arithmetic(opcode) => {
                let x = self.register(rs1);
                if opcode.format() == Format::Register {
                    let y = self.register(rs2);
                    [x, y, self.set_register(rd, alu(opcode, x.previous, y.previous))]
                } else {
                    [x, self.set_register(rd, alu(opcode, x.previous, imm)), NO_ACCESS]
                }
            }
            Chip::Branch(opcode) => {
                let (x, y) = (self.register(rs1), self.register(rs2));
                if branch_taken(opcode, x.previous, y.previous) {
                    next_pc = address.wrapping_add(imm) >> 2;
                }
                [x, y, NO_ACCESS]
            }
            Chip::JumpAndLink => {
                next_pc = address.wrapping_add(imm) >> 2;
                [self.set_register(rd, address.wrapping_add(4)), NO_ACCESS, NO_ACCESS]
            }
            Chip::Jump => {
                next_pc = address.wrapping_add(imm) >> 2;
                [NO_ACCESS; 3]
            }
            Chip::JumpAndLinkRegister => {
                let x = self.register(rs1);
                next_pc = x.previous.wrapping_add(imm) >> 2;
                [x, self.set_register(rd, address.wrapping_add(4)), NO_ACCESS]
            }
            Chip::JumpRegister => {
                let x = self.register(rs1);
                next_pc = x.previous.wrapping_add(imm) >> 2;
                [x, NO_ACCESS, NO_ACCESS]
            }
            Chip::Load(opcode) => {
                let base = self.peek_register(rs1).wrapping_add(imm);
                if !base.is_multiple_of(opcode.access_bytes()) {
                    return self.misaligned(index, opcode, base, rs1, rd, next_pc);
                }
                let x = self.register(rs1);
                let word = self.read(SPACE_MEMORY, base >> 2);
                [x, word, self.set_register(rd, load_extract(opcode, word.previous, 0, base & 3))]
            }
            Chip::Store(opcode) => {
                let base = self.peek_register(rs1).wrapping_add(imm);
                if !base.is_multiple_of(opcode.access_bytes()) {
                    return self.misaligned(index, opcode, base, rs1, rs2, next_pc);
                }
                let (x, y) = (self.register(rs1), self.register(rs2));
                let word = self.memory.peek(SPACE_MEMORY, base >> 2);
                let (word, _) = store_merge(opcode, word, 0, base & 3, y.previous);
                [x, y, self.write(SPACE_MEMORY, base >> 2, word)]
            }
            _ => [NO_ACCESS; 3],
        };
        self.plain(number, index, time, accesses);
        self.open.pc = next_pc;
    }

    /// A load or store whose width does not divide its address. Hints: the register after, both words after, which
    /// instruction.
    fn misaligned(&mut self, index: u32, opcode: Opcode, address: u32, rs1: u32, register: u32, next_pc: u32) {
        let time = self.open.time;
        let loads = opcode.format() == Format::Load;
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
            self.register(rs1),
            self.set_register(register, register_after),
            self.write(SPACE_MEMORY, first, words_after[0]),
            self.write(SPACE_MEMORY, second, words_after[1]),
        ];
        let kind = misaligned::OPCODES.iter().position(|&known| known == opcode).unwrap_or(0) as u32;
        let hints = [register_after, words_after[0], words_after[1], kind];
        self.hinted(Chip::Misaligned, index, time, &accesses, &hints);
        self.open.pc = next_pc;
    }

    fn call(&mut self, index: u32, decoded: Decoded, diverged: ReplayError) -> Result<(), ReplayError> {
        let [a0, a1, a2, a7] = [A0, A1, A2, A7].map(|register| self.peek_register(register));
        let time = self.open.time;
        let entry = if a7 == SYS_BRK { decoded.break_entry } else { index };
        self.open.rows.executions[entry as usize] += 1;
        let number = self.register(A7);
        let next_pc = self.open.pc + 1;
        match a7 {
            SYS_READ if a0 == FILE_INPUT => {
                let count = *self.log.reads.get(self.open.reads).ok_or(diverged.clone())?;
                let end = self.open.input_read + count as usize;
                let log = self.log;
                let bytes = log.input.get(self.open.input_read..end).ok_or(diverged)?;
                (self.open.reads, self.open.input_read) = (self.open.reads + 1, end);
                let accesses = [number, self.register(A1), self.register(A2), self.set_register(A0, count)];
                self.hinted(Chip::ReadCall, index, time, &accesses, &[count]);
                self.transfer_input(index, a1, bytes, next_pc);
            }
            SYS_WRITE if a0 == FILE_OUTPUT => {
                let count = a2.min(TRANSFER_MAX_BYTES);
                let length = self.memory.peek(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER);
                let accesses = [
                    number,
                    self.register(A1),
                    self.register(A2),
                    self.set_register(A0, count),
                    self.write(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER, length.wrapping_add(count)),
                ];
                self.hinted(Chip::WriteCall, index, time, &accesses, &[]);
                self.transfer_output(index, a1, count, 4 * OUTPUT_FIRST_POINTER + length, next_pc);
            }
            SYS_WRITE if a0 == FILE_DEBUG => {
                let accesses = [number, self.register(A2), self.set_register(A0, a2.min(TRANSFER_MAX_BYTES))];
                self.hinted(Chip::DebugCall, index, time, &accesses, &[]);
            }
            SYS_READ | SYS_WRITE => {
                let accesses = [number, self.set_register(A0, MINUS_EBADF)];
                self.hinted(Chip::BadDescriptorCall, index, time, &accesses, &[]);
            }
            SYS_EXIT | SYS_EXIT_GROUP => {
                let accesses = [number, self.register(A0)];
                self.hinted(Chip::ExitCall, index, time, &accesses, &[]);
                self.open.rows.ends.exit = Some(a0);
            }
            SYS_BRK => {
                let program = self.program.program();
                let before = self.memory.peek(SPACE_REGISTERS, BREAK_POINTER);
                let granted = (program.initial_break()..=program.heap_limit()).contains(&a0);
                let after = if granted { a0 } else { before };
                let accesses =
                    [number, self.write(SPACE_REGISTERS, BREAK_POINTER, after), self.set_register(A0, after)];
                self.hinted(Chip::BreakCall, index, time, &accesses, &[after]);
            }
            _ => {
                let accesses = [number, self.set_register(A0, MINUS_ENOSYS)];
                self.hinted(Chip::UnknownCall, index, time, &accesses, &[]);
            }
        }
        self.open.pc = next_pc;
        Ok(())
    }

    fn transfer_input(&mut self, index: u32, buffer: u32, bytes: &[u8], next_pc: u32) {
        let ([mut pointer, mut offset], mut rest) = (place(buffer), bytes);
        while let [first, tail @ ..] = rest {
            let time = self.open.time;
            let state = |input| [pointer, offset, 0, 0, rest.len() as u32, next_pc, input];
            if let (0, [a, b, c, d, tail @ ..]) = (offset, rest) {
                let word = u32::from_le_bytes([*a, *b, *c, *d]);
                let access = self.write(SPACE_MEMORY, pointer, word);
                self.hinted(Chip::ReadWord, index, time, &[access], &state(word));
                ([pointer, offset], rest) = (after([pointer, offset], 4), tail);
            } else {
                let word = self.memory.peek(SPACE_MEMORY, pointer);
                let shift = 8 * offset;
                let word = word & !(0xff << shift) | u32::from(*first) << shift;
                let access = self.write(SPACE_MEMORY, pointer, word);
                self.hinted(Chip::ReadByte, index, time, &[access], &state(u32::from(*first)));
                ([pointer, offset], rest) = (after([pointer, offset], 1), tail);
            }
        }
        self.transfer_end(index, [pointer, offset], [0, 0], 0, next_pc);
    }

    fn transfer_output(&mut self, index: u32, buffer: u32, count: u32, output: u32, next_pc: u32) {
        let ([mut pointer, mut offset], mut remaining) = (place(buffer), count);
        let [mut output_pointer, mut output_offset] = place(output);
        while remaining > 0 {
            let time = self.open.time;
            let hints = [pointer, offset, output_pointer, output_offset, remaining, next_pc, 0];
            let word = self.read(SPACE_MEMORY, pointer);
            let (chip, bytes, value) = if offset == 0 && output_offset == 0 && remaining >= 4 {
                (Chip::WriteWord, 4, word.previous)
            } else {
                let byte = word.previous >> (8 * offset) & 0xff;
                let before = self.memory.peek(SPACE_OUTPUT, output_pointer);
                (Chip::WriteByte, 1, before | byte << (8 * output_offset))
            };
            let accesses = [word, self.write(SPACE_OUTPUT, output_pointer, value)];
            self.hinted(chip, index, time, &accesses, &hints);
            [pointer, offset] = after([pointer, offset], bytes);
            [output_pointer, output_offset] = after([output_pointer, output_offset], bytes);
            remaining -= bytes;
        }
        self.transfer_end(index, [pointer, offset], [output_pointer, output_offset], 1, next_pc);
    }

    fn transfer_end(&mut self, index: u32, place: [u32; 2], output_place: [u32; 2], writes: u32, next_pc: u32) {
        let ([pointer, offset], [output_pointer, output_offset]) = (place, output_place);
        let hints = [pointer, offset, output_pointer, output_offset, 0, next_pc, writes];
        let time = self.open.time;
        self.hinted(Chip::TransferEnd, index, time, &[], &hints);
    }
}

/// A byte's word and its place in it.
fn place(address: u32) -> [u32; 2] {
    [address >> 2, address & 3]
}

/// The place some bytes on. After the last byte of memory it is in word 2^30, as circuits count, and not in word 0.
fn after([pointer, offset]: [u32; 2], bytes: u32) -> [u32; 2] {
    let offset = offset + bytes;
    [pointer + (offset >> 2), offset & 3]
}
