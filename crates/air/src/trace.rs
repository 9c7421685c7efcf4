//! Witness tables.

use crate::field::{F, PrimeCharacteristicRing};

/// A row-major table of field elements whose height is a power of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    width: usize,
    values: Vec<F>,
}

impl Trace {
    /// A table of zeros with room for `rows` rows, padded to the next power of two (at least one row).
    pub fn zeros(width: usize, rows: usize) -> Self {
        Self { width, values: vec![F::ZERO; width.saturating_mul(rows.next_power_of_two())] }
    }

    /// The rows in `values`, padded with zero rows to the next power of two.
    ///
    /// # Panics
    /// Where `values` is not a whole number of rows.
    pub fn from_rows(mut values: Vec<F>, width: usize) -> Self {
        assert!(values.len().is_multiple_of(width), "values are whole rows of {width} columns");
        let height = values.len().checked_div(width).unwrap_or(0).next_power_of_two();
        values.resize(height.saturating_mul(width), F::ZERO);
        Self { width, values }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows, a power of two.
    pub fn height(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// One row.
    ///
    /// # Panics
    /// Where there is none.
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "only provers run it")]
    pub fn row(&self, index: usize) -> &[F] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// One row, to be written.
    ///
    /// # Panics
    /// Where there is none.
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "only provers run it")]
    pub fn row_mut(&mut self, index: usize) -> &mut [F] {
        &mut self.values[index * self.width..(index + 1) * self.width]
    }

    /// All rows, to be filled in parallel.
    pub fn values_mut(&mut self) -> &mut [F] {
        &mut self.values
    }

    /// The rows one after the other.
    pub fn into_values(self) -> Vec<F> {
        self.values
    }

    /// The rows one after the other.
    pub fn values(&self) -> &[F] {
        &self.values
    }
}
