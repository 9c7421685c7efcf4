//! The circuit of the roots.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring, field::DIGEST_CELLS};
use engram_memory::messages::{MERKLE, merkle_message};

use crate::{columns::columns, config::MemoryConfig};

/// The roots of a configuration's normal spaces. One column a space: whether one of its cells is accessed.
pub fn circuit(config: &MemoryConfig) -> Circuit {
    let mut circuit = CircuitBuilder::new("roots").required();
    let touched = columns(&mut circuit, "touched", config.normal_spaces().len());
    for (space, touched) in config.normal_spaces().iter().zip(touched) {
        let number = space.number;
        let before = circuit.publics::<DIGEST_CELLS>(&format!("space {number} before"));
        let after = circuit.publics::<DIGEST_CELLS>(&format!("space {number} after"));
        circuit.assert_bool("touched is boolean", touched.clone());
        let elsewhere = Expr::one() - circuit.first_row();
        circuit.assert_zero("only the first row has touched spaces", elsewhere * touched.clone());
        let untouched = circuit.first_row() * (Expr::one() - touched.clone());
        for (before, after) in before.iter().zip(&after) {
            let difference = after.clone() - before.clone();
            circuit.assert_zero("an untouched space keeps its root", untouched.clone() * difference);
        }
        let height = Expr::integer(config.tree_height(space));
        let message = merkle_message(Expr::integer(number), height, Expr::zero(), before, after);
        circuit.send(MERKLE, format!("root of space {number}"), message, touched);
    }
    circuit.build()
}
