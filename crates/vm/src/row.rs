//! Rows that are written once.
//!
//! An instruction is a function over a [`RowBuilder`]. Run on a [`SymbolicRow`] it yields the circuit; run on a
//! [`RowWriter`] it fills rows with values, several at a time. There is no second copy of its semantics that could drift.

use engram_air::{
    Bus, Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring,
    field::batch_multiplicative_inverse,
    vector::{LANES, Vector},
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
///
/// A column's witness is a function of the row [`At`] which it stands; it is not called where a circuit is built.
pub trait RowBuilder {
    /// Values by row, or polynomials over columns.
    type Expr: Ring + RowValue;

    /// One on real rows, zero on padding.
    fn real(&self) -> Self::Expr;

    /// A new column.
    fn column(&mut self, name: &'static str, witness: impl Fn(At) -> u32) -> Self::Expr {
        self.field_column(name, |at| F::from_u32(witness(at)))
    }

    /// A new column that may be any field element.
    fn field_column(&mut self, name: &'static str, witness: impl Fn(At) -> F) -> Self::Expr;

    /// A new column with the value of an expression.
    fn column_of(&mut self, name: &'static str, expr: &Self::Expr) -> Self::Expr {
        self.field_column(name, |at| expr.value_at(at))
    }

    /// A new column with the inverse of a value, or zero. What is returned is for constraints: while rows are filled, inverses are
    /// made for many rows at once, and it has no value yet.
    fn inverse_column(&mut self, name: &'static str, witness: impl Fn(At) -> F) -> Self::Expr;

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

    /// The number of the row's next memory access, for [`At::access`].
    fn next_access(&mut self) -> usize;
}

/// What has a value in each row that is being written.
pub trait RowValue {
    /// The value.
    fn value_at(&self, at: At) -> F;

    /// The value as an integer below p.
    fn integer_at(&self, at: At) -> u32 {
        self.value_at(at).as_canonical_u32()
    }
}

impl RowValue for Expr {
    /// An expression has no value, and where a circuit is built nobody asks for one.
    fn value_at(&self, _: At) -> F {
        F::ZERO
    }
}

impl RowValue for Vector {
    fn value_at(&self, at: At) -> F {
        self.lane(at.lane)
    }
}

/// A row that is being written, for those who say what its columns hold.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    lane: usize,
    record: &'a RowRecord<'a>,
}

impl At<'_> {
    /// Where and when the row stands.
    pub fn step(&self) -> &Step {
        &self.record.step
    }

    /// What an access found and since when, by [`RowBuilder::next_access`].
    pub fn access(&self, number: usize) -> Access {
        self.record.accesses[number]
    }

    /// A free witness, by number.
    pub fn hint(&self, number: usize) -> u32 {
        self.record.hints[number]
    }
}

/// What a row is written from.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowRecord<'a> {
    /// Where and when the row stands.
    pub step: Step,
    /// Its memory accesses, in order.
    pub accesses: &'a [Access],
    /// Free witnesses, in the chip's order.
    pub hints: &'a [u32],
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

    fn field_column(&mut self, name: &'static str, _: impl Fn(At) -> F) -> Expr {
        self.builder.column(name)
    }

    fn inverse_column(&mut self, name: &'static str, _: impl Fn(At) -> F) -> Expr {
        self.builder.column(name)
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

    fn next_access(&mut self) -> usize {
        0
    }
}

/// Cells that hold values of which the inverses are wanted. A field inversion costs as much as a hundred multiplications, many
/// at once three each.
#[derive(Debug, Default)]
pub struct Inverses(Vec<usize>);

impl Inverses {
    /// Put the inverses into the cells of all rows. Zeros stay.
    pub fn fill(self, cells: &mut [F]) {
        let wanted: Vec<usize> = self.0.into_iter().filter(|&cell| cells[cell] != F::ZERO).collect();
        let values: Vec<F> = wanted.iter().map(|&cell| cells[cell]).collect();
        for (cell, inverse) in wanted.into_iter().zip(batch_multiplicative_inverse(&values)) {
            cells[cell] = inverse;
        }
    }
}

/// Fills rows of a table, as many at a time as a vector has lanes.
///
/// Each is written from a [`RowRecord`]. Inverses are to be filled in when all rows are written.
#[derive(Debug)]
pub struct RowWriter<'a> {
    /// Of all rows of a part of the table.
    cells: &'a mut [F],
    width: usize,
    /// The first row that is being written.
    first_row: usize,
    records: &'a [RowRecord<'a>],
    written: usize,
    accessed: usize,
    inverses: &'a mut Inverses,
    lookups: &'a Lookups,
}

impl<'a> RowWriter<'a> {
    /// Start real rows, at most [`LANES`].
    pub fn new(
        (cells, width): (&'a mut [F], usize),
        first_row: usize,
        records: &'a [RowRecord<'a>],
        inverses: &'a mut Inverses,
        lookups: &'a Lookups,
    ) -> Self {
        let mut rows = Self { cells, width, first_row, records, written: 0, accessed: 0, inverses, lookups };
        rows.column("real", |_| 1);
        rows
    }

    fn rows(&self) -> impl Iterator<Item = At<'a>> + use<'a> {
        self.records.iter().enumerate().map(|(lane, record)| At { lane, record })
    }

    /// Where the cell of the next column is among all, by lane.
    fn next_cell(&self, lane: usize) -> usize {
        (self.first_row + lane) * self.width + self.written
    }
}

impl RowBuilder for RowWriter<'_> {
    type Expr = Vector;

    fn real(&self) -> Vector {
        Vector::one()
    }

    fn field_column(&mut self, _: &'static str, witness: impl Fn(At) -> F) -> Vector {
        let mut values = [F::ZERO; LANES];
        for at in self.rows() {
            let value = witness(at);
            values[at.lane] = value;
            self.cells[self.next_cell(at.lane)] = value;
        }
        self.written += 1;
        Vector::new(values)
    }

    fn inverse_column(&mut self, name: &'static str, witness: impl Fn(At) -> F) -> Vector {
        let first = self.next_cell(0);
        let cells = (0..self.records.len()).map(|lane| first + lane * self.width);
        self.inverses.0.extend(cells);
        self.field_column(name, witness)
    }

    fn assert_zero(&mut self, _: &'static str, _: Vector) {}

    fn range(&mut self, _: &'static str, expr: Vector, bits: Vector) {
        for at in self.rows() {
            self.lookups.range.count(expr.integer_at(at), bits.integer_at(at));
        }
    }

    fn byte_and(&mut self, _: &'static str, x: Vector, y: Vector, _: Vector) {
        for at in self.rows() {
            self.lookups.bytes.count(x.integer_at(at), y.integer_at(at));
        }
    }

    fn send(&mut self, _: Bus, _: &'static str, _: &[Vector]) {}

    fn receive(&mut self, _: Bus, _: &'static str, _: &[Vector]) {}

    fn lookup(&mut self, _: Bus, _: &'static str, _: &[Vector]) {}

    fn next_access(&mut self) -> usize {
        self.accessed += 1;
        self.accessed - 1
    }
}
