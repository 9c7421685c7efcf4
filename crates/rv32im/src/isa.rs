//! The instruction set as one table: each row is a line of the RISC-V unprivileged manual's chapter "RV32/64G
//! Instruction Set Listings", with the fixed bits of the encoding as the manual's `match` and `mask`. Decoder, encoder
//! and disassembler derive from it and have no list of instructions of their own.

use std::fmt;

/// Where an instruction word keeps its operands, and how the assembler writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// R-type: `add rd,rs1,rs2`.
    Register,
    /// I-type with a 12-bit signed immediate: `addi rd,rs1,imm`.
    Immediate,
    /// I-type whose immediate is a shift amount below 32: `slli rd,rs1,0x3`.
    Shift,
    /// I-type that reads memory: `lw rd,imm(rs1)`.
    Load,
    /// S-type: `sw rs2,imm(rs1)`.
    Store,
    /// B-type: `beq rs1,rs2,target`; the immediate is the even byte distance from the branch.
    Branch,
    /// U-type: `lui rd,0x12345`; the immediate is held shifted left by 12 already.
    Upper,
    /// J-type: `jal rd,target`; the immediate is the even byte distance from the jump.
    Jump,
    /// I-type that jumps: `jalr rd,imm(rs1)`.
    JumpRegister,
    /// `fence pred,succ` and `fence.i`; the immediate is kept for printing, the register fields are reserved and ignored.
    Fence,
    /// No operands at all: `ecall`, `ebreak`.
    Bare,
    /// R-type of an extension: `custom0.9 rd,rs1,rs2`; the immediate is the extension's id.
    Custom,
}

/// One line of the manual's listing.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The instruction that the line is about.
    pub opcode: Opcode,
    /// The assembler's mnemonic.
    pub name: &'static str,
    /// Where the operands are.
    pub format: Format,
    /// The values of the fixed bits; zero outside `mask`.
    pub match_bits: u32,
    /// Ones at the fixed bits.
    pub mask: u32,
}

macro_rules! instruction_set {
    ($($variant:ident $name:literal $format:ident $match_bits:literal $mask:literal)*) => {
        /// The 40 instructions of RV32I, the 8 of M, and `fence.i`; and one that stands for all custom instructions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        /// Every instruction once, in the order of [`Opcode`].
        pub static TABLE: &[Row] = &[
            $(Row {
                opcode: Opcode::$variant,
                name: $name,
                format: Format::$format,
                match_bits: $match_bits,
                mask: $mask,
            },)*
        ];

        impl Opcode {
            /// Every opcode once, in order of its number.
            pub const ALL: &[Opcode] = &[$(Opcode::$variant,)*];
        }
    };
}

