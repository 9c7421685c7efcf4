//! The machine's table of contents: every circuit that executes an instruction, a system call or a step of one.

use engram_air::{Circuit, Ring};
use engram_rv32im::Opcode;
use engram_vm::{
    frame::Frame,
    row::{RowBuilder, SymbolicRow},
};

use crate::{arithmetic, control, misaligned, storage, system, transfer};

/// A circuit of the machine that executes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chip {
    /// An instruction without effect: a fence, or one that writes to x0.
    Nothing,
    /// `rd = constant`: `lui`, `auipc`.
    Constant,
    /// `rd = rs1 op rs2` or `rd = rs1 op immediate`.
    Arithmetic(Opcode),
    /// A conditional branch.
    Branch(Opcode),
    /// `jal rd, target`.
    JumpAndLink,
    /// `jal x0, target`.
    Jump,
    /// `jalr rd, offset(rs1)`.
    JumpAndLinkRegister,
    /// `jalr x0, offset(rs1)`.
    JumpRegister,
    /// A load within one word.
    Load(Opcode),
    /// A store within one word.
    Store(Opcode),
    /// A load or store at an address that its width does not divide.
    Misaligned,
    /// System call 63 on descriptor 0: starts a transfer of input.
    ReadCall,
    /// System call 64 on descriptor 1: starts a transfer of output.
    WriteCall,
    /// System call 64 on descriptor 2: output that the proof does not bind.
    DebugCall,
    /// System call 63 or 64 on another descriptor.
    BadDescriptorCall,
    /// System calls 93 and 94.
    ExitCall,
    /// System call 214.
    BreakCall,
    /// Any other system call.
    UnknownCall,
    /// A step of a transfer: four bytes of input into a word of memory.
    ReadWord,
    /// A step of a transfer: a byte of input into memory.
    ReadByte,
    /// A step of a transfer: a word of memory into a word of output.
    WriteWord,
    /// A step of a transfer: a byte of memory into output.
    WriteByte,
    /// The end of a transfer.
    TransferEnd,
}

use Opcode::{
    Add, Addi, And, Andi, Beq, Bge, Bgeu, Blt, Bltu, Bne, Div, Divu, Lb, Lbu, Lh, Lhu, Lw, Mul, Mulh, Mulhsu, Mulhu,
    Or, Ori, Rem, Remu, Sb, Sh, Sll, Slli, Slt, Slti, Sltiu, Sltu, Sra, Srai, Srl, Srli, Sub, Sw, Xor, Xori,
};

/// Every chip once. Its position is its number, everywhere.
pub const CHIPS: [Chip; 60] = [
    Chip::Nothing,
    Chip::Constant,
    Chip::Arithmetic(Add),
    Chip::Arithmetic(Addi),
    Chip::Arithmetic(Sub),
    Chip::Arithmetic(And),
    Chip::Arithmetic(Andi),
    Chip::Arithmetic(Or),
    Chip::Arithmetic(Ori),
    Chip::Arithmetic(Xor),
    Chip::Arithmetic(Xori),
    Chip::Arithmetic(Slt),
    Chip::Arithmetic(Slti),
    Chip::Arithmetic(Sltu),
    Chip::Arithmetic(Sltiu),
    Chip::Arithmetic(Sll),
    Chip::Arithmetic(Slli),
    Chip::Arithmetic(Srl),
    Chip::Arithmetic(Srli),
    Chip::Arithmetic(Sra),
    Chip::Arithmetic(Srai),
    Chip::Arithmetic(Mul),
    Chip::Arithmetic(Mulh),
    Chip::Arithmetic(Mulhsu),
    Chip::Arithmetic(Mulhu),
    Chip::Arithmetic(Div),
    Chip::Arithmetic(Divu),
    Chip::Arithmetic(Rem),
    Chip::Arithmetic(Remu),
    Chip::Branch(Beq),
    Chip::Branch(Bne),
    Chip::Branch(Blt),
    Chip::Branch(Bge),
    Chip::Branch(Bltu),
    Chip::Branch(Bgeu),
    Chip::JumpAndLink,
    Chip::Jump,
    Chip::JumpAndLinkRegister,
    Chip::JumpRegister,
    Chip::Load(Lb),
    Chip::Load(Lbu),
    Chip::Load(Lh),
    Chip::Load(Lhu),
    Chip::Load(Lw),
    Chip::Store(Sb),
    Chip::Store(Sh),
    Chip::Store(Sw),
    Chip::Misaligned,
    Chip::ReadCall,
    Chip::WriteCall,
    Chip::DebugCall,
    Chip::BadDescriptorCall,
    Chip::ExitCall,
    Chip::BreakCall,
    Chip::UnknownCall,
    Chip::ReadWord,
    Chip::ReadByte,
    Chip::WriteWord,
    Chip::WriteByte,
    Chip::TransferEnd,
];

