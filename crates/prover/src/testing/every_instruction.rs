//! One program that executes every instruction and system call on the operands at which they tend to be wrong.

use Opcode as O;
use engram_rv32im::{
    Format, Opcode,
    system_calls::{SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ, SYS_WRITE},
    testing::ElfSegment,
};

use super::assembler::{Assembler, ZERO};

/// Operands at which instructions tend to be wrong.
const EDGES: [u32; 14] =
    [0, 1, u32::MAX, 1 << 31, (1 << 31) - 1, 15, 16, 17, 31, 33, 0xffff, 0x1_0000, 0x1234_8678, 0xffff_fff9];
const EDGES_FEW: [u32; 5] = [0, 1, u32::MAX, 1 << 31, (1 << 31) - 1];
const IMMEDIATES: [i32; 5] = [0, 1, -1, 2047, -2048];

/// Initialised memory, then zeros, both writable, reaching over a boundary of 2^16 bytes.
const DATA: u32 = 0x0100_0000;
const DATA_BYTES: u32 = 0x1_2000;
/// Where results go until they are written out.
const RESULTS: u32 = 0x5000_0000;
const RESULTS_BYTES: u32 = 1 << 16;
/// Room for the longest transfer.
const LARGE: u32 = 0x6000_0000;
const LARGE_BYTES: u32 = (1 << 20) + 4096;

const X: u8 = 5;
const Y: u8 = 6;
const RESULT: u8 = 7;
const CURSOR: u8 = 8;
const SPARE: u8 = 9;
const BASE: u8 = 31;

/// The program with its input.
#[derive(Clone, Debug)]
pub struct EveryInstruction {
    /// The executable.
    pub elf: Vec<u8>,
    /// What it reads.
    pub input: Vec<u8>,
    /// What it exits with.
    pub exit: u32,
}

/// The program. What it writes to file 1 does not depend on the machine: `qemu-riscv32` writes the same.
///
/// With fewer edge operands it keeps to some thousand instructions.
pub fn every_instruction(all_edges: bool) -> EveryInstruction {
    let edges: &[u32] = if all_edges { &EDGES } else { &EDGES_FEW };
    let mut program = Program { assembler: Assembler::default(), results_bytes: 0 };
    program.assembler.set(CURSOR, RESULTS);
    program.registers(edges);
    program.same_registers(edges);
    program.immediates(edges);
    program.branches(edges);
    program.jumps();
    program.loads();
    program.stores();
    program.reads();
    program.writes();
    program.other_calls();
    let exit = 0x8000_0007;
    program.finish(exit);
    let pattern = (0..256u32).flat_map(|word| (word.wrapping_mul(0x9e37_79b9) ^ 0x80ff_7f01).to_le_bytes());
    let data = ElfSegment { address: DATA, data: pattern.collect(), memory_bytes: DATA_BYTES, flags: 6 };
    let zeros = |address, memory_bytes| ElfSegment { address, data: vec![], memory_bytes, flags: 6 };
    let elf = program.assembler.elf(&[data, zeros(RESULTS, RESULTS_BYTES), zeros(LARGE, LARGE_BYTES)]);
    EveryInstruction { elf, input: (1..=192u8).collect(), exit }
}

struct Program {
    assembler: Assembler,
    results_bytes: u32,
}

fn opcodes(format: Format) -> impl Iterator<Item = Opcode> {
    Opcode::ALL.iter().copied().filter(move |opcode| opcode.format() == format)
}

impl Program {
    /// Keep a register's value as a result.
    fn keep(&mut self, register: u8) {
        self.assembler.store(O::Sw, register, CURSOR, 0);
        self.assembler.immediate(O::Addi, CURSOR, CURSOR, 4);
        self.results_bytes += 4;
        assert!(self.results_bytes <= RESULTS_BYTES, "the results have room");
    }

    fn registers(&mut self, edges: &[u32]) {
        for &x in edges {
            self.assembler.set(X, x);
            for &y in edges {
                self.assembler.set(Y, y);
                for opcode in opcodes(Format::Register) {
                    self.assembler.register(opcode, RESULT, X, Y);
                    self.keep(RESULT);
                }
            }
        }
    }

    /// `rd = rs1 = rs2`, `rd = rs1`, `rd = rs2`, and `rd = x0`.
    fn same_registers(&mut self, edges: &[u32]) {
        for opcode in opcodes(Format::Register) {
            for &x in edges {
                self.assembler.set(RESULT, x);
                self.assembler.register(opcode, RESULT, RESULT, RESULT);
                self.keep(RESULT);
            }
            self.assembler.set(X, 0x8000_0003);
            self.assembler.set(Y, 0x7000_0005);
            self.assembler.register(opcode, ZERO, X, Y);
            self.keep(ZERO);
            self.assembler.register(opcode, X, X, Y);
            self.keep(X);
            self.assembler.register(opcode, Y, X, Y);
            self.keep(Y);
            self.assembler.register(opcode, RESULT, ZERO, Y);
            self.keep(RESULT);
        }
    }

