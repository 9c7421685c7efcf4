//! Rows of the list.

use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::constraints::FIELD_BITS;
use crate::{extension::instruction::CustomInstruction, range_checker::SharedVariableRangeCheckerChip, row::RowCells};

/// Committed columns.
const COMMITTED_COLUMNS: usize = 3;
/// The other columns: the step and the fields.
const WITNESS_COLUMNS: usize = 1 + FIELD_BITS.len();

/// The list in its two parts.
#[derive(Clone, Debug)]
pub struct ListTrace {
    /// What is committed apart.
    pub committed: Trace,
    /// The other columns.
    pub witness: Trace,
}

/// The table of these instructions, one a row; counts their lookups. Nothing where there is none.
pub fn trace(
    instructions: impl ExactSizeIterator<Item = CustomInstruction>,
    range: &SharedVariableRangeCheckerChip,
) -> Option<ListTrace> {
    if instructions.len() == 0 {
        return None;
    }
    let mut committed = Trace::zeros(COMMITTED_COLUMNS, instructions.len());
    let mut witness = Trace::zeros(WITNESS_COLUMNS, instructions.len());
    for step in 0..witness.height() {
        witness.row_mut(step)[0] = F::from_usize(step);
    }
    for (step, instruction) in instructions.enumerate() {
        let word = instruction.encode();
        committed.row_mut(step).copy_from_slice(&[1, word & 0xffff, word >> 16].map(F::from_u32));
        let [rd, rs1, rs2] = [instruction.rd(), instruction.rs1(), instruction.rs2()].map(u32::from);
        let id = u32::from(instruction.extension_id().number());
        let fields = [rd, id % 8, rs1 % 2, rs1 / 2, rs2, id / 8];
        let mut row = RowCells::new(&mut witness.row_mut(step)[1..]);
        for (field, bits) in fields.into_iter().zip(FIELD_BITS) {
            range.count(field, bits);
            row.put_integer(field);
        }
        row.finish();
    }
    Some(ListTrace { committed, witness })
}

impl ListTrace {
    /// All columns, the committed ones first.
    pub fn whole(&self) -> Trace {
        let rows = (0..self.committed.height())
            .flat_map(|row| self.committed.row(row).iter().chain(self.witness.row(row)).copied());
        Trace::from_rows(rows.collect(), COMMITTED_COLUMNS + WITNESS_COLUMNS)
    }
}