impl Chip {
    /// The chip's position in [`CHIPS`].
    pub fn number(self) -> usize {
        CHIPS.iter().position(|&chip| chip == self).unwrap_or(CHIPS.len())
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Constant => "constant",
            Self::Arithmetic(opcode) | Self::Branch(opcode) | Self::Load(opcode) | Self::Store(opcode) => opcode.name(),
            Self::JumpAndLink => "jal",
            Self::Jump => "jump",
            Self::JumpAndLinkRegister => "jalr",
            Self::JumpRegister => "jump register",
            Self::Misaligned => "misaligned",
            Self::ReadCall => "read call",
            Self::WriteCall => "write call",
            Self::DebugCall => "debug call",
            Self::BadDescriptorCall => "bad descriptor call",
            Self::ExitCall => "exit call",
            Self::BreakCall => "break call",
            Self::UnknownCall => "unknown call",
            Self::ReadWord => "read word",
            Self::ReadByte => "read byte",
            Self::WriteWord => "write word",
            Self::WriteByte => "write byte",
            Self::TransferEnd => "transfer end",
        }
    }

    /// The opcode that the chip asks the ROM for: its number plus one, as zero is no instruction. Chips that share an
    /// instruction ask for the same one.
    pub fn rom_opcode(self) -> u32 {
        let chip = match self {
            Self::WriteCall | Self::DebugCall | Self::BadDescriptorCall | Self::ExitCall | Self::UnknownCall => {
                Self::ReadCall
            }
            chip => chip,
        };
        chip.number() as u32 + 1
    }

    /// Write one row. Accesses are taken from the row's witness in the order in which the functions here ask for them.
    pub fn eval<B: RowBuilder>(self, row: &mut B) {
        match self {
            Self::Nothing => {
                let frame = Frame::open(row);
                self.close(row, frame);
            }
            Self::Constant => arithmetic::eval_constant(self, row),
            Self::Arithmetic(opcode) => arithmetic::eval(self, row, opcode),
            Self::Branch(opcode) => control::eval_branch(self, row, opcode),
            Self::JumpAndLink => control::eval_jump(self, row, true),
            Self::Jump => control::eval_jump(self, row, false),
            Self::JumpAndLinkRegister => control::eval_jump_register(self, row, true),
            Self::JumpRegister => control::eval_jump_register(self, row, false),
            Self::Load(opcode) => storage::eval_load(self, row, opcode),
            Self::Store(opcode) => storage::eval_store(self, row, opcode),
            Self::Misaligned => misaligned::eval(row),
            Self::ReadCall => system::eval_read(self, row),
            Self::WriteCall => system::eval_write(self, row),
            Self::DebugCall => system::eval_debug(self, row),
            Self::BadDescriptorCall => system::eval_bad_descriptor(self, row),
            Self::ExitCall => system::eval_exit(self, row),
            Self::BreakCall => system::eval_break(self, row),
            Self::UnknownCall => system::eval_unknown(self, row),
            Self::ReadWord => transfer::eval_read_word(row),
            Self::ReadByte => transfer::eval_read_byte(row),
            Self::WriteWord => transfer::eval_write_word(row),
            Self::WriteByte => transfer::eval_write_byte(row),
            Self::TransferEnd => transfer::eval_end(row),
        }
    }

    /// The chip's circuit.
    pub fn circuit(self) -> Circuit {
        SymbolicRow::circuit(self.name(), |row| self.eval(row))
    }

    /// Close a frame on the next instruction.
    pub(crate) fn close<B: RowBuilder>(self, row: &mut B, frame: Frame<B>) {
        let next_pc = frame.pc() + B::Expr::one();
        self.close_at(row, frame, next_pc);
    }

    /// Close a frame on the instruction at `next_pc`.
    pub(crate) fn close_at<B: RowBuilder>(self, row: &mut B, frame: Frame<B>, next_pc: B::Expr) {
        frame.close(row, B::Expr::integer(self.rom_opcode()), next_pc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_is_listed_once() {
        for (number, chip) in CHIPS.iter().enumerate() {
            assert_eq!(chip.number(), number, "{}", chip.name());
        }
    }

    #[test]
    fn prices_of_the_most_common_instructions_hold() {
        let price = |chip: Chip| {
            let circuit = chip.circuit();
            (circuit.width(), circuit.interactions.len())
        };
        let (columns, interactions) = price(Chip::Arithmetic(Add));
        assert!(columns <= 22 && interactions <= 14, "add: {columns} columns, {interactions} interactions");
        let (columns, interactions) = price(Chip::Load(Lw));
        assert!(columns <= 24 && interactions <= 16, "lw: {columns} columns, {interactions} interactions");
    }

    #[test]
    fn constraints_and_messages_stay_within_the_degree_bound() {
        for chip in CHIPS {
            let circuit = chip.circuit();
            assert!(circuit.degree() <= engram_air::circuit::DEGREE_MAX, "{}: {}", chip.name(), circuit.degree());
            for interaction in &circuit.interactions {
                let degree = interaction.fields.iter().map(engram_air::Expr::degree).max().unwrap_or(0);
                assert!(degree <= 1, "{}: message \"{}\" is not linear", chip.name(), interaction.label);
            }
        }
    }

    #[test]
    fn the_clock_cannot_run_faster_than_messages() {
        // What keeps times from wrapping around p: a row advances the clock by at most its number of messages.
        for chip in CHIPS {
            let circuit = chip.circuit();
            let accesses = circuit.interactions.iter().filter(|i| i.label == "takes what was there");
            assert!(accesses.count() < circuit.interactions.len(), "{}", chip.name());
        }
    }
}