instruction_set! {
    // variant mnemonic  format        match        mask
    Lui      "lui"     Upper         0x0000_0037  0x0000_007f
    Auipc    "auipc"   Upper         0x0000_0017  0x0000_007f
    Jal      "jal"     Jump          0x0000_006f  0x0000_007f
    Jalr     "jalr"    JumpRegister  0x0000_0067  0x0000_707f
    Beq      "beq"     Branch        0x0000_0063  0x0000_707f
    Bne      "bne"     Branch        0x0000_1063  0x0000_707f
    Blt      "blt"     Branch        0x0000_4063  0x0000_707f
    Bge      "bge"     Branch        0x0000_5063  0x0000_707f
    Bltu     "bltu"    Branch        0x0000_6063  0x0000_707f
    Bgeu     "bgeu"    Branch        0x0000_7063  0x0000_707f
    Lb       "lb"      Load          0x0000_0003  0x0000_707f
    Lh       "lh"      Load          0x0000_1003  0x0000_707f
    Lw       "lw"      Load          0x0000_2003  0x0000_707f
    Lbu      "lbu"     Load          0x0000_4003  0x0000_707f
    Lhu      "lhu"     Load          0x0000_5003  0x0000_707f
    Sb       "sb"      Store         0x0000_0023  0x0000_707f
    Sh       "sh"      Store         0x0000_1023  0x0000_707f
    Sw       "sw"      Store         0x0000_2023  0x0000_707f
    Addi     "addi"    Immediate     0x0000_0013  0x0000_707f
    Slti     "slti"    Immediate     0x0000_2013  0x0000_707f
    Sltiu    "sltiu"   Immediate     0x0000_3013  0x0000_707f
    Xori     "xori"    Immediate     0x0000_4013  0x0000_707f
    Ori      "ori"     Immediate     0x0000_6013  0x0000_707f
    Andi     "andi"    Immediate     0x0000_7013  0x0000_707f
    Slli     "slli"    Shift         0x0000_1013  0xfe00_707f
    Srli     "srli"    Shift         0x0000_5013  0xfe00_707f
    Srai     "srai"    Shift         0x4000_5013  0xfe00_707f
    Add      "add"     Register      0x0000_0033  0xfe00_707f
    Sub      "sub"     Register      0x4000_0033  0xfe00_707f
    Sll      "sll"     Register      0x0000_1033  0xfe00_707f
    Slt      "slt"     Register      0x0000_2033  0xfe00_707f
    Sltu     "sltu"    Register      0x0000_3033  0xfe00_707f
    Xor      "xor"     Register      0x0000_4033  0xfe00_707f
    Srl      "srl"     Register      0x0000_5033  0xfe00_707f
    Sra      "sra"     Register      0x4000_5033  0xfe00_707f
    Or       "or"      Register      0x0000_6033  0xfe00_707f
    And      "and"     Register      0x0000_7033  0xfe00_707f
    Fence    "fence"   Fence         0x0000_000f  0x0000_707f
    Ecall    "ecall"   Bare          0x0000_0073  0xffff_ffff
    Ebreak   "ebreak"  Bare          0x0010_0073  0xffff_ffff
    Mul      "mul"     Register      0x0200_0033  0xfe00_707f
    Mulh     "mulh"    Register      0x0200_1033  0xfe00_707f
    Mulhsu   "mulhsu"  Register      0x0200_2033  0xfe00_707f
    Mulhu    "mulhu"   Register      0x0200_3033  0xfe00_707f
    Div      "div"     Register      0x0200_4033  0xfe00_707f
    Divu     "divu"    Register      0x0200_5033  0xfe00_707f
    Rem      "rem"     Register      0x0200_6033  0xfe00_707f
    Remu     "remu"    Register      0x0200_7033  0xfe00_707f
    FenceI   "fence.i" Fence         0x0000_100f  0x0000_707f
    Custom   "custom0" Custom        0x0000_000b  0x0000_007f
}

impl Opcode {
    /// The row of [`TABLE`] that defines this instruction.
    #[must_use]
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "the table is in the order of the opcodes")]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The assembler's mnemonic, such as `addi`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Where the instruction's operands are; it also tells loads, stores, branches and jumps apart.
    #[must_use]
    pub fn format(self) -> Format {
        self.row().format
    }

    /// Bytes that a load or store moves: 1, 2 or 4; 0 for any other instruction.
    #[must_use]
    pub fn access_bytes(self) -> u32 {
        match self {
            Opcode::Lb | Opcode::Lbu | Opcode::Sb => 1,
            Opcode::Lh | Opcode::Lhu | Opcode::Sh => 2,
            Opcode::Lw | Opcode::Sw => 4,
            _ => 0,
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_in_the_order_of_the_opcodes() {
        assert_eq!(TABLE.len(), 50);
        assert_eq!(Opcode::ALL.len(), TABLE.len());
        for (number, row) in TABLE.iter().enumerate() {
            assert_eq!(row.opcode as usize, number, "{}", row.name);
            assert_eq!(Opcode::ALL[number], row.opcode);
        }
    }

    /// No word can be two instructions: any two rows differ in a bit that both of them fix.
    #[test]
    fn rows_are_disjoint() {
        for a in TABLE {
            assert_eq!(a.match_bits & !a.mask, 0, "{} fixes a bit outside its mask", a.name);
            assert_eq!(a.match_bits & 3, 3, "{} is not a 32-bit encoding", a.name);
            for b in TABLE.iter().filter(|b| b.opcode != a.opcode) {
                assert_ne!((a.match_bits ^ b.match_bits) & a.mask & b.mask, 0, "{} and {}", a.name, b.name);
            }
        }
    }
}
