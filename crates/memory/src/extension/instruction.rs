//! Instruction words on the major opcode custom-0.

use super::error::InstructionError;

/// The RISC-V major opcode that the ISA manual (chapter "RV32/64G Instruction Set Listings", table of major opcodes) leaves to
/// extensions.
pub const CUSTOM_0: u32 = 0x0b;
/// Bits of an operand.
pub const OPERAND_BITS: u32 = 5;
/// Operands are below this.
pub const OPERANDS: u8 = 1 << OPERAND_BITS;
/// Extension ids are below this.
pub const EXTENSION_IDS: u16 = 1 << 10;

/// Which extension an instruction belongs to: `8 * funct7 + funct3`, from 0 to 1023.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtensionId(u16);

impl ExtensionId {
    /// The extension with this number. Error: 1024 or more.
    pub const fn new(id: u16) -> Result<Self, InstructionError> {
        if id < EXTENSION_IDS { Ok(Self(id)) } else { Err(InstructionError::Extension { id }) }
    }

    /// The number, below 1024.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for ExtensionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An instruction of an extension: a word in the R format with major opcode custom-0.
///
/// | bits | 31 to 25 | 24 to 20 | 19 to 15 | 14 to 12 | 11 to 7 | 6 to 0 |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | field | funct7 | rs2 | rs1 | funct3 | rd | 0x0b |
///
/// funct7 and funct3 name the extension; what the three operands mean is the extension's to say. Each such word is exactly one
/// instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CustomInstruction {
    extension_id: ExtensionId,
    rd: u8,
    rs1: u8,
    rs2: u8,
}

impl CustomInstruction {
    /// An instruction of the extension `extension_id`, from 0 to 1023, with operands from 0 to 31. Error: one of them is
    /// larger.
    pub const fn new(extension_id: u16, rd: u8, rs1: u8, rs2: u8) -> Result<Self, InstructionError> {
        let extension_id = match ExtensionId::new(extension_id) {
            Ok(id) => id,
            Err(error) => return Err(error),
        };
        if rd >= OPERANDS {
            return Err(InstructionError::Operand { name: "rd", value: rd });
        }
        if rs1 >= OPERANDS {
            return Err(InstructionError::Operand { name: "rs1", value: rs1 });
        }
        if rs2 >= OPERANDS {
            return Err(InstructionError::Operand { name: "rs2", value: rs2 });
        }
        Ok(Self { extension_id, rd, rs1, rs2 })
    }

    /// Read a word. Error: its opcode is not custom-0.
    pub const fn decode(word: u32) -> Result<Self, InstructionError> {
        if word & 0x7f != CUSTOM_0 {
            return Err(InstructionError::Opcode { word });
        }
        let extension_id = ExtensionId(((word >> 25) * 8 + (word >> 12 & 7)) as u16);
        Ok(Self {
            extension_id,
            rd: (word >> 7 & 0x1f) as u8,
            rs1: (word >> 15 & 0x1f) as u8,
            rs2: (word >> 20 & 0x1f) as u8,
        })
    }

    /// The instruction's word.
    pub const fn encode(&self) -> u32 {
        let id = self.extension_id.0 as u32;
        (id / 8) << 25
            | (self.rs2 as u32) << 20
            | (self.rs1 as u32) << 15
            | (id % 8) << 12
            | (self.rd as u32) << 7
            | CUSTOM_0
    }

    /// Which extension executes it.
    pub const fn extension_id(&self) -> ExtensionId {
        self.extension_id
    }

    /// The first operand, below 32.
    pub const fn rd(&self) -> u8 {
        self.rd
    }

    /// The second operand, below 32.
    pub const fn rs1(&self) -> u8 {
        self.rs1
    }

    /// The third operand, below 32.
    pub const fn rs2(&self) -> u8 {
        self.rs2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_the_r_format_has_them() {
        let instruction = CustomInstruction::new(8 * 0x55 + 5, 3, 17, 30).unwrap();
        let fields = ["1010101", "11110", "10001", "101", "00011", "0001011"].concat();
        assert_eq!(u32::from_str_radix(&fields, 2), Ok(instruction.encode()));
        assert_eq!(CustomInstruction::decode(instruction.encode()), Ok(instruction));
    }

    #[test]
    fn words_and_instructions_are_one_to_one() {
        // Every custom-0 word whose fields are at an edge, and a stride through the others.
        let mut word = CUSTOM_0;
        for _ in 0..100_000 {
            assert_eq!(CustomInstruction::decode(word).unwrap().encode(), word);
            word = word.wrapping_add(0x9e37_7980);
        }
        assert_eq!(CustomInstruction::decode(!0x7f | CUSTOM_0).unwrap().encode(), !0x7f | CUSTOM_0);
    }

    #[test]
    fn what_is_no_custom_instruction_is_refused() {
        for opcode in (0..128).filter(|&opcode| opcode != CUSTOM_0) {
            let word = 0xffff_ff80 | opcode;
            assert_eq!(CustomInstruction::decode(word), Err(InstructionError::Opcode { word }));
        }
        assert_eq!(CustomInstruction::new(1024, 0, 0, 0), Err(InstructionError::Extension { id: 1024 }));
        let operand = |name, value| Err(InstructionError::Operand { name, value });
        assert_eq!(CustomInstruction::new(0, 32, 0, 0), operand("rd", 32));
        assert_eq!(CustomInstruction::new(0, 0, 32, 0), operand("rs1", 32));
        assert_eq!(CustomInstruction::new(0, 0, 0, 255), operand("rs2", 255));
    }
}
