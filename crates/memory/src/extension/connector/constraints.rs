//! The circuit of the ends.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use crate::extension::messages::{STEPS, step_message};

/// Time of the first access.
pub(crate) const FIRST_TIME: u32 = 1;

/// The ends. One column: whether the row is used.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("custom ends").required();
    let used = circuit.column("used");
    let (instructions, last_time) = (circuit.public("instructions"), circuit.public("last time"));
    let first = circuit.first_row();
    circuit.assert_equal("only the first row is used", used.clone(), first);
    let start = step_message(Expr::zero(), Expr::integer(FIRST_TIME));
    circuit.send(STEPS, "start", start, used.clone());
    circuit.receive(STEPS, "end", step_message(instructions, last_time), used);
    circuit.build()
}
