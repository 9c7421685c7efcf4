//! The circuits of the log's tables.

use engram_air::{Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, Ring};

use crate::{
    address::{CELL_BITS, taken_cells},
    bridge::{AccessExprs, eval_access},
    columns::columns,
    config::{AddressSpaceConfig, CellKind, MemoryConfig},
    range_checker::SharedVariableRangeCheckerChip,
    timestamp::Timestamp,
};

/// Base of the digits of a wait. One more, and "is one of 7 values" would be of degree 8.
pub(super) const WAIT_BASE: u32 = 7;
/// Digits of a wait.
pub(super) const WAIT_DIGITS: usize = 3;
/// The longest wait.
#[expect(clippy::as_conversions, reason = "evaluated by the compiler")]
pub(super) const WAIT_MAX: u32 = WAIT_BASE.pow(WAIT_DIGITS as u32) - 1;
/// Most rows of a table: so many times 343 is below 2^29.
pub(crate) const ROWS_MAX: usize = 1 << 20;

/// Which accesses a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessTable {
    /// Reads of so many cells, in any normal space.
    Read {
        /// Cells of an access.
        cells: usize,
        /// Cells of the block that it takes: a power of two times its own.
        block_cells: usize,
    },
    /// Writes of so many cells, in spaces of one kind.
    Write {
        /// Cells of an access.
        cells: usize,
        /// Cells of the block that it takes: a power of two times its own.
        block_cells: usize,
        /// What the spaces' cells hold.
        kind: CellKind,
    },
}

