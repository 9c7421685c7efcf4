//! Random programs that use every instruction and always end.
//!
//! A program sets all registers, runs a random body that works on them and on a window of scratch memory, and writes
//! window and registers to file 1. Jumps go forward, but for loops that count a reserved register down and for calls that
//! return. Programs know no absolute addresses beside the scratch memory's, so that any number of them can be linked
//! into one executable, to run one after the other.

use super::elf_writer::{ElfSegment, elf_file, text_segment};
use super::random::SplitMix64;
use crate::instruction::Instruction;
use crate::isa::{Format, Opcode};
use crate::system_calls::{SYS_BRK, SYS_EXIT, SYS_READ, SYS_WRITE};

/// Where the code of linked programs begins.
const TEXT_START: u32 = 0x0010_0000;
/// The scratch memory: two pages, the window in the middle.
const SCRATCH_START: u32 = 0x4000_0000;
const SCRATCH_BYTES: u32 = 8192;
/// Holds [`WINDOW_CENTER`] throughout.
const BASE: u8 = 31;
const WINDOW_CENTER: u32 = SCRATCH_START + 4096;
/// The body accesses addresses from the center − 1024 up to the center + 1023, and 3 bytes beyond.
const WINDOW_REACH: i32 = 1024;
/// Where the registers are stored at the end, relative to the center.
const REGISTERS_OFFSET: i32 = 1536;
/// Counters of loops, by nesting depth.
const LOOP_COUNTERS: [u8; 2] = [30, 29];
/// Holds the return address of the innermost call.
const LINK: u8 = 28;
/// Bodies write registers below this one only.
const FREE_REGISTERS: u32 = 28;
/// Operands at which instructions tend to be wrong.
const EDGES: [u32; 12] =
    [0, 1, 2, 4, 31, 32, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_8000, 0xffff_fffe, 0xffff_ffff];

/// A program made from a seed.
#[derive(Clone, Debug)]
pub struct RandomProgram {
    /// The seed that it was made from.
    pub seed: u64,
    instructions: Vec<Instruction>,
}

impl RandomProgram {
    /// Makes the program of a seed. `length` is the number of constructs in its body, each of one to some dozen
    /// instructions.
    #[must_use]
    pub fn generate(seed: u64, length: u32) -> RandomProgram {
        let mut generator = Generator { random: SplitMix64::new(seed), code: Vec::new() };
        for register in 1..BASE {
            let value = generator.operand();
            generator.set(register, value);
        }
        generator.set(BASE, WINDOW_CENTER);
        generator.body(length, 0, 0);
        generator.dump();
        RandomProgram { seed, instructions: generator.code }
    }

    /// The instructions, which leave at their end.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

/// An executable that runs the programs in order and exits with code 0.
#[must_use]
pub fn link(programs: &[RandomProgram]) -> Vec<u8> {
    let mut code: Vec<Instruction> = programs.iter().flat_map(|program| program.instructions.iter().copied()).collect();
    code.push(immediate(Opcode::Addi, 10, 0, 0));
    code.push(immediate(Opcode::Addi, 17, 0, SYS_EXIT as i32));
    code.push(bare(Opcode::Ecall));
    let mut random = SplitMix64::new(0);
    let data: Vec<u8> = (0..SCRATCH_BYTES / 2).map(|_| random.next_u32() as u8).collect();
    let scratch = ElfSegment { address: SCRATCH_START, data, memory_bytes: SCRATCH_BYTES, flags: 6 };
    elf_file(TEXT_START, &[text_segment(TEXT_START, &code), scratch])
}

fn immediate(opcode: Opcode, rd: u8, rs1: u8, imm: i32) -> Instruction {
    Instruction { opcode, rd, rs1, rs2: 0, imm }
}

fn bare(opcode: Opcode) -> Instruction {
    Instruction { opcode, rd: 0, rs1: 0, rs2: 0, imm: 0 }
}

fn jump(rd: u8, distance_words: usize) -> Instruction {
    Instruction { opcode: Opcode::Jal, rd, rs1: 0, rs2: 0, imm: 4 * distance_words as i32 }
}

struct Generator {
    random: SplitMix64,
    code: Vec<Instruction>,
}

impl Generator {
    fn operand(&mut self) -> u32 {
        match self.random.below(4) {
            0 | 1 => self.random.next_u32(),
            2 => EDGES[self.random.below(EDGES.len() as u32) as usize],
            _ => self.random.below(256).wrapping_sub(128),
        }
    }

