//! `load` and `store`: one cell between data and a register.

use super::{
    registers::RegisterSpaces,
    row::{InstructionRow, MemoryExtension},
};

/// The first cell of register rd becomes the cell at the pointer in rs1 and rs2 cells further; here rs2 is a number and names no
/// register. The register's other cells stay. Refused: a pointer at 2^30 or above, or past the end of the space; a cell that the
/// space of registers cannot hold.
#[derive(Clone, Copy, Debug)]
pub struct CellLoad {
    /// Where registers and data are.
    pub spaces: RegisterSpaces,
}

/// The cell at the pointer in rs1 and rs2 cells further becomes the first cell of register rd; likewise.
#[derive(Clone, Copy, Debug)]
pub struct CellStore {
    /// Where registers and data are.
    pub spaces: RegisterSpaces,
}

impl MemoryExtension for CellLoad {
    fn name(&self) -> &str {
        "load"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let source = self.spaces.cell_pointer(row);
        let register = RegisterSpaces::register(row, row.operands().rd);
        let cell = row.read::<1>("data", self.spaces.data, source);
        row.write("register", self.spaces.registers, register, cell);
    }
}

impl MemoryExtension for CellStore {
    fn name(&self) -> &str {
        "store"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let destination = self.spaces.cell_pointer(row);
        let register = RegisterSpaces::register(row, row.operands().rd);
        let cell = row.read::<1>("register", self.spaces.registers, register);
        row.write("data", self.spaces.data, destination, cell);
    }
}
