//! Random programs whose loads and stores, of every width and through many registers, meet in a few words of stack and heap.

use engram_prover::testing::Assembler;
use engram_rv32im::{
    Opcode::{self, *},
    system_calls::{SYS_EXIT, SYS_WRITE},
    testing::{ElfSegment, SplitMix64},
};

/// Memory around the window on the heap, in which pointers may drift.
const HEAP: u32 = 0x0200_0000;
const HEAP_BYTES: u32 = 1 << 17;
const WINDOW: u32 = HEAP + HEAP_BYTES / 2;
/// Kept between the first stack pointer and the one that programs work with.
const STACK_MARGIN: u32 = 1 << 14;

const SP: u8 = 2;
/// Holds the window's address.
const HOME: u8 = 28;
const SPARE: u8 = 29;
const COUNTERS: [u8; 2] = [30, 31];
const POINTERS: [u8; 8] = [8, 9, 10, 11, 12, 13, 14, 15];
const VALUES: [u8; 8] = [5, 6, 7, 16, 18, 19, 20, 21];

type Step = (Opcode, u8, u8, u8, i32);

struct Generator {
    random: SplitMix64,
    steps: Vec<Step>,
}

/// An executable that runs a program for each seed, each of about `length` constructs, one after the other. They write
/// what they leave in memory.
pub fn alias_elf(seeds: impl IntoIterator<Item = u64>, length: u32) -> Vec<u8> {
    let mut assembler = Assembler::default();
    assembler.set(SPARE, STACK_MARGIN);
    assembler.register(Sub, SP, SP, SPARE);
    assembler.immediate(Addi, 1, SP, 0);
    for seed in seeds {
        let mut generator = Generator { random: SplitMix64::new(seed), steps: vec![] };
        generator.body(length, 0);
        assembler.immediate(Addi, SP, 1, 0);
        assembler.set(HOME, WINDOW);
        for register in POINTERS {
            let (base, offset) = generator.home();
            assembler.immediate(Addi, register, base, offset);
        }
        for register in VALUES {
            assembler.set(register, generator.random.next_u32());
        }
        for (opcode, rd, rs1, rs2, imm) in generator.steps {
            assembler.push(opcode, rd, rs1, rs2, imm);
        }
        for (slot, register) in (0..).zip(VALUES) {
            assembler.store(Sw, register, HOME, 256 + 4 * slot);
        }
        assembler.call(SYS_WRITE, [1, WINDOW - 128, 512]);
        assembler.immediate(Addi, 11, 1, -128);
        assembler.immediate(Addi, 10, 0, 1);
        assembler.push(Ecall, 0, 0, 0, 0);
    }
    assembler.call(SYS_EXIT, [7, 0, 0]);
    let heap = ElfSegment { address: HEAP, data: vec![], memory_bytes: HEAP_BYTES, flags: 6 };
    assembler.elf(&[heap])
}

impl Generator {
    fn one_of(&mut self, registers: &[u8]) -> u8 {
        registers[self.random.below(registers.len() as u32) as usize]
    }

    fn push(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        self.steps.push((opcode, rd, rs1, rs2, imm));
    }

    /// The window's start or the stack pointer, and an offset that is most often a multiple of 4.
    fn home(&mut self) -> (u8, i32) {
        let base = self.one_of(&[HOME, HOME, SP]);
        let offset = self.random.below(12) as i32 * 4;
        (base, if self.random.below(8) == 0 { offset + self.random.below(4) as i32 } else { offset })
    }

    fn body(&mut self, length: u32, depth: usize) {
        for _ in 0..length {
            match self.random.below(if depth < 2 { 30 } else { 26 }) {
                0..=11 => self.access(),
                12..=15 => self.pointer(),
                16..=18 => self.back_home(),
                19 => self.through_memory(),
                20..=25 => self.arithmetic(),
                26 | 27 => self.skip(depth),
                _ => self.repeat(depth),
            }
        }
    }

