//! Registers of 16 bytes in an address space, and pointers in them.

use engram_air::{F, PrimeCharacteristicRing, Ring};

use super::row::InstructionRow;

/// Cells of a register, and of a message of 16 bytes.
pub const REGISTER_CELLS: usize = 8;
/// Registers: as many as an operand can name.
pub const REGISTERS: u32 = 32;
/// Bits of a pointer's low limb.
const LOW_BITS: u32 = 16;
/// Bits of a pointer's high limb. With 16 bits below it a pointer stays below 2^30, and the sum of it and an offset below p.
const HIGH_BITS: u32 = 14;

/// The spaces that the extensions of this crate work on.
///
/// Register r is the eight cells from cell `8 r` on of the space of registers, so that space needs 256 cells. A pointer in a register is
/// its first two cells, low first, and counts pointer units of the space of data. No register is special: register 0 is like the
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegisterSpaces {
    /// The space of registers.
    pub registers: u32,
    /// The space that pointers point into.
    pub data: u32,
}

impl RegisterSpaces {
    /// The pointer of a register in the space of registers.
    pub fn register<R: InstructionRow>(row: &R, register: R::Expr) -> R::Expr {
        register.scale(F::from_u32(message_units(row)))
    }

    /// The pointer in register rs1, shown to be a multiple of 16 bytes and below 2^30, and rs2 messages of 16 bytes further.
    pub(super) fn message_pointer<R: InstructionRow>(&self, row: &mut R) -> R::Expr {
        let (units, operands) = (message_units(row), row.operands());
        let [low, high] = self.read_pointer(row);
        let messages = row.column("low_messages", F::from_u32(row.integer(&low) / units));
        row.assert_zero(
            "the pointer is a multiple of 16 bytes",
            low.clone() - messages.clone().scale(F::from_u32(units)),
        );
        row.range("the pointer's low limb is below 2^16", messages, LOW_BITS - units.ilog2());
        low + high.shift_left(LOW_BITS) + operands.rs2.scale(F::from_u32(units))
    }

    /// The pointer in register rs1, shown to be below 2^30, and rs2 units further.
    pub(super) fn cell_pointer<R: InstructionRow>(&self, row: &mut R) -> R::Expr {
        let operands = row.operands();
        let [low, high] = self.read_pointer(row);
        row.range("the pointer's low limb is below 2^16", low.clone(), LOW_BITS);
        low + high.shift_left(LOW_BITS) + operands.rs2
    }

    fn read_pointer<R: InstructionRow>(&self, row: &mut R) -> [R::Expr; 2] {
        let register = Self::register(row, row.operands().rs1);
        let [low, high] = row.read::<2>("pointer", self.registers, register).cells();
        row.range("the pointer's high limb is below 2^14", high.clone(), HIGH_BITS);
        [low, high]
    }
}

/// Pointer units in 16 bytes. A memory with larger units has no accesses of two cells, and is refused for that.
fn message_units<R: InstructionRow>(row: &R) -> u32 {
    (REGISTER_CELLS / row.config().pointer_unit()).max(1) as u32
}
