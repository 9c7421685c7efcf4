//! The circuit of the Merkle table.

use engram_air::{Circuit, CircuitBuilder, Count, Expr, Ring, field::DIGEST_CELLS};

use super::columns::MerkleCols;
use crate::messages::{COMPRESS, MERKLE, compress_message, merkle_message};

/// The Merkle table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("merkle");
    let columns = MerkleCols::allocate(&mut circuit);
    let flags = eval_flags(&mut circuit, &columns);
    eval_equal_digests(&mut circuit, &columns);
    eval_digests(&mut circuit, &columns, &flags);
    eval_tree(&mut circuit, columns, &flags);
    circuit.build()
}

/// What says how often a row's messages are there.
struct Flags {
    real: Count,
    changed: Count,
    touched: [Count; 2],
}

fn eval_flags(circuit: &mut CircuitBuilder, columns: &MerkleCols<Expr>) -> Flags {
    let real = circuit.flag("real is boolean", columns.real.clone());
    let changed = circuit.flag("changed is boolean", columns.changed.clone());
    let touched = columns.touched.each_ref().map(|touched| {
        let is_touched = circuit.flag("touched is boolean", touched.clone());
        circuit.assert_zero("only a real node has touched children", is_touched.and(&real.not()).expr());
        is_touched
    });
    Flags { real, changed, touched }
}

fn eval_equal_digests(circuit: &mut CircuitBuilder, columns: &MerkleCols<Expr>) {
    let unchanged = Expr::one() - columns.changed.clone();
    let mut equal = |label: &str, when: &Expr, before: &[Expr; DIGEST_CELLS], after: &[Expr; DIGEST_CELLS]| {
        for (before, after) in before.iter().zip(after) {
            circuit.assert_zero(label, when.clone() * (after.clone() - before.clone()));
        }
    };
    equal("an unchanged node keeps its digest", &unchanged, &columns.before, &columns.after);
    let children = columns.children_before.iter().zip(&columns.children_after).zip(&columns.touched);
    for ((before, after), touched) in children {
        equal("an unchanged node keeps its children", &unchanged, before, after);
        let untouched = Expr::one() - touched.clone();
        equal("an untouched child keeps its digest", &untouched, before, after);
    }
}

fn eval_digests(circuit: &mut CircuitBuilder, columns: &MerkleCols<Expr>, flags: &Flags) {
    let message = |children: &[[Expr; DIGEST_CELLS]; 2], digest: &[Expr; DIGEST_CELLS]| {
        compress_message(children[0].clone(), children[1].clone(), digest.clone())
    };
    let before = message(&columns.children_before, &columns.before);
    circuit.lookup(COMPRESS, "digest of the node before", before, &flags.real);
    // A row that is not real may ask for a digest as well: it asks in vain.
    let after = message(&columns.children_after, &columns.after);
    circuit.lookup(COMPRESS, "digest of the node after", after, &flags.changed);
}

fn eval_tree(circuit: &mut CircuitBuilder, columns: MerkleCols<Expr>, flags: &Flags) {
    let MerkleCols { space, height, index, children_before, children_after, before, after, .. } = columns;
    let children = flags.touched.iter().zip(children_before).zip(children_after);
    let sides = [(0, "left child"), (1, "right child")];
    for ((side, label), ((touched, before), after)) in sides.into_iter().zip(children) {
        let (height, index) = (height.clone() - Expr::one(), index.clone().shift_left(1) + Expr::integer(side));
        let message = merkle_message(space.clone(), height, index, before, after);
        circuit.send(MERKLE, label, message, touched);
    }
    circuit.receive(MERKLE, "node in the tree", merkle_message(space, height, index, before, after), &flags.real);
}
