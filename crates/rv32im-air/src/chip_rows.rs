//! What writes the rows of each chip.

use engram_air::Circuit;
use engram_vm::row::{RowBuilder, SymbolicRow};

use crate::{chip::Chip, misaligned, row, system, transfer};

impl Chip {
    /// Write one row.
    ///
    /// # Panics
    /// For an extension, which writes its rows itself.
    pub fn eval<B: RowBuilder>(self, on: &mut B) {
        match self {
            Self::Nothing
            | Self::Constant
            | Self::Arithmetic(_)
            | Self::Branch(_)
            | Self::JumpAndLink
            | Self::Jump
            | Self::JumpAndLinkRegister
            | Self::JumpRegister
            | Self::Load(_)
            | Self::Store(_) => row::eval(self, on),
            Self::Misaligned => misaligned::eval(self, on),
            Self::ReadCall
            | Self::WriteCall
            | Self::DebugCall
            | Self::BadDescriptorCall
            | Self::ExitCall
            | Self::BreakCall
            | Self::UnknownCall => system::eval(self, on),
            Self::ReadWord => transfer::eval_read_word(self, on),
            Self::ReadByte => transfer::eval_read_byte(self, on),
            Self::WriteWord => transfer::eval_write_word(self, on),
            Self::WriteByte => transfer::eval_write_byte(self, on),
            Self::TransferEnd => transfer::eval_end(self, on),
            Self::Custom(_) => unreachable!("an extension writes its rows itself"),
        }
    }

    /// The chip's circuit.
    ///
    /// # Panics
    /// As [`Self::eval`].
    pub fn circuit(self) -> Circuit {
        SymbolicRow::circuit(self.name(), |row| self.eval(row))
    }
}
