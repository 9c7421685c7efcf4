//! Columns of the compression table, in order: the input, the cells that [`super::rounds`] commits, the multiplicity.

use engram_air::poseidon2::WIDTH as STATE_CELLS;

use super::rounds::COMMITTED_CELLS;

/// Where the rounds' cells start.
pub(super) const COMMITTED_START: usize = STATE_CELLS;

/// Where the multiplicity is.
pub(super) const MULTIPLICITY: usize = COMMITTED_START + COMMITTED_CELLS;

/// Number of columns.
pub(super) const COLUMNS: usize = MULTIPLICITY + 1;
