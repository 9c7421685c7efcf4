//! Filling a row cell by cell, in the order in which the circuit made its columns.

use engram_air::{F, PrimeCharacteristicRing};

/// The cells of a row that are still to be written.
pub(crate) struct RowCells<'a> {
    rest: &'a mut [F],
}

impl<'a> RowCells<'a> {
    pub(crate) fn new(row: &'a mut [F]) -> Self {
        Self { rest: row }
    }

    /// The next cell.
    pub(crate) fn put(&mut self, value: F) {
        self.put_all(&[value]);
    }

    /// Leave the next cells as they are.
    pub(crate) fn skip(&mut self, cells: usize) {
        self.rest = &mut std::mem::take(&mut self.rest)[cells..];
    }

    /// The next cell, an integer below p.
    pub(crate) fn put_integer(&mut self, value: u32) {
        self.put(F::from_u32(value));
    }

    /// The next cells.
    pub(crate) fn put_all(&mut self, values: &[F]) {
        let rest = std::mem::take(&mut self.rest);
        let (cells, rest) = rest.split_at_mut(values.len());
        cells.copy_from_slice(values);
        self.rest = rest;
    }

    /// Every column was written.
    pub(crate) fn finish(self) {
        assert!(self.rest.is_empty(), "a row has as many cells as its circuit has columns");
    }
}
