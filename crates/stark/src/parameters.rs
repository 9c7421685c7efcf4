//! The few parameter sets a proof may use.
//!
//! They differ only in the height of the committed matrix. All keep the backend's production choices (rate 1/2, unique
//! decoding, 100 bits proven); the constraint degree is 7, which costs other circuits nothing and lets Poseidon2's x^7
//! be one constraint.

use engram_air::{circuit::DEGREE_MAX, price::Size};
use openvm_stark_backend::SystemParams;
use openvm_stark_sdk::config::app_params_with_100_bits_security;
use serde::{Deserialize, Serialize};

/// Bytes of a cell while it is committed to: in its table, in the committed matrix, and twice in that matrix' code of rate 1/2.
const COMMITTING_CELL_BYTES: u64 = 34;

/// Bytes of a committed cell: in its table, in the committed matrix and in that matrix' code.
const CELL_BYTES: u64 = 16;

/// Bytes of a slot: a fraction, and the layers above it.
const SLOT_BYTES: u64 = 36;

/// Bytes of a row of the committed matrix: its hash tree.
const ROW_BYTES: u64 = 40;

/// A parameter set, named by the base-two logarithm of the committed matrix' height.
///
/// A proof of nothing costs more time and fewer bytes as that grows, so a small segment wants a small one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Parameters {
    /// 2^18 rows: a third of a second by itself; for tests and short programs.
    Height18,
    /// 2^20 rows.
    Height20,
    /// 2^22 rows: for full segments.
    Height22,
}

impl Parameters {
    /// All sets, lowest first.
    pub const ALL: [Self; 3] = [Self::Height18, Self::Height20, Self::Height22];

    /// The smallest set: what tests use.
    pub const SMALLEST: Self = Self::Height18;

    /// Base-two logarithm of the committed matrix' height; also the highest a table may be.
    pub fn log_stacked_height(self) -> usize {
        match self {
            Self::Height18 => 18,
            Self::Height20 => 20,
            Self::Height22 => 22,
        }
    }

    /// Seconds of one core that a proof costs on top of its cells and messages, in [`engram_air::price`]'s units.
    pub fn fixed_s(self) -> f64 {
        match self {
            Self::Height18 => 0.6,
            Self::Height20 => 1.4,
            Self::Height22 => 5.1,
        }
    }

    /// Bytes that proving takes on top of the process, predicted for tables of this size. Measured to hold within 10 % from
    /// 2^20 to 2^26 slots. The most is used while committing, where there are few messages for many cells, or while
    /// summing fractions.
    #[allow(clippy::arithmetic_side_effects, reason = "only provers predict, from sizes of tables that they hold")]
    pub fn proving_bytes(self, size: Size) -> u64 {
        let committing = COMMITTING_CELL_BYTES * size.cells;
        let summing = CELL_BYTES * size.cells + SLOT_BYTES * size.slots();
        committing.max(summing) + (ROW_BYTES << self.log_stacked_height())
    }

    pub(crate) fn system(self) -> SystemParams {
        SystemParams {
            max_constraint_degree: DEGREE_MAX,
            ..app_params_with_100_bits_security(self.log_stacked_height())
        }
    }
}