/// The log's tables for a configuration, in order.
pub fn tables(config: &MemoryConfig) -> Vec<AccessTable> {
    let mut tables = vec![];
    for cells in config.layout().access_sizes() {
        let spaces = config.normal_spaces().iter();
        let mut blocks: Vec<usize> = spaces.map(|space| taken_cells(cells, space.block_cells)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        for block_cells in blocks {
            tables.push(AccessTable::Read { cells, block_cells });
            let writes = [CellKind::Field, CellKind::U16].map(|kind| AccessTable::Write { cells, block_cells, kind });
            tables.extend(writes.into_iter().filter(|table| !table.spaces(config).is_empty()));
        }
    }
    tables
}

impl AccessTable {
    /// Cells of an access.
    pub fn cells(self) -> usize {
        match self {
            Self::Read { cells, .. } | Self::Write { cells, .. } => cells,
        }
    }

    /// Cells of the block that an access takes.
    pub fn block_cells(self) -> usize {
        match self {
            Self::Read { block_cells, .. } | Self::Write { block_cells, .. } => block_cells,
        }
    }

    /// Whether accesses are smaller than the blocks that they take.
    pub(super) fn is_narrow(self) -> bool {
        self.cells() < self.block_cells()
    }

    /// The spaces that the table's writes may have; none for reads, which may be anywhere.
    pub(super) fn spaces(self, config: &MemoryConfig) -> Vec<AddressSpaceConfig> {
        let spaces = config.normal_spaces().iter().copied();
        match self {
            Self::Read { .. } => vec![],
            Self::Write { cells, block_cells, kind } => spaces
                .filter(|space| space.cell_kind == kind && taken_cells(cells, space.block_cells) == block_cells)
                .collect(),
        }
    }

    fn name(self) -> String {
        let cells = self.cells();
        let block = if self.is_narrow() { format!(" in {}", self.block_cells()) } else { String::new() };
        match self {
            Self::Read { .. } => format!("read {cells}{block}"),
            Self::Write { kind: CellKind::Field, .. } => format!("write {cells}{block}"),
            Self::Write { kind: CellKind::U16, .. } => format!("write {cells}{block} of 16 bits"),
        }
    }
}

/// A table of the log.
///
/// Columns: for each place in the block whether the access is there, which is one place unless it is narrow; space, the block's
/// pointer, timestamp, the block's cells; gap, the wait's digits. Of a write then the block's cells before; for a narrow one what it
/// writes; for each space of the table whether it is the row's.
pub fn circuit(config: &MemoryConfig, table: AccessTable) -> Circuit {
    let mut circuit = CircuitBuilder::new(table.name());
    let (cells_count, block_cells) = (table.cells(), table.block_cells());
    let places = if table.is_narrow() {
        columns(&mut circuit, "at", block_cells >> cells_count.ilog2())
    } else {
        vec![circuit.column("real")]
    };
    let [space, pointer, timestamp] = ["space", "pointer", "timestamp"].map(|name| circuit.column(name));
    let cells = columns(&mut circuit, "cells", block_cells);
    let gap = circuit.column("gap");
    if table.is_narrow() {
        places.iter().for_each(|at| circuit.assert_bool("a place is the access's or not", at.clone()));
    }
    let real = places.iter().cloned().reduce(|sum, at| sum + at).unwrap_or_else(Expr::zero);
    let real = circuit.flag("real is boolean", real);
    let timestamp = eval_timestamp(&mut circuit, timestamp);
    let access = AccessExprs { space: space.clone(), pointer, timestamp, gap };
    match table {
        AccessTable::Read { .. } => eval_access(&mut circuit, "", access, [&cells, &cells], &real),
        AccessTable::Write { kind, .. } => {
            let previous = columns(&mut circuit, "previous", block_cells);
            let written = if table.is_narrow() {
                let written = columns(&mut circuit, "written", cells_count);
                eval_narrow_write(&mut circuit, &places, &written, &previous, &cells);
                written
            } else {
                cells.clone()
            };
            eval_space(&mut circuit, space, &table.spaces(config), &real);
            if kind == CellKind::U16 {
                for cell in written {
                    let label = "a written cell is below 2^16";
                    SharedVariableRangeCheckerChip::ask(&mut circuit, label, cell, CELL_BITS, &real);
                }
            }
            eval_access(&mut circuit, "", access, [&previous, &cells], &real);
        }
    }
    circuit.build()
}

/// The cells at the access's place become what is written; all others stay.
fn eval_narrow_write(
    circuit: &mut CircuitBuilder,
    places: &[Expr],
    written: &[Expr],
    previous: &[Expr],
    cells: &[Expr],
) {
    let blocks = cells.chunks(written.len()).zip(previous.chunks(written.len()));
    for (at, (cells, previous)) in places.iter().zip(blocks) {
        for ((cell, previous), written) in cells.iter().zip(previous).zip(written) {
            let change = at.clone() * (written.clone() - previous.clone());
            let after = previous.clone() + change;
            circuit.assert_equal("a narrow write changes its own cells alone", cell.clone(), after);
        }
    }
}

/// The timestamp increases by one and the wait.
fn eval_timestamp(circuit: &mut CircuitBuilder, timestamp: Expr) -> Timestamp<Expr> {
    let digits: [Expr; WAIT_DIGITS] = circuit.columns("wait");
    let wait = |digits: [Expr; WAIT_DIGITS]| {
        let base = F::from_u32(WAIT_BASE);
        digits.into_iter().rev().fold(Expr::zero(), |wait, digit| wait.scale(base) + digit)
    };
    for digit in &digits {
        let product = (0..WAIT_BASE).map(|value| digit.clone() - Expr::integer(value)).reduce(|a, b| a * b);
        circuit.assert_zero("a digit of the wait is below 7", product.unwrap_or_else(Expr::zero));
    }
    let next_digits = digits.each_ref().map(|digit| circuit.next(digit));
    let first = timestamp.clone() - Expr::one() - wait(digits);
    circuit.assert_zero("the timestamp starts at one and the wait", circuit.first_row() * first);
    let step = circuit.next(&timestamp) - timestamp.clone() - Expr::one() - wait(next_digits);
    circuit.assert_zero("the timestamp rises by one and the wait", circuit.transition() * step);
    Timestamp::shown("it starts above zero and rises by at most 343 in each of at most 2^20 rows", timestamp)
}

/// The row's space is one of `spaces`.
fn eval_space(circuit: &mut CircuitBuilder, space: Expr, spaces: &[AddressSpaceConfig], real: &Count) {
    let selected = columns(circuit, "selected", spaces.len());
    let (mut number, mut sum) = (Expr::zero(), Expr::zero());
    for (config, selected) in spaces.iter().zip(selected) {
        circuit.assert_bool("selected is boolean", selected.clone());
        number = number + selected.clone().scale(F::from_u32(config.number));
        sum = sum + selected;
    }
    circuit.assert_equal("an access has one space", sum, real.expr());
    circuit.assert_equal("the space is the selected one", space, number);
}
