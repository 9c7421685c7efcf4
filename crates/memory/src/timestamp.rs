//! When something is, as circuits say it: an expression with its bound.

use engram_air::{CircuitBuilder, Count, Expr, Ring};

use crate::{
    address::{TIMESTAMP_HIGH_BITS, TIMESTAMP_LOW_BITS},
    messages::{RANGE, range_message},
};

/// A timestamp that a row gives: where the row is real, an integer below `2^TIMESTAMP_BITS`, and from 1 on if it is an access's.
///
/// The order of accesses rests on this rule: timestamps that went round p would lead back to what was overwritten. No column is
/// one by itself. It has two limbs with their ranges, which a table of memory asks for, or it comes from a clock, [`Timestamp::shown`].
#[derive(Clone, Debug)]
pub struct Timestamp<E>(E);

impl Timestamp<Expr> {
    /// The timestamp of two limbs, whose ranges are asked for here, under these labels.
    pub(crate) fn of_limbs(circuit: &mut CircuitBuilder, labels: [&str; 2], limbs: [Expr; 2], real: &Count) -> Self {
        let [low, high] = limbs;
        circuit.lookup(RANGE, labels[0], range_message(low.clone(), TIMESTAMP_LOW_BITS), real);
        circuit.lookup(RANGE, labels[1], range_message(high.clone(), TIMESTAMP_HIGH_BITS), real);
        Self(low + high.shift_left(TIMESTAMP_LOW_BITS))
    }
}

impl<E: Ring> Timestamp<E> {
    /// An expression that a clock keeps below `2^TIMESTAMP_BITS`: `reason` says which and how. A false one makes a circuit unsound.
    pub fn shown(reason: &str, expr: E) -> Self {
        debug_assert!(!reason.is_empty());
        Self(expr)
    }

    /// So many ticks later, of which the clock knows: the row advances it by more.
    pub fn later(&self, ticks: u32) -> Self {
        Self(self.0.clone() + E::integer(ticks))
    }

    /// The expression, for messages and constraints.
    pub fn expr(&self) -> E {
        self.0.clone()
    }
}
