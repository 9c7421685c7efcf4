//! Programs written instruction by instruction.

use engram_rv32im::{
    Format, Instruction, Opcode,
    testing::{ElfSegment, elf_file, text_segment},
};

/// The register that is always zero.
pub const ZERO: u8 = 0;

/// Where programs start.
const TEXT: u32 = 0x1_0000;

/// Collects instructions.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    code: Vec<Instruction>,
}

impl Assembler {
    /// Address of the next instruction.
    pub fn here(&self) -> u32 {
        TEXT + 4 * self.code.len() as u32
    }

    /// Any instruction.
    ///
    /// # Panics
    /// There is no such instruction.
    pub fn push(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8, imm: i32) {
        // Decoding clears the fields that the format does not have.
        let word = Instruction { opcode, rd, rs1, rs2, imm }.encode();
        self.code.push(Instruction::decode(word).expect("an encoded instruction decodes"));
    }

    /// A custom instruction.
    pub fn custom(&mut self, id: u16, rd: u8, rs1: u8, rs2: u8) {
        self.code.push(Instruction::custom(id, rd, rs1, rs2));
    }

    /// An instruction of two registers.
    pub fn register(&mut self, opcode: Opcode, rd: u8, rs1: u8, rs2: u8) {
        self.push(opcode, rd, rs1, rs2, 0);
    }

    /// An instruction of a register and an immediate: arithmetic, loads, `jalr`.
    pub fn immediate(&mut self, opcode: Opcode, rd: u8, rs1: u8, imm: i32) {
        debug_assert_ne!(opcode.format(), Format::Store);
        self.push(opcode, rd, rs1, 0, imm);
    }

    /// Store `value` at `base + offset`.
    pub fn store(&mut self, opcode: Opcode, value: u8, base: u8, offset: i32) {
        self.push(opcode, 0, base, value, offset);
    }

    /// Branch by some instructions; negative is backward.
    pub fn branch(&mut self, opcode: Opcode, rs1: u8, rs2: u8, instructions: i32) {
        self.push(opcode, 0, rs1, rs2, 4 * instructions);
    }

    /// Jump by some instructions; negative is backward.
    pub fn jump(&mut self, rd: u8, instructions: i32) {
        self.push(Opcode::Jal, rd, 0, 0, 4 * instructions);
    }

    /// Put a constant into a register, by two instructions.
    pub fn set(&mut self, register: u8, value: u32) {
        let upper = value.wrapping_add(0x800) & !0xfff;
        self.push(Opcode::Lui, register, 0, 0, upper as i32);
        self.push(Opcode::Addi, register, register, 0, value.wrapping_sub(upper) as i32);
    }

    /// A system call; its result is in register 10.
    pub fn call(&mut self, number: u32, arguments: [u32; 3]) {
        self.set(17, number);
        for (register, value) in (10..).zip(arguments) {
            self.set(register, value);
        }
        self.push(Opcode::Ecall, 0, 0, 0, 0);
    }

    /// The executable.
    pub fn elf(&self, data: &[ElfSegment]) -> Vec<u8> {
        let mut segments = vec![text_segment(TEXT, &self.code)];
        segments.extend_from_slice(data);
        elf_file(TEXT, &segments)
    }
}
