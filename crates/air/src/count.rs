//! How often a row says a message.

use crate::expr::{Expr, Ring};

/// How often a row puts a message on a bus, takes one off or asks a table: zero or one in every row.
///
/// Buses rest on this rule. A proof has fewer messages than p, so a sum of zeros and ones that is zero modulo p is zero; of other
/// counts it need not be. An expression becomes a count by a constraint, [`CircuitBuilder::flag`](crate::CircuitBuilder::flag), or
/// where others show it, by [`Count::shown`].
///
/// ```
/// use engram_air::{Bus, CircuitBuilder};
///
/// let bus = Bus::permutation(40, "squares", &["x"]);
/// let mut circuit = CircuitBuilder::new("squares");
/// let (real, x) = (circuit.column("real"), circuit.column("x"));
/// let real = circuit.flag("real is boolean", real);
/// circuit.send(bus, "a square", vec![x.clone() * x], &real);
/// ```
///
/// A bare expression is none:
///
/// ```compile_fail,E0308
/// # use engram_air::{Bus, CircuitBuilder};
/// # let bus = Bus::permutation(40, "squares", &["x"]);
/// # let mut circuit = CircuitBuilder::new("squares");
/// # let (real, x) = (circuit.column("real"), circuit.column("x"));
/// circuit.send(bus, "a square", vec![x.clone() * x], &real);
/// ```
#[derive(Clone, Debug)]
pub struct Count(Expr);

impl Count {
    /// For [`CircuitBuilder::flag`](crate::CircuitBuilder::flag), which has asserted it.
    pub(crate) fn asserted(expr: Expr) -> Self {
        Self(expr)
    }

    /// One in every row, padding among them.
    pub fn always() -> Self {
        Self(Expr::one())
    }

    /// An expression that other constraints show to be zero or one: `reason` says which. A false one makes a circuit unsound.
    pub fn shown(reason: &str, expr: Expr) -> Self {
        debug_assert!(!reason.is_empty());
        Self(expr)
    }

    /// One where both are.
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.clone() * other.0.clone())
    }

    /// One where it is zero.
    pub fn not(&self) -> Self {
        Self(Expr::one() - self.0.clone())
    }

    /// The expression, for constraints.
    pub fn expr(&self) -> Expr {
        self.0.clone()
    }
}
