//! Instructions as text, in the notation of `objdump -M no-aliases`.

use std::fmt;

use crate::extension::Extensions;
use crate::instruction::Instruction;
use crate::isa::{Format, Opcode};

/// The calling convention's names of the 32 registers.
pub const REGISTER_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2",
    "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];

fn register(number: u8) -> &'static str {
    REGISTER_NAMES.get(usize::from(number & 31)).copied().unwrap_or_default()
}

/// Without a program counter the targets of branches and `jal` are written as distances, `.+8`.
impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_instruction(f, *self, None, None)
    }
}

/// An instruction at an address, whose branch target is therefore known: `beq a0,a1,0x10054`.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    pc: u32,
    instruction: Instruction,
    /// The name of the extension that the instruction belongs to, where that is known.
    extension: Option<&'a str>,
}

impl Instruction {
    /// The instruction as text at address `pc`, with absolute jump targets.
    #[must_use]
    pub fn at(self, pc: u32) -> Located<'static> {
        Located { pc, instruction: self, extension: None }
    }
}

impl Located<'_> {
    /// The same with the extension's name in place of its id, if it is one of `extensions`.
    #[must_use]
    pub fn named_by(self, extensions: &dyn Extensions) -> Located<'_> {
        self.named(self.instruction.extension().and_then(|id| extensions.name(id)))
    }

    pub(crate) fn named(self, extension: Option<&str>) -> Located<'_> {
        Located { pc: self.pc, instruction: self.instruction, extension }
    }
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_instruction(f, self.instruction, Some(self.pc), self.extension)
    }
}

fn write_instruction(
    f: &mut fmt::Formatter<'_>,
    instruction: Instruction,
    pc: Option<u32>,
    extension: Option<&str>,
) -> fmt::Result {
    let Instruction { opcode, rd, rs1, rs2, imm } = instruction;
    let (rd, rs1, rs2) = (register(rd), register(rs1), register(rs2));
    f.write_str(extension.unwrap_or(opcode.name()))?;
    match opcode.format() {
        Format::Custom if extension.is_none() => write!(f, ".{imm} {rd},{rs1},{rs2}"),
        Format::Register | Format::Custom => write!(f, " {rd},{rs1},{rs2}"),
        Format::Immediate => write!(f, " {rd},{rs1},{imm}"),
        Format::Shift => write!(f, " {rd},{rs1},{imm:#x}"),
        Format::Load | Format::JumpRegister => write!(f, " {rd},{imm}({rs1})"),
        Format::Store => write!(f, " {rs2},{imm}({rs1})"),
        Format::Upper => write!(f, " {rd},{:#x}", imm.cast_unsigned() >> 12),
        Format::Branch => write!(f, " {rs1},{rs2},").and_then(|()| write_target(f, pc, imm)),
        Format::Jump => write!(f, " {rd},").and_then(|()| write_target(f, pc, imm)),
        Format::Fence if opcode == Opcode::Fence => write_fence_sets(f, imm),
        Format::Fence | Format::Bare => Ok(()),
    }
}

fn write_target(f: &mut fmt::Formatter<'_>, pc: Option<u32>, distance: i32) -> fmt::Result {
    match pc {
        Some(pc) => write!(f, "{:#x}", pc.wrapping_add_signed(distance)),
        None => write!(f, ".{distance:+}"),
    }
}

/// Predecessor and successor sets are four bits each: input, output, read, write.
fn write_fence_sets(f: &mut fmt::Formatter<'_>, imm: i32) -> fmt::Result {
    let set = |bits: i32| -> String {
        let named: String = ['i', 'o', 'r', 'w']
            .into_iter()
            .zip([8, 4, 2, 1])
            .filter(|&(_, bit)| bits & bit != 0)
            .map(|(c, _)| c)
            .collect();
        if named.is_empty() { "unknown".to_owned() } else { named }
    };
    write!(f, " {},{}", set(imm >> 4), set(imm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_instructions_have_the_id_or_the_name_of_their_extension() {
        let custom = Instruction { opcode: Opcode::Custom, rd: 10, rs1: 11, rs2: 0, imm: 1023 };
        assert_eq!(custom.to_string(), "custom0.1023 a0,a1,zero");
        assert_eq!(custom.at(0).to_string(), "custom0.1023 a0,a1,zero");
        assert_eq!(custom.at(0).named(Some("bulk.load")).to_string(), "bulk.load a0,a1,zero");
    }

    #[test]
    fn text_of_known_words() {
        let at = |word| Instruction::decode(word).map(|instruction| instruction.at(0x1_0000).to_string());
        for (word, text) in [
            (0xfff0_0093, "addi ra,zero,-1"),
            (0x1234_52b7, "lui t0,0x12345"),
            (0xfeb5_0ee3, "beq a0,a1,0xfffc"),
            (0x0080_00ef, "jal ra,0x10008"),
            (0x0000_8067, "jalr zero,0(ra)"),
            (0xfe11_2e23, "sw ra,-4(sp)"),
            (0x41f5_5513, "srai a0,a0,0x1f"),
            (0x0ff0_000f, "fence iorw,iorw"),
            (0x0000_100f, "fence.i"),
            (0x0000_0073, "ecall"),
            (0x02b5_5533, "divu a0,a0,a1"),
        ] {
            assert_eq!(at(word).as_deref(), Some(text));
        }
        let relative = Instruction::decode(0xfeb5_0ee3).map(|instruction| instruction.to_string());
        assert_eq!(relative.as_deref(), Some("beq a0,a1,.-4"));
    }
}