    fn immediates(&mut self, edges: &[u32]) {
        for &x in edges {
            self.assembler.set(X, x);
            for opcode in opcodes(Format::Immediate) {
                for imm in IMMEDIATES {
                    self.assembler.immediate(opcode, RESULT, X, imm);
                    self.keep(RESULT);
                }
            }
            for opcode in opcodes(Format::Shift) {
                for amount in [0, 1, 15, 16, 17, 31] {
                    self.assembler.immediate(opcode, RESULT, X, amount);
                    self.keep(RESULT);
                }
            }
        }
        self.assembler.set(RESULT, 77);
        for opcode in opcodes(Format::Immediate).chain(opcodes(Format::Shift)) {
            self.assembler.immediate(opcode, RESULT, RESULT, 3);
            self.keep(RESULT);
            self.assembler.immediate(opcode, ZERO, RESULT, 3);
            self.keep(ZERO);
        }
        for opcode in opcodes(Format::Upper) {
            for imm in [0, 0x1000, i32::MIN, -0x1000, 0x7fff_f000] {
                self.assembler.immediate(opcode, RESULT, 0, imm);
                self.keep(RESULT);
                self.assembler.immediate(opcode, ZERO, 0, imm);
                self.keep(ZERO);
            }
        }
        self.assembler.push(O::Fence, 0, 0, 0, 0xff);
        self.assembler.push(O::FenceI, 0, 0, 0, 0);
    }

    fn branches(&mut self, edges: &[u32]) {
        for &x in edges {
            self.assembler.set(X, x);
            for &y in edges {
                self.assembler.set(Y, y);
                self.assembler.immediate(O::Addi, RESULT, ZERO, 0);
                for opcode in opcodes(Format::Branch) {
                    self.assembler.immediate(O::Slli, RESULT, RESULT, 1);
                    self.assembler.branch(opcode, X, Y, 2);
                    self.assembler.immediate(O::Addi, RESULT, RESULT, 1);
                }
                self.keep(RESULT);
            }
        }
        for opcode in opcodes(Format::Branch) {
            self.assembler.immediate(O::Addi, RESULT, ZERO, 5);
            self.assembler.branch(opcode, X, X, 2);
            self.assembler.immediate(O::Addi, RESULT, ZERO, 6);
            self.keep(RESULT);
            self.backward(opcode);
        }
    }

    /// A loop that ends: branches back while the counter, or what it was before, meets the condition.
    fn backward(&mut self, opcode: Opcode) {
        self.assembler.immediate(O::Addi, X, ZERO, 0);
        self.assembler.immediate(O::Addi, Y, ZERO, 3);
        self.assembler.immediate(O::Addi, SPARE, X, 0);
        self.assembler.immediate(O::Addi, X, X, 1);
        let (rs1, rs2) = match opcode {
            O::Beq => (SPARE, ZERO),
            O::Bge | O::Bgeu => (Y, X),
            _ => (X, Y),
        };
        self.assembler.branch(opcode, rs1, rs2, -2);
        self.keep(X);
    }

    fn jumps(&mut self) {
        let (link, bad) = (1, 99);
        self.assembler.immediate(O::Addi, RESULT, ZERO, 1);
        self.assembler.jump(link, 2);
        self.assembler.immediate(O::Addi, RESULT, ZERO, bad);
        self.keep(link);
        self.assembler.jump(ZERO, 2);
        self.assembler.immediate(O::Addi, RESULT, ZERO, bad);
        // Forward over a jump, back to it with a link, and forward again.
        self.assembler.jump(ZERO, 2);
        self.assembler.jump(ZERO, 2);
        self.assembler.jump(link, -1);
        self.keep(link);
        for rd in [link, ZERO, X] {
            // To even and odd addresses, before and after the base.
            for imm in [12, 13] {
                self.assembler.immediate(O::Auipc, X, 0, 0);
                self.assembler.immediate(O::Jalr, rd, X, imm);
                self.assembler.immediate(O::Addi, RESULT, ZERO, bad);
                self.keep(rd);
            }
            self.assembler.set(X, self.assembler.here() + 2048 + 16);
            self.assembler.immediate(O::Jalr, rd, X, -2047);
            self.assembler.immediate(O::Addi, RESULT, ZERO, bad);
            self.keep(rd);
            self.assembler.set(X, self.assembler.here() + 16 - 2047);
            self.assembler.immediate(O::Jalr, rd, X, 2047);
            self.assembler.immediate(O::Addi, RESULT, ZERO, bad);
            self.keep(rd);
        }
        self.keep(RESULT);
    }

