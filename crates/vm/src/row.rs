//! Rows that are written once.
//!
//! An instruction is a function over a [`RowBuilder`]. Run on a [`SymbolicRow`] it yields the circuit; run on a
//! [`RowWriter`] it fills one row with values. There is no second copy of its semantics that could drift.

use engram_air::{
    Bus, Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring,
    field::batch_multiplicative_inverse,
};
use engram_memory::{
    lookups::Lookups,
    messages::{BYTES, RANGE},
    offline::Access,
};

/// Where an instruction writes its columns, constraints and messages.
///
/// Padding rows are zero in every column and every message's count is the `real` column, so a constraint must hold on
/// zeros: constants in constraints are [`RowBuilder::constant`]s, which vanish with `real`.
pub trait RowBuilder {
    /// Values, or polynomials over columns.
    type Expr: Ring;

    /// One on real rows, zero on padding.
    fn real(&self) -> Self::Expr;

    /// A new column; `value` is its witness in this row.
    fn column(&mut self, name: &'static str, value: u32) -> Self::Expr {
        self.field_column(name, F::from_u32(value))
    }

    /// A new column whose witness is any field element, such as an inverse.
    fn field_column(&mut self, name: &'static str, value: F) -> Self::Expr;

    /// A new column with the inverse of a value, or zero. What is returned is for constraints: while rows are filled, inverses are
    /// made for many rows at once, and it has no value yet.
    fn inverse_column(&mut self, name: &'static str, value: F) -> Self::Expr;

    /// The value of an expression in this row; zero when the circuit is built, so code that computes a witness from it
    /// must accept zeros.
    fn value(&self, expr: &Self::Expr) -> F;

    /// [`RowBuilder::value`] as an integer below p.
    fn integer(&self, expr: &Self::Expr) -> u32 {
        self.value(expr).as_canonical_u32()
    }

    /// A constant that is zero on padding rows.
    fn constant(&self, value: u32) -> Self::Expr {
        self.real() * Self::Expr::integer(value)
    }

    /// `expr` is zero in every row, padding included.
    fn assert_zero(&mut self, label: &'static str, expr: Self::Expr);

    /// `expr` is zero or one.
    fn assert_bool(&mut self, label: &'static str, expr: Self::Expr) {
        self.assert_zero(label, expr.clone() * (expr - self.real()));
    }

    /// `expr`, read as an integer, is below `2^bits`; `bits` is at most 17 and may vary by row.
    fn range(&mut self, label: &'static str, expr: Self::Expr, bits: Self::Expr);

    /// `x` and `y` are bytes and `and` is their bitwise conjunction.
    fn byte_and(&mut self, label: &'static str, x: Self::Expr, y: Self::Expr, and: Self::Expr);

    /// Put a message on a bus, on real rows.
    fn send(&mut self, bus: Bus, label: &'static str, fields: &[Self::Expr]);

    /// Take a message off a bus, on real rows.
    fn receive(&mut self, bus: Bus, label: &'static str, fields: &[Self::Expr]);

    /// Ask a table, on real rows.
    fn lookup(&mut self, bus: Bus, label: &'static str, fields: &[Self::Expr]);

    /// The witness of the row's next memory access: what was there and since when.
    fn next_access(&mut self) -> Access;

    /// The row's program counter, time and instruction operands.
    fn step(&self) -> Step;

    /// A free witness of the row, by number.
    fn hint(&self, index: usize) -> u32;
}

/// Where and when a row stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Program counter, counted in 4-byte words.
    pub pc: u32,
    /// Time of the row's first access.
    pub time: u32,
    /// The instruction's operands as the program ROM holds them.
    pub operands: [u32; crate::rom::OPERANDS],
}

/// Builds a circuit.
#[derive(Debug)]
pub struct SymbolicRow {
    builder: CircuitBuilder,
    real: Expr,
}

impl SymbolicRow {
    /// The circuit of a row function.
    pub fn circuit(name: &str, eval: impl FnOnce(&mut Self)) -> Circuit {
        let mut builder = CircuitBuilder::new(name);
        let real = builder.column("real");
        builder.assert_bool("real is boolean", real.clone());
        let mut row = Self { builder, real };
        eval(&mut row);
        row.builder.build()
    }
}

impl RowBuilder for SymbolicRow {
    type Expr = Expr;

    fn real(&self) -> Expr {
        self.real.clone()
    }

    fn field_column(&mut self, name: &'static str, _: F) -> Expr {
        self.builder.column(name)
    }

    fn inverse_column(&mut self, name: &'static str, _: F) -> Expr {
        self.builder.column(name)
    }

    fn value(&self, _: &Expr) -> F {
        F::ZERO
    }

    fn assert_zero(&mut self, label: &'static str, expr: Expr) {
        self.builder.assert_zero(label, expr);
    }

    fn range(&mut self, label: &'static str, expr: Expr, bits: Expr) {
        self.builder.lookup(RANGE, label, vec![expr, bits], self.real.clone());
    }

    fn byte_and(&mut self, label: &'static str, x: Expr, y: Expr, and: Expr) {
        self.builder.lookup(BYTES, label, vec![x, y, and], self.real.clone());
    }

    fn send(&mut self, bus: Bus, label: &'static str, fields: &[Expr]) {
        self.builder.send(bus, label, fields.to_vec(), self.real.clone());
    }

    fn receive(&mut self, bus: Bus, label: &'static str, fields: &[Expr]) {
        self.builder.receive(bus, label, fields.to_vec(), self.real.clone());
    }

    fn lookup(&mut self, bus: Bus, label: &'static str, fields: &[Expr]) {
        self.builder.lookup(bus, label, fields.to_vec(), self.real.clone());
    }

    fn next_access(&mut self) -> Access {
        Access { previous: 0, gap: 0 }
    }

    fn step(&self) -> Step {
        Step::default()
    }

    fn hint(&self, _: usize) -> u32 {
        0
    }
}

/// Cells that hold values of which the inverses are wanted. A field inversion costs as much as a hundred multiplications, many
/// at once three each.
#[derive(Debug, Default)]
pub struct Inverses {
    /// Where they are among the cells of all rows.
    cells: Vec<usize>,
    /// Where the current row starts.
    row_start: usize,
}

impl Inverses {
    /// Go on to the next row.
    pub fn end_row(&mut self, width: usize) {
        self.row_start += width;
    }

    /// Put the inverses into the cells of all rows. Zeros stay.
    pub fn fill(self, cells: &mut [F]) {
        let wanted: Vec<usize> = self.cells.into_iter().filter(|&cell| cells[cell] != F::ZERO).collect();
        let values: Vec<F> = wanted.iter().map(|&cell| cells[cell]).collect();
        for (cell, inverse) in wanted.into_iter().zip(batch_multiplicative_inverse(&values)) {
            cells[cell] = inverse;
        }
    }
}

/// Fills one row.
#[derive(Debug)]
pub struct RowWriter<'a> {
    cells: &'a mut [F],
    inverses: &'a mut Inverses,
    written: usize,
    accesses: &'a [Access],
    accessed: usize,
    step: Step,
    hints: &'a [u32],
    lookups: &'a Lookups,
}

impl<'a> RowWriter<'a> {
    /// Start a real row. `inverses` are to be filled in when all rows are written.
    pub fn new(
        cells: &'a mut [F],
        inverses: &'a mut Inverses,
        step: Step,
        accesses: &'a [Access],
        hints: &'a [u32],
        lookups: &'a Lookups,
    ) -> Self {
        cells[0] = F::ONE;
        Self { cells, inverses, written: 1, accesses, accessed: 0, step, hints, lookups }
    }
}

impl RowBuilder for RowWriter<'_> {
    type Expr = F;

    fn real(&self) -> F {
        F::ONE
    }

    fn field_column(&mut self, _: &'static str, value: F) -> F {
        self.cells[self.written] = value;
        self.written += 1;
        value
    }

    fn inverse_column(&mut self, name: &'static str, value: F) -> F {
        self.inverses.cells.push(self.inverses.row_start + self.written);
        self.field_column(name, value)
    }

    fn value(&self, expr: &F) -> F {
        *expr
    }

    fn assert_zero(&mut self, _: &'static str, _: F) {}

    fn range(&mut self, _: &'static str, expr: F, bits: F) {
        self.lookups.range.count(expr.as_canonical_u32(), bits.as_canonical_u32());
    }

    fn byte_and(&mut self, _: &'static str, x: F, y: F, _: F) {
        self.lookups.bytes.count(x.as_canonical_u32(), y.as_canonical_u32());
    }

    fn send(&mut self, _: Bus, _: &'static str, _: &[F]) {}

    fn receive(&mut self, _: Bus, _: &'static str, _: &[F]) {}

    fn lookup(&mut self, _: Bus, _: &'static str, _: &[F]) {}

    fn next_access(&mut self) -> Access {
        self.accessed += 1;
        self.accesses[self.accessed - 1]
    }

    fn step(&self) -> Step {
        self.step
    }

    fn hint(&self, index: usize) -> u32 {
        self.hints[index]
    }
}
