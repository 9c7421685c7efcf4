//! Columns whose number is known only when a circuit is built.

use engram_air::{CircuitBuilder, Expr};

/// New columns `name[0]` and on.
pub(crate) fn columns(circuit: &mut CircuitBuilder, name: &str, count: usize) -> Vec<Expr> {
    (0..count).map(|index| circuit.column(format!("{name}[{index}]"))).collect()
}