    fn loads(&mut self) {
        for base in [DATA, DATA + 40, DATA + 0x10_000] {
            self.assembler.set(BASE, base);
            for opcode in opcodes(Format::Load) {
                for offset in 0..8 {
                    self.assembler.immediate(opcode, RESULT, BASE, offset);
                    self.keep(RESULT);
                }
                if base != DATA {
                    self.assembler.immediate(opcode, RESULT, BASE, -4);
                    self.keep(RESULT);
                    self.assembler.immediate(opcode, RESULT, BASE, -5);
                    self.keep(RESULT);
                }
                self.assembler.immediate(opcode, ZERO, BASE, 1);
                self.keep(ZERO);
            }
        }
        self.assembler.set(BASE, DATA + 0xfffe);
        for opcode in opcodes(Format::Load) {
            self.assembler.immediate(opcode, RESULT, BASE, 6);
            self.keep(RESULT);
            self.assembler.set(RESULT, DATA + 5);
            self.assembler.immediate(opcode, RESULT, RESULT, 2);
            self.keep(RESULT);
        }
    }

    fn stores(&mut self) {
        self.assembler.set(BASE, DATA + 0x2000);
        self.assembler.set(X, 0x4433_2211);
        for value in [0x8899_aabb, 0xffff_ffff, 0] {
            self.assembler.set(Y, value);
            for opcode in opcodes(Format::Store) {
                for offset in 0..8 {
                    for word in [0, 4, 8] {
                        self.assembler.store(O::Sw, X, BASE, word);
                    }
                    self.assembler.store(opcode, if value == 0 { ZERO } else { Y }, BASE, offset);
                    for word in [0, 4, 8] {
                        self.assembler.immediate(O::Lw, RESULT, BASE, word);
                        self.keep(RESULT);
                    }
                }
            }
        }
        // The base is the value.
        for opcode in opcodes(Format::Store) {
            for offset in 0..4 {
                self.assembler.store(opcode, BASE, BASE, offset);
                self.assembler.immediate(O::Lw, RESULT, BASE, 0);
                self.keep(RESULT);
            }
        }
    }

    fn call(&mut self, number: u32, arguments: [u32; 3]) {
        self.assembler.call(number, arguments);
        self.keep(10);
    }

    /// The sum of all lengths is 180; the call after them asks for more than is left and the last finds nothing.
    fn reads(&mut self) {
        let buffer = DATA + 0x3000;
        self.assembler.set(BASE, buffer);
        for alignment in 0..4 {
            for length in 0..10 {
                self.call(SYS_READ, [0, buffer + alignment, length]);
                for word in [0, 4, 8] {
                    self.assembler.immediate(O::Lw, RESULT, BASE, word);
                    self.keep(RESULT);
                }
            }
        }
        self.call(SYS_READ, [0, LARGE + 2, (1 << 20) + 5]);
        self.call(SYS_READ, [0, LARGE, 1]);
    }

    fn writes(&mut self) {
        for alignment in 0..4 {
            for length in 0..10 {
                self.call(SYS_WRITE, [1, DATA + alignment, length]);
            }
        }
        self.call(SYS_WRITE, [1, DATA + 1, 67]);
    }

    fn other_calls(&mut self) {
        for (number, descriptor) in
            [(SYS_READ, 1), (SYS_READ, 2), (SYS_READ, 1000), (SYS_READ, 0x1_0000), (SYS_READ, u32::MAX)]
        {
            self.call(number, [descriptor, DATA, 4]);
        }
        for descriptor in [0, 1000, 0x1_0001, 0x1_0002, u32::MAX] {
            self.call(SYS_WRITE, [descriptor, DATA, 4]);
        }
        self.call(SYS_WRITE, [2, DATA, 3]);
        self.call(SYS_WRITE, [2, DATA, 0]);
        for number in [1999, 0x1_003f, 0x1_0040, 0x1_005d, 0x1_00d6, 0xffff] {
            self.call(number, [0, DATA, 4]);
        }
        // The break: asked for, moved up by register 10 itself, refused below and above, moved down.
        self.call(SYS_BRK, [0; 3]);
        self.assembler.set(X, 5000);
        self.assembler.register(O::Add, 10, 10, X);
        self.assembler.push(O::Ecall, 0, 0, 0, 0);
        self.keep(10);
        self.call(SYS_BRK, [1, 0, 0]);
        self.call(SYS_BRK, [u32::MAX, 0, 0]);
        self.assembler.immediate(O::Addi, 10, 10, -1000);
        self.assembler.push(O::Ecall, 0, 0, 0, 0);
        self.keep(10);
    }

    fn finish(&mut self, exit: u32) {
        self.assembler.call(SYS_WRITE, [1, RESULTS, self.results_bytes]);
        self.assembler.set(RESULT, self.results_bytes);
        // Over the next call, which takes nine instructions.
        self.assembler.branch(O::Beq, 10, RESULT, 10);
        self.assembler.call(SYS_EXIT, [1, 0, 0]);
        self.assembler.call(SYS_EXIT_GROUP, [exit, 0, 0]);
    }
}
