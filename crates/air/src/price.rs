//! What a circuit costs to prove, before proving it.
//!
//! The backend's time is, to a good approximation, linear in three counts: committed cells, interactions, and *slots*,
//! the next power of two above a proof's interactions. All three count padded rows.

use crate::circuit::Circuit;

/// Rows below this are lifted to it by the backend when it counts interactions (`2^l_skip`).
pub const ROWS_MIN: usize = 16;

/// Seconds of one core for a padded main cell, a real interaction and a slot, measured on a processor with 512-bit
/// vectors, with what the memory for them costs. Only ratios matter: they decide between shapes of the same proof.
pub const CELL_S: f64 = 0.08e-6;
/// See [`CELL_S`].
pub const INTERACTION_S: f64 = 0.05e-6;
/// See [`CELL_S`].
pub const SLOT_S: f64 = 0.09e-6;

/// Padded totals over the tables of one proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Committed main cells.
    pub cells: u64,
    /// Messages, used or not.
    pub interactions: u64,
}

impl Size {
    /// Of one table with `rows` rows before padding; an empty table costs nothing.
    pub fn of(circuit: &Circuit, rows: usize) -> Self {
        if rows == 0 {
            return Self::default();
        }
        let height = rows.next_power_of_two();
        Self {
            cells: (height * circuit.width()) as u64,
            interactions: (height.max(ROWS_MIN) * circuit.interactions.len()) as u64,
        }
    }

    /// Next power of two above the interactions.
    pub fn slots(&self) -> u64 {
        (self.interactions + 1).next_power_of_two()
    }

    /// Predicted seconds of one core, without the fixed cost of a proof.
    pub fn seconds(&self) -> f64 {
        self.cells as f64 * CELL_S + self.interactions as f64 * INTERACTION_S + self.slots() as f64 * SLOT_S
    }
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cells: self.cells + other.cells, interactions: self.interactions + other.interactions }
    }
}

impl std::iter::Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |sum, size| sum + size)
    }
}
