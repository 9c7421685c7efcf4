//! An extension's function filling a row with what a replay found.

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{
    execute::operand_cells,
    instruction::CustomInstruction,
    row::{Checked, InstructionRow, MemoryExtension, Operands},
};
use crate::{
    address::GAP_BITS, config::MemoryConfig, log::RecordId, offline::AccessRecords,
    range_checker::SharedVariableRangeCheckerChip, row::RowCells,
};

/// An instruction that was executed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Executed {
    pub(crate) instruction: CustomInstruction,
    /// How many instructions were executed before.
    pub(crate) step: u32,
    /// Time of its first access.
    pub(crate) time: u32,
    /// Number of its first access.
    pub(crate) first_access: RecordId,
}

/// What rows are filled from.
#[derive(Clone, Copy)]
pub(super) struct Replayed<'a> {
    pub(super) config: &'a MemoryConfig,
    pub(super) accesses: &'a AccessRecords,
    pub(super) range: &'a SharedVariableRangeCheckerChip,
}

struct FillRow<'a> {
    replayed: Replayed<'a>,
    operands: Operands<F>,
    cells: RowCells<'a>,
    next_access: RecordId,
}

/// Fill the row of an instruction; counts its lookups.
pub(super) fn fill<E: MemoryExtension>(extension: &E, executed: &Executed, replayed: Replayed<'_>, row: &mut [F]) {
    let operands = operand_cells(&executed.instruction);
    let mut cells = RowCells::new(row);
    cells.put(F::ONE);
    cells.put_integer(executed.step);
    cells.put_integer(executed.time);
    cells.put_all(&[operands.rd, operands.rs1, operands.rs2]);
    let mut row = FillRow { replayed, operands, cells, next_access: executed.first_access };
    extension.eval(&mut row);
    row.cells.finish();
}

impl InstructionRow for FillRow<'_> {
    type Expr = F;

    fn config(&self) -> &MemoryConfig {
        self.replayed.config
    }

    fn real(&self) -> F {
        F::ONE
    }

    fn operands(&self) -> Operands<F> {
        self.operands.clone()
    }

    fn column(&mut self, _: &str, witness: F) -> F {
        self.cells.put(witness);
        witness
    }

    fn value(&self, expr: &F) -> F {
        *expr
    }

    fn assert_zero(&mut self, _: &str, _: F) {}

    fn range(&mut self, _: &str, expr: F, bits: u32) {
        self.replayed.range.count(expr.as_canonical_u32(), bits);
    }

    fn access<const N: usize>(&mut self, _: Checked, _: &str, _: u32, _: F, _: Option<[F; N]>) -> [F; N] {
        let id = self.next_access;
        self.next_access.0 += 1;
        let found = self.replayed.accesses.previous(id);
        // An execution made the same accesses, so each is there with its length.
        let found: [F; N] = std::array::from_fn(|index| found.get(index).copied().unwrap_or(F::ZERO));
        let gap = self.replayed.accesses.get(id).map_or(0, |record| record.gap);
        self.cells.put_all(&found);
        self.cells.put_integer(gap);
        self.replayed.range.count(gap, GAP_BITS);
        found
    }
}