    /// Any register, as a source.
    fn source(&mut self) -> u8 {
        self.random.below(32) as u8
    }

    /// A register that the body may write, register 0 included.
    fn target(&mut self) -> u8 {
        self.random.below(FREE_REGISTERS) as u8
    }

    /// Never a custom instruction: what that does is an extension's to say.
    fn any_opcode(&mut self, formats: &[Format]) -> Opcode {
        let standard: Vec<Opcode> = Opcode::ALL.iter().copied().filter(|&opcode| opcode != Opcode::Custom).collect();
        loop {
            let opcode = standard[self.random.below(standard.len() as u32) as usize];
            if formats.contains(&opcode.format()) {
                return opcode;
            }
        }
    }

    /// Loads a constant.
    fn set(&mut self, register: u8, value: u32) {
        let upper = value.wrapping_add(0x800) & 0xffff_f000;
        self.code.push(immediate(Opcode::Lui, register, 0, upper as i32));
        self.code.push(immediate(Opcode::Addi, register, register, value.wrapping_sub(upper) as i32));
    }

    /// `length` constructs at a nesting depth; `loops` of the enclosing ones are loops.
    fn body(&mut self, length: u32, depth: u32, loops: usize) {
        for _ in 0..length {
            match self.random.below(if depth < 3 { 32 } else { 22 }) {
                0..=11 => self.arithmetic(),
                12..=18 => self.access(),
                19 => self.fence(),
                20 => self.branch_to_next(),
                21 => self.system_call(),
                22..=26 => self.skip_if(depth, loops),
                27 => self.jump_over(depth, loops),
                28 => self.indirect_jump_over(depth, loops),
                29 => self.call(depth, loops),
                _ => self.count_down(depth, loops),
            }
        }
    }

    fn arithmetic(&mut self) {
        let opcode = self.any_opcode(&[Format::Register, Format::Immediate, Format::Shift, Format::Upper]);
        let (rd, rs1, rs2) = (self.target(), self.source(), self.source());
        // Now and then the operands coincide.
        let (rs1, rs2) = if self.random.below(16) == 0 { (rd, rd) } else { (rs1, rs2) };
        let imm = self.random.next_u32() as i32;
        let imm = match opcode.format() {
            Format::Upper => imm & !0xfff,
            Format::Shift => imm & 31,
            _ => imm >> 20,
        };
        // Decoding clears what the format does not have.
        let word = Instruction { opcode, rd, rs1, rs2, imm }.encode();
        self.code.extend(Instruction::decode(word));
    }

    /// A load or store in the window at any alignment, its address in a register or made for it.
    fn access(&mut self) {
        let opcode = self.any_opcode(&[Format::Load, Format::Store]);
        let direct = self.random.below(2) == 0;
        let base = if direct { BASE } else { 1 + self.random.below(FREE_REGISTERS - 1) as u8 };
        let imm = if direct {
            self.random.below(2 * WINDOW_REACH as u32) as i32 - WINDOW_REACH
        } else {
            let index = self.source();
            self.code.push(immediate(Opcode::Andi, base, index, WINDOW_REACH - 1));
            self.code.push(Instruction { opcode: Opcode::Add, rd: base, rs1: base, rs2: BASE, imm: 0 });
            -(self.random.below(WINDOW_REACH as u32) as i32)
        };
        let register = if opcode.format() == Format::Load { self.target() } else { self.source() };
        let (rd, rs2) = if opcode.format() == Format::Load { (register, 0) } else { (0, register) };
        self.code.push(Instruction { opcode, rd, rs1: base, rs2, imm });
    }

    fn fence(&mut self) {
        let opcode = self.any_opcode(&[Format::Fence]);
        let imm = if opcode == Opcode::Fence { 0xff } else { 0 };
        self.code.push(Instruction { opcode, rd: 0, rs1: 0, rs2: 0, imm });
    }

    fn branch(&mut self, distance_words: usize) -> Instruction {
        let opcode = self.any_opcode(&[Format::Branch]);
        let (rs1, rs2) = (self.source(), self.source());
        Instruction { opcode, rd: 0, rs1, rs2, imm: 4 * distance_words as i32 }
    }

    /// A branch whose two ways are the same.
    fn branch_to_next(&mut self) {
        let branch = self.branch(1);
        self.code.push(branch);
    }

