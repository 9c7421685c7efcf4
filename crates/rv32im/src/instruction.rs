//! One decoded instruction and its 32-bit encoding.

use crate::extension::{Extensions, NoExtensions};
use crate::isa::{Format, Opcode, TABLE};

/// An instruction with its operands taken apart.
///
/// Fields that the format does not have are zero, so that equal instructions compare equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Which instruction.
    pub opcode: Opcode,
    /// Destination register, below 32.
    pub rd: u8,
    /// First source register, below 32.
    pub rs1: u8,
    /// Second source register, below 32.
    pub rs2: u8,
    /// The immediate, sign-extended: a byte distance for branches and `jal`, the shift amount (0 to 31) for immediate
    /// shifts, the upper immediate already shifted left by 12 for `lui` and `auipc`, the 12 bits `fm pred succ` for
    /// fences, the extension's id for custom instructions.
    pub imm: i32,
}

impl Instruction {
    /// Decodes one instruction word; `None` when it is not one of the table's instructions, or a custom one.
    ///
    /// The register fields of fences are reserved and must be ignored, so they decode as zero; every other bit of a
    /// legal word is kept, and [`encode`](Self::encode) gives it back.
    #[must_use]
    pub fn decode(word: u32) -> Option<Instruction> {
        Instruction::decode_with(word, &NoExtensions)
    }

    /// As [`decode`](Self::decode), where custom instructions of `extensions` are legal too.
    #[must_use]
    pub fn decode_with(word: u32, extensions: &dyn Extensions) -> Option<Instruction> {
        let instruction = Instruction::decode_any(word)?;
        let is_known = instruction.extension().is_none_or(|id| extensions.name(id).is_some());
        is_known.then_some(instruction)
    }

    fn decode_any(word: u32) -> Option<Instruction> {
        let row = TABLE.iter().find(|row| word & row.mask == row.match_bits)?;
        let [rd, rs1, rs2] = [7, 15, 20].map(|position| register_field(word, position));
        let (rd, rs1, rs2, imm) = match row.format {
            Format::Register => (rd, rs1, rs2, 0),
            Format::Immediate | Format::Load | Format::JumpRegister => (rd, rs1, 0, i_immediate(word)),
            Format::Shift => (rd, rs1, 0, i32::from(rs2)),
            Format::Store => (0, rs1, rs2, s_immediate(word)),
            Format::Branch => (0, rs1, rs2, b_immediate(word)),
            Format::Upper => (rd, 0, 0, (word & 0xffff_f000).cast_signed()),
            Format::Jump => (rd, 0, 0, j_immediate(word)),
            Format::Fence => (0, 0, 0, i_immediate(word)),
            Format::Bare => (0, 0, 0, 0),
            Format::Custom => (rd, rs1, rs2, (word >> 25 << 3 | word >> 12 & 7).cast_signed()),
        };
        Some(Instruction { opcode: row.opcode, rd, rs1, rs2, imm })
    }

    /// A custom instruction of the extension `id`, below 1024, on registers below 32.
    #[must_use]
    pub fn custom(id: u16, rd: u8, rs1: u8, rs2: u8) -> Instruction {
        Instruction { opcode: Opcode::Custom, rd, rs1, rs2, imm: i32::from(id) }
    }

    /// The instruction word. Operands wider than their field are cut to its width; fields that the format does not
    /// have are ignored.
    #[must_use]
    pub fn encode(self) -> u32 {
        let row = self.opcode.row();
        let rd = u32::from(self.rd & 31) << 7;
        let rs1 = u32::from(self.rs1 & 31) << 15;
        let rs2 = u32::from(self.rs2 & 31) << 20;
        let imm = self.imm.cast_unsigned();
        let operands = match row.format {
            Format::Register => rd | rs1 | rs2,
            Format::Immediate | Format::Load | Format::JumpRegister => rd | rs1 | imm << 20,
            Format::Shift => rd | rs1 | (imm & 31) << 20,
            Format::Store => rs1 | rs2 | (imm & 31) << 7 | (imm >> 5 & 0x7f) << 25,
            Format::Branch => {
                rs1 | rs2
                    | (imm >> 11 & 1) << 7
                    | (imm >> 1 & 0xf) << 8
                    | (imm >> 5 & 0x3f) << 25
                    | (imm >> 12 & 1) << 31
            }
            Format::Upper => rd | imm & 0xffff_f000,
            Format::Jump => {
                rd | imm & 0xf_f000 | (imm >> 11 & 1) << 20 | (imm >> 1 & 0x3ff) << 21 | (imm >> 20 & 1) << 31
            }
            Format::Fence => imm << 20,
            Format::Bare => 0,
            Format::Custom => rd | rs1 | rs2 | (imm & 7) << 12 | imm >> 3 << 25,
        };
        row.match_bits | operands
    }

    /// The id of the extension that a custom instruction belongs to; `None` for any other instruction.
    #[must_use]
    pub fn extension(self) -> Option<u16> {
        if self.opcode == Opcode::Custom { u16::try_from(self.imm).ok() } else { None }
    }

    /// The register that the instruction writes, below 32; `None` when its format has none. Register 0 is returned as
    /// such: the write is discarded. Some extensions leave the register as it is.
    #[must_use]
    pub fn destination(self) -> Option<u8> {
        match self.opcode.format() {
            Format::Store | Format::Branch | Format::Fence | Format::Bare => None,
            _ => Some(self.rd),
        }
    }

