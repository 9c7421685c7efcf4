//! The circuit of the roots table.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring, field::DIGEST_CELLS};

use super::columns::RootsCols;
use crate::{
    address::SPACES,
    messages::{MERKLE, merkle_message},
};

/// The roots table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("roots").required();
    let RootsCols { touched } = RootsCols::allocate(&mut circuit);
    for (space, touched) in SPACES.iter().zip(touched) {
        let before = circuit.publics::<DIGEST_CELLS>(&format!("{} before", space.name));
        let after = circuit.publics::<DIGEST_CELLS>(&format!("{} after", space.name));
        circuit.assert_bool("touched is boolean", touched.clone());
        let elsewhere = Expr::one() - circuit.first_row();
        circuit.assert_zero("only the first row has touched spaces", elsewhere * touched.clone());
        let untouched = circuit.first_row() * (Expr::one() - touched.clone());
        for (before, after) in before.iter().zip(&after) {
            let difference = after.clone() - before.clone();
            circuit.assert_zero("an untouched space keeps its root", untouched.clone() * difference);
        }
        let (number, height) = (Expr::integer(space.number), Expr::integer(space.tree_height));
        let message = merkle_message(number, height, Expr::zero(), before, after);
        circuit.send(MERKLE, format!("root of the {} space", space.name), message, touched);
    }
    circuit.build()
}