    /// A short body, made apart so that its length is known to the jumps around it.
    fn nested(&mut self, depth: u32, loops: usize) -> Vec<Instruction> {
        let outer = std::mem::take(&mut self.code);
        let length = self.random.below(5);
        self.body(length, depth + 1, loops);
        std::mem::replace(&mut self.code, outer)
    }

    fn skip_if(&mut self, depth: u32, loops: usize) {
        let skipped = self.nested(depth, loops);
        let branch = self.branch(skipped.len() + 1);
        self.code.push(branch);
        self.code.extend(skipped);
    }

    fn jump_over(&mut self, depth: u32, loops: usize) {
        let skipped = self.nested(depth, loops);
        let rd = self.target();
        self.code.push(jump(rd, skipped.len() + 1));
        self.code.extend(skipped);
    }

    /// `jalr` to an address that may have its lowest bit set, which the jump ignores.
    fn indirect_jump_over(&mut self, depth: u32, loops: usize) {
        let skipped = self.nested(depth, loops);
        let base = 1 + self.random.below(FREE_REGISTERS - 1) as u8;
        let low_bit = self.random.below(2) as i32;
        let rd = if self.random.below(4) == 0 { base } else { self.target() };
        self.code.push(immediate(Opcode::Auipc, base, 0, 0));
        self.code.push(immediate(Opcode::Jalr, rd, base, 4 * (skipped.len() as i32 + 2) + low_bit));
        self.code.extend(skipped);
    }

    /// A call, a jump over the function, and the function. Nested calls overwrite the link, so a function keeps it in
    /// the scratch memory's second half, which bodies do not reach.
    fn call(&mut self, depth: u32, loops: usize) {
        let mut function = self.nested(depth, loops);
        let slot = REGISTERS_OFFSET + 256 + 4 * depth as i32;
        function.insert(0, Instruction { opcode: Opcode::Sw, rd: 0, rs1: BASE, rs2: LINK, imm: slot });
        function.push(immediate(Opcode::Lw, LINK, BASE, slot));
        function.push(immediate(Opcode::Jalr, 0, LINK, 0));
        self.code.push(jump(LINK, 2));
        self.code.push(jump(0, function.len() + 1));
        self.code.extend(function);
    }

    fn count_down(&mut self, depth: u32, loops: usize) {
        let Some(&counter) = LOOP_COUNTERS.get(loops) else { return self.arithmetic() };
        let body = self.nested(depth, loops + 1);
        let rounds = 1 + self.random.below(4) as i32;
        self.code.push(immediate(Opcode::Addi, counter, 0, rounds));
        let distance = -4 * (body.len() as i32 + 1);
        self.code.extend(body);
        self.code.push(immediate(Opcode::Addi, counter, counter, -1));
        self.code.push(Instruction { opcode: Opcode::Bne, rd: 0, rs1: counter, rs2: 0, imm: distance });
    }

    /// A system call whose result does not depend on the host.
    fn system_call(&mut self) {
        let offset = self.random.below(WINDOW_REACH as u32) as i32 - WINDOW_REACH / 2;
        let length = self.random.below(100) as i32;
        let (number, file) = match self.random.below(6) {
            0 | 1 => (SYS_READ, 0),
            2 => (SYS_WRITE, 1),
            3 => (SYS_READ, 1000),
            4 => (SYS_WRITE, 1000),
            _ => (if length % 2 == 0 { SYS_BRK } else { 1999 }, 0),
        };
        self.code.push(immediate(Opcode::Addi, 10, 0, file));
        self.code.push(immediate(Opcode::Addi, 11, BASE, offset));
        self.code.push(immediate(Opcode::Addi, 12, 0, length));
        self.code.push(immediate(Opcode::Addi, 17, 0, number as i32));
        self.code.push(bare(Opcode::Ecall));
    }

    /// Stores the registers and writes everything from the window's start up to them.
    fn dump(&mut self) {
        for register in 0..32u8 {
            let imm = REGISTERS_OFFSET + 4 * i32::from(register);
            self.code.push(Instruction { opcode: Opcode::Sw, rd: 0, rs1: BASE, rs2: register, imm });
        }
        self.code.push(immediate(Opcode::Addi, 10, 0, 1));
        self.code.push(immediate(Opcode::Addi, 11, BASE, -WINDOW_REACH));
        self.set(12, (WINDOW_REACH + REGISTERS_OFFSET + 128) as u32);
        self.code.push(immediate(Opcode::Addi, 17, 0, SYS_WRITE as i32));
        self.code.push(bare(Opcode::Ecall));
    }
}
