//! Rows of a table, filled.

use engram_air::{
    Bus, F, PrimeCharacteristicRing, Ring,
    field::batch_multiplicative_inverse,
    vector::{LANES, Vector},
};
use engram_memory::lookups::Lookups;

use super::{At, RowBuilder, RowRecord, RowValue};

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

    fn field_column(&mut self, _: &str, witness: impl Fn(At) -> F) -> Vector {
        let mut values = [F::ZERO; LANES];
        for at in self.rows() {
            let value = witness(at);
            values[at.lane] = value;
            self.cells[self.next_cell(at.lane)] = value;
        }
        self.written += 1;
        Vector::new(values)
    }

    fn inverse_column(&mut self, name: &str, witness: impl Fn(At) -> F) -> Vector {
        let first = self.next_cell(0);
        let cells = (0..self.records.len()).map(|lane| first + lane * self.width);
        self.inverses.0.extend(cells);
        self.field_column(name, witness)
    }

    fn assert_zero(&mut self, _: &str, _: Vector) {}

    fn range(&mut self, _: &str, expr: Vector, bits: Vector) {
        for at in self.rows() {
            self.lookups.range.count(expr.integer_at(at), bits.integer_at(at));
        }
    }

    fn byte_and(&mut self, _: &str, x: Vector, y: Vector, _: Vector) {
        for at in self.rows() {
            self.lookups.bytes.count(x.integer_at(at), y.integer_at(at));
        }
    }

    fn send(&mut self, _: Bus, _: &str, _: &[Vector]) {}

    fn receive(&mut self, _: Bus, _: &str, _: &[Vector]) {}

    fn lookup(&mut self, _: Bus, _: &str, _: &[Vector]) {}

    fn next_access(&mut self, _: u32, _: &Vector) -> usize {
        self.accessed += 1;
        self.accessed - 1
    }
}

impl RowValue for Vector {
    fn value_at(&self, at: At) -> F {
        self.lane(at.lane)
    }
}
