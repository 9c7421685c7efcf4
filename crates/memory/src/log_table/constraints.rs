//! The circuits of the log's tables.

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring};

use crate::{
    address::CELL_BITS,
    bridge::{AccessExprs, eval_access},
    columns::columns,
    config::{AddressSpaceConfig, CellKind, MemoryConfig},
    offline::{AccessKind, AccessRecord},
    range_checker::SharedVariableRangeCheckerChip,
};

/// Base of the digits of a wait. One more, and "is one of 7 values" would be of degree 8.
pub(super) const WAIT_BASE: u32 = 7;
/// Digits of a wait.
pub(super) const WAIT_DIGITS: usize = 3;
/// The longest wait.
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
    },
    /// Writes of so many cells, in spaces of one kind.
    Write {
        /// Cells of an access.
        cells: usize,
        /// What the spaces' cells hold.
        kind: CellKind,
    },
}

/// The log's tables for a configuration, in order.
pub fn tables(config: &MemoryConfig) -> Vec<AccessTable> {
    let kinds = [CellKind::Field, CellKind::U16];
    let kinds = kinds.into_iter().filter(|&kind| config.normal_spaces().iter().any(|space| space.cell_kind == kind));
    let kinds: Vec<CellKind> = kinds.collect();
    let of_size = |cells| {
        let writes = kinds.iter().map(move |&kind| AccessTable::Write { cells, kind });
        std::iter::once(AccessTable::Read { cells }).chain(writes)
    };
    config.layout().access_sizes().flat_map(of_size).collect()
}

impl AccessTable {
    /// Cells of an access.
    pub fn cells(self) -> usize {
        match self {
            Self::Read { cells } | Self::Write { cells, .. } => cells,
        }
    }

    /// Whether the table holds this access.
    pub(crate) fn holds(self, config: &MemoryConfig, access: &AccessRecord) -> bool {
        let writes = match access.kind {
            AccessKind::IdentityRead => return false,
            AccessKind::Read => matches!(self, Self::Read { .. }),
            AccessKind::Write => self.spaces(config).iter().any(|space| space.number == access.space),
        };
        writes && usize::from(access.len) == self.cells()
    }

    /// The spaces that the table's writes may have; none for reads, which may be anywhere.
    pub(super) fn spaces(self, config: &MemoryConfig) -> Vec<AddressSpaceConfig> {
        let spaces = config.normal_spaces().iter().copied();
        match self {
            Self::Read { .. } => vec![],
            Self::Write { kind, .. } => spaces.filter(|space| space.cell_kind == kind).collect(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Read { cells } => format!("read {cells}"),
            Self::Write { cells, kind: CellKind::Field } => format!("write {cells}"),
            Self::Write { cells, kind: CellKind::U16 } => format!("write {cells} of 16 bits"),
        }
    }
}

/// A table of the log.
///
/// Committed columns: real, space, pointer, time, cells. Others: gap, the wait's digits; and of a write the cells before, and
/// for each space of the table whether it is the row's.
pub fn circuit(config: &MemoryConfig, table: AccessTable) -> Circuit {
    let mut circuit = CircuitBuilder::new(table.name());
    let [real, space, pointer, time] = ["real", "space", "pointer", "time"].map(|name| circuit.committed_column(name));
    let cells: Vec<Expr> =
        (0..table.cells()).map(|index| circuit.committed_column(format!("cells[{index}]"))).collect();
    let gap = circuit.column("gap");
    circuit.assert_bool("real is boolean", real.clone());
    eval_time(&mut circuit, &time);
    let access = AccessExprs { space: space.clone(), pointer, time, gap };
    match table {
        AccessTable::Read { .. } => eval_access(&mut circuit, "", access, [&cells, &cells], real),
        AccessTable::Write { kind, .. } => {
            let previous = columns(&mut circuit, "previous", table.cells());
            eval_space(&mut circuit, space, &table.spaces(config), &real);
            if kind == CellKind::U16 {
                for cell in &cells {
                    let label = "a written cell is below 2^16";
                    SharedVariableRangeCheckerChip::ask(&mut circuit, label, cell.clone(), CELL_BITS, real.clone());
                }
            }
            eval_access(&mut circuit, "", access, [&previous, &cells], real);
        }
    }
    circuit.build()
}

/// Time rises by one and the wait.
fn eval_time(circuit: &mut CircuitBuilder, time: &Expr) {
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
    let first = time.clone() - Expr::one() - wait(digits);
    circuit.assert_zero("time starts at one and the wait", circuit.first_row() * first);
    let step = circuit.next(time) - time.clone() - Expr::one() - wait(next_digits);
    circuit.assert_zero("time rises by one and the wait", circuit.transition() * step);
}

/// The row's space is one of `spaces`.
fn eval_space(circuit: &mut CircuitBuilder, space: Expr, spaces: &[AddressSpaceConfig], real: &Expr) {
    let selected = columns(circuit, "selected", spaces.len());
    let (mut number, mut sum) = (Expr::zero(), Expr::zero());
    for (config, selected) in spaces.iter().zip(selected) {
        circuit.assert_bool("selected is boolean", selected.clone());
        number = number + selected.clone().scale(F::from_u32(config.number));
        sum = sum + selected;
    }
    circuit.assert_equal("an access has one space", sum, real.clone());
    circuit.assert_equal("the space is the selected one", space, number);
}