    fn access(&mut self) {
        let opcode = [Lw, Lw, Lw, Lb, Lbu, Lh, Lhu, Sw, Sw, Sw, Sh, Sb][self.random.below(12) as usize];
        let base = if self.random.below(5) == 0 { SP } else { self.one_of(&POINTERS) };
        let bytes = opcode.access_bytes() as i32;
        let offset =
            self.random.below(8) as i32 * 4 - 12 + (4 - bytes).min(self.random.below(4) as i32 / bytes * bytes);
        let offset = if self.random.below(20) == 0 { offset + 1 } else { offset };
        let value = self.one_of(&VALUES);
        match opcode {
            Sw | Sh | Sb => self.push(opcode, 0, base, value, offset),
            // A load may go nowhere.
            _ if self.random.below(30) == 0 => self.push(opcode, 0, base, 0, offset),
            _ => self.push(opcode, value, base, 0, offset),
        }
    }

    fn pointer(&mut self) {
        let (to, from, other) = (self.one_of(&POINTERS), self.one_of(&POINTERS), self.one_of(&POINTERS));
        let value = self.one_of(&VALUES);
        match self.random.below(6) {
            0 => self.push(Addi, to, from, 0, 0),
            1 => {
                let step = self.random.below(9) as i32 * 4 - 16;
                self.push(Addi, to, from, 0, step);
            }
            2 => self.push(Addi, to, SP, 0, 8),
            3 => {
                self.push(Andi, SPARE, value, 0, 0x1c);
                self.push(Add, to, from, SPARE, 0);
            }
            4 => {
                // Another way to say the same.
                self.push(Sub, SPARE, from, other, 0);
                self.push(Add, to, other, SPARE, 0);
            }
            _ => self.push(Andi, to, from, 0, -4),
        }
    }

    fn back_home(&mut self) {
        let to = self.one_of(&POINTERS);
        let (base, offset) = self.home();
        self.push(Addi, to, base, 0, offset);
    }

    /// A pointer is stored and loaded again.
    fn through_memory(&mut self) {
        let (to, from) = (self.one_of(&POINTERS), self.one_of(&POINTERS));
        let slot = 4 * self.random.below(8) as i32;
        self.push(Sw, 0, SP, from, slot);
        self.push(Lw, to, SP, 0, slot);
    }

    fn arithmetic(&mut self) {
        let opcodes = [Add, Sub, Xor, Or, And, Addi, Xori, Andi, Slli, Srli, Srai, Sltu, Slti, Mul, Sll];
        let opcode = opcodes[self.random.below(opcodes.len() as u32) as usize];
        let (rd, rs1, rs2) = (self.one_of(&VALUES), self.one_of(&VALUES), self.one_of(&VALUES));
        let imm = self.random.next_u32() as i32 >> 20;
        let imm = if matches!(opcode, Slli | Srli | Srai) { imm & 31 } else { imm };
        self.push(opcode, rd, rs1, rs2, imm);
    }

    fn nested(&mut self, depth: usize) -> Vec<Step> {
        let outer = std::mem::take(&mut self.steps);
        let length = 1 + self.random.below(6);
        self.body(length, depth + 1);
        std::mem::replace(&mut self.steps, outer)
    }

    fn skip(&mut self, depth: usize) {
        let skipped = self.nested(depth);
        let opcode = [Beq, Bne, Blt, Bge, Bltu, Bgeu][self.random.below(6) as usize];
        let (x, y) = if self.random.below(2) == 0 {
            (self.one_of(&VALUES), self.one_of(&VALUES))
        } else {
            (self.one_of(&POINTERS), self.one_of(&POINTERS))
        };
        self.push(opcode, 0, x, y, 4 * (skipped.len() as i32 + 1));
        self.steps.extend(skipped);
    }

    fn repeat(&mut self, depth: usize) {
        let body = self.nested(depth);
        let counter = COUNTERS[depth];
        let rounds = 2 + self.random.below(5) as i32;
        self.push(Addi, counter, 0, 0, rounds);
        let back = -4 * (body.len() as i32 + 1);
        self.steps.extend(body);
        self.push(Addi, counter, counter, 0, -1);
        self.push(Bne, 0, counter, 0, back);
    }
}
