//! The circuit of the roots.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring, field::DIGEST_CELLS};

use crate::{
    columns::columns,
    layout::Layout,
    messages::{MERKLE, merkle_message},
};

/// The roots of a layout's normal spaces. One column a space: whether one of its cells is accessed.
pub fn circuit(layout: &Layout) -> Circuit {
    let mut circuit = CircuitBuilder::new("roots").required();
    let touched = columns(&mut circuit, "touched", layout.spaces().len());
    for (space, touched) in layout.spaces().iter().zip(touched) {
        let before = circuit.publics::<DIGEST_CELLS>(&format!("{space} before"));
        let after = circuit.publics::<DIGEST_CELLS>(&format!("{space} after"));
        let is_touched = circuit.flag("touched is boolean", touched.clone());
        let elsewhere = Expr::one() - circuit.first_row();
        circuit.assert_zero("only the first row has touched spaces", elsewhere * touched.clone());
        let untouched = circuit.first_row() * (Expr::one() - touched.clone());
        for (before, after) in before.iter().zip(&after) {
            let difference = after.clone() - before.clone();
            circuit.assert_zero("an untouched space keeps its root", untouched.clone() * difference);
        }
        let (number, height) = (Expr::integer(space.number), Expr::integer(layout.tree_height(space)));
        let message = merkle_message(number, height, Expr::zero(), before, after);
        circuit.send(MERKLE, format!("root of {space}"), message, &is_touched);
    }
    circuit.build()
}