    /// The registers that the instruction's format reads, `rs1` then `rs2`. `ecall` reads and writes registers by
    /// convention rather than by format and is not covered. Some extensions read fewer.
    #[must_use]
    pub fn sources(self) -> (Option<u8>, Option<u8>) {
        match self.opcode.format() {
            Format::Register | Format::Store | Format::Branch | Format::Custom => (Some(self.rs1), Some(self.rs2)),
            Format::Immediate | Format::Shift | Format::Load | Format::JumpRegister => (Some(self.rs1), None),
            Format::Upper | Format::Jump | Format::Fence | Format::Bare => (None, None),
        }
    }
}

/// The number of a register in the five bits from `position` on.
fn register_field(word: u32, position: u32) -> u8 {
    let [low, ..] = (word >> position & 31).to_le_bytes();
    low
}

fn i_immediate(word: u32) -> i32 {
    word.cast_signed() >> 20
}

fn s_immediate(word: u32) -> i32 {
    (word.cast_signed() >> 25) << 5 | (word >> 7 & 31).cast_signed()
}

fn b_immediate(word: u32) -> i32 {
    let below_sign = (word >> 7 & 1) << 11 | (word >> 25 & 0x3f) << 5 | (word >> 8 & 0xf) << 1;
    (word.cast_signed() >> 31) << 12 | below_sign.cast_signed()
}

fn j_immediate(word: u32) -> i32 {
    let below_sign = word & 0xf_f000 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3ff) << 1;
    (word.cast_signed() >> 31) << 20 | below_sign.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{GuestAccess, Refusal};
    use crate::testing::SplitMix64;

    /// The bits of a legal word that carry meaning: all of them, but for the reserved register fields of fences.
    fn meaningful_bits(word: u32, opcode: Opcode) -> u32 {
        if opcode.format() == Format::Fence { word & !0x000f_8f80 } else { word }
    }

    #[test]
    fn random_words_come_back_from_a_round_trip() {
        let seed = SplitMix64::entropy();
        let mut random = SplitMix64::new(seed);
        let mut legal = 0;
        for _ in 0..2_000_000 {
            let word = random.next_u32();
            if let Some(instruction) = Instruction::decode_any(word) {
                legal += 1;
                let meaning = meaningful_bits(word, instruction.opcode);
                assert_eq!(instruction.encode(), meaning, "word {word:#010x}, seed {seed:#x}");
            }
        }
        assert!(legal > 10_000, "seed {seed:#x}");
    }

    #[test]
    fn every_row_comes_back_with_random_operands() {
        let seed = SplitMix64::entropy();
        let mut random = SplitMix64::new(seed);
        for row in TABLE {
            for _ in 0..1000 {
                let word = row.match_bits | random.next_u32() & !row.mask;
                let instruction = Instruction::decode_any(word);
                let context = format!("{} {word:#010x}, seed {seed:#x}", row.name);
                let instruction = instruction.unwrap_or_else(|| panic!("not decoded: {context}"));
                assert_eq!(instruction.opcode, row.opcode, "{context}");
                assert_eq!(instruction.encode(), meaningful_bits(word, row.opcode), "{context}");
                assert_eq!(Instruction::decode_any(instruction.encode()), Some(instruction), "{context}");
            }
        }
    }

    #[test]
    fn immediates_of_known_words() {
        let imm = |word| Instruction::decode(word).map(|instruction| (instruction.opcode, instruction.imm));
        assert_eq!(imm(0xfff0_0093), Some((Opcode::Addi, -1)));
        assert_eq!(imm(0x1234_52b7), Some((Opcode::Lui, 0x1234_5000)));
        assert_eq!(imm(0xfe00_0ee3), Some((Opcode::Beq, -4)));
        assert_eq!(imm(0x8000_006f), Some((Opcode::Jal, -0x10_0000)));
        assert_eq!(imm(0xfe11_2e23), Some((Opcode::Sw, -4)));
        assert_eq!(imm(0x41f5_5513), Some((Opcode::Srai, 31)));
    }

    /// The one extension 685, which is 8 * 0b1010101 + 0b101.
    #[derive(Debug)]
    struct One;

    impl Extensions for One {
        fn name(&self, id: u16) -> Option<&str> {
            (id == 685).then_some("one")
        }

        fn execute(&self, _: u16, _: &mut dyn GuestAccess) -> Result<(), Refusal> {
            Ok(())
        }
    }

    #[test]
    fn custom_instructions_are_legal_where_their_extension_is_known() {
        let custom = |imm| Instruction { opcode: Opcode::Custom, rd: 3, rs1: 17, rs2: 30, imm };
        let fields = ["1010101", "11110", "10001", "101", "00011", "0001011"].concat();
        let word = custom(685).encode();
        assert_eq!(u32::from_str_radix(&fields, 2), Ok(word));
        assert_eq!(Instruction::decode_with(word, &One), Some(custom(685)));
        assert_eq!((custom(685).extension(), custom(1023).extension()), (Some(685), Some(1023)));
        assert_eq!(Instruction::decode(0x13).and_then(Instruction::extension), None);
        assert_eq!(custom(685).sources(), (Some(17), Some(30)));
        assert_eq!(custom(685).destination(), Some(3));
        assert_eq!(Instruction::decode(word), None);
        for other in [0, 677, 684, 686, 693, 1023] {
            assert_eq!(Instruction::decode_with(custom(other).encode(), &One), None, "{other}");
        }
    }

    #[test]
    fn words_outside_the_table_are_illegal() {
        // All zeros and ones, `wfi`, `csrrw`, a compressed pair, `flw`, a shift by 32, a reserved `jalr`.
        for word in [0, !0, 0x1050_0073, 0x3400_1073, 0x0001_0001, 0x0000_2007, 0x0205_1513, 0x0000_1067] {
            assert_eq!(Instruction::decode(word), None, "{word:#010x}");
        }
    }
}
