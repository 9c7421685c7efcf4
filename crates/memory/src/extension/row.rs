//! The row of a custom instruction, as its author writes it: once.

use engram_air::{F, PrimeField32, Ring};

use crate::{
    address::U16_VALUES,
    config::{CellKind, MemoryConfig},
};

/// Bits of a cell of kind [`CellKind::U16`].
const CELL_BITS: u32 = U16_VALUES.ilog2();

/// The three operands of an instruction, each from 0 to 31: the list of instructions shows that.
#[derive(Clone, Debug)]
pub struct Operands<T> {
    /// First operand.
    pub rd: T,
    /// Second operand.
    pub rs1: T,
    /// Third operand.
    pub rs2: T,
}

/// Neighbouring cells, and whether they are known to be below 2^16.
#[derive(Clone, Debug)]
pub struct Cells<T, const N: usize> {
    cells: [T; N],
    /// They were held by a space of 16-bit cells, whose writes are all checked.
    are_u16: bool,
}

impl<T: Clone, const N: usize> Cells<T, N> {
    /// The cells, lowest first.
    pub fn cells(&self) -> [T; N] {
        self.cells.clone()
    }
}

impl<T, const N: usize> From<[T; N]> for Cells<T, N> {
    /// Cells of which nothing is known: a write to a space of 16-bit cells looks each up.
    fn from(cells: [T; N]) -> Self {
        Self { cells, are_u16: false }
    }
}

/// Shows that a raw access is made by [`InstructionRow`]'s own methods.
#[derive(Debug)]
pub struct Checked(());

/// Where an instruction writes its columns, constraints and accesses.
///
/// The same function is run on rows of three kinds: on expressions it is the circuit, on values beside online memory it executes,
/// and on what a replay found it fills the row of a table. So what is executed is what is proven.
///
/// Padding rows are zero in every column. Constants in constraints are [`Self::constant`]s, which vanish there.
pub trait InstructionRow {
    /// Values, or polynomials over columns.
    type Expr: Ring;

    /// The memory's configuration.
    fn config(&self) -> &MemoryConfig;

    /// One on the rows of instructions, zero on padding.
    fn real(&self) -> Self::Expr;

    /// The instruction's operands.
    fn operands(&self) -> Operands<Self::Expr>;

    /// A new column, with its cell in this row. Nothing is known of it but what constraints and ranges say.
    fn column(&mut self, name: &str, witness: F) -> Self::Expr;

    /// The value of an expression in this row; zero when the circuit is built, so code that computes a witness from it must
    /// accept zeros.
    fn value(&self, expr: &Self::Expr) -> F;

    /// [`Self::value`] as an integer below p.
    fn integer(&self, expr: &Self::Expr) -> u32 {
        self.value(expr).as_canonical_u32()
    }

    /// A constant that is zero on padding rows.
    fn constant(&self, value: u32) -> Self::Expr {
        self.real() * Self::Expr::integer(value)
    }

    /// `expr` is zero in every row, padding included. An execution in which it is not is refused.
    fn assert_zero(&mut self, label: &str, expr: Self::Expr);

    /// `expr` is zero or one.
    fn assert_bool(&mut self, label: &str, expr: Self::Expr) {
        self.assert_zero(label, expr.clone() * (expr - Self::Expr::one()));
    }

    /// `expr`, read as an integer below p, is below `2^bits`, with `bits` at most 17. An execution in which it is not is
    /// refused.
    fn range(&mut self, label: &str, expr: Self::Expr, bits: u32);

    /// Read `N` cells of a normal space: 1, 2, 4, 8, 16 or 32, at least the pointer unit. `pointer` is in the memory's pointer
    /// unit. `name` names the access in labels and columns. Each access of a row is one unit of time after the one before.
    ///
    /// As field elements wrap around p, the caller shows that `pointer` is the integer that it should be.
    fn read<const N: usize>(&mut self, name: &str, space: u32, pointer: Self::Expr) -> Cells<Self::Expr, N> {
        let cells = self.access(Checked(()), name, space, pointer, None);
        Cells { cells, are_u16: self.holds_u16(space) }
    }

    /// Write `N` cells, likewise; returns what they were. Cells for a space of kind [`CellKind::U16`] that do not come from
    /// such a space are looked up.
    fn write<const N: usize>(
        &mut self,
        name: &str,
        space: u32,
        pointer: Self::Expr,
        data: impl Into<Cells<Self::Expr, N>>,
    ) -> Cells<Self::Expr, N> {
        let Cells { cells, are_u16 } = data.into();
        if self.holds_u16(space) && !are_u16 {
            for cell in &cells {
                self.range(&format!("{name}: a written cell is below 2^16"), cell.clone(), CELL_BITS);
            }
        }
        let previous = self.access(Checked(()), name, space, pointer, Some(cells));
        Cells { cells: previous, are_u16: self.holds_u16(space) }
    }

    /// Whether a space has cells of kind [`CellKind::U16`].
    fn holds_u16(&self, space: u32) -> bool {
        let config = self.config();
        config.position(space).is_some_and(|space| config.normal_spaces()[space].cell_kind == CellKind::U16)
    }

    /// An access without checks; only [`Self::read`] and [`Self::write`] can call it. Returns what the cells were.
    #[doc(hidden)]
    fn access<const N: usize>(
        &mut self,
        checked: Checked,
        name: &str,
        space: u32,
        pointer: Self::Expr,
        next: Option<[Self::Expr; N]>,
    ) -> [Self::Expr; N];
}

/// An instruction on a custom-0 opcode, written once as a function over a row.
///
/// A row is one instruction. Its circuit has the columns `real`, `step`, `time`, `rd`, `rs1`, `rs2` and then those that
/// [`Self::eval`] asks for, in order. The frame around it takes the instruction with its operands from the committed list, and
/// takes the thread of execution and hands it on, later by the number of the row's accesses.
///
/// What the author keeps: given the operands and what the accesses find, [`Self::eval`] must leave no choice of what they leave.
/// `testing::bench::ExtensionBench` (feature `testing`) looks for mistakes in that.
pub trait MemoryExtension: std::fmt::Debug + Send + Sync + 'static {
    /// Name for people, unique among the extensions of a machine.
    fn name(&self) -> &str;

    /// The instruction. It must ask for the same columns, constraints, ranges and accesses whatever the values are.
    fn eval<R: InstructionRow>(&self, row: &mut R);
}
