//! The circuit of the persistent boundary.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring, field::DIGEST_CELLS};

use super::columns::BoundaryCols;
use crate::{
    address::{LEAF_CELLS, LEAF_WORDS, WORD_CELLS},
    messages::{COMPRESS, MEMORY, MERKLE, compress_message, memory_message, merkle_message},
};

/// The persistent boundary.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("boundary");
    let columns = BoundaryCols::allocate(&mut circuit);
    eval_unchanged(&mut circuit, &columns);
    eval_digests(&mut circuit, &columns);
    eval_words(&mut circuit, &columns);
    let BoundaryCols { real, space, leaf, digest_before, digest_after, .. } = columns;
    let message = merkle_message(space, Expr::zero(), leaf, digest_before, digest_after);
    circuit.receive(MERKLE, "leaf in the tree", message, real);
    circuit.build()
}

fn eval_unchanged(circuit: &mut CircuitBuilder, columns: &BoundaryCols<Expr>) {
    circuit.assert_bool("real is boolean", columns.real.clone());
    circuit.assert_bool("changed is boolean", columns.changed.clone());
    let unchanged = Expr::one() - columns.changed.clone();
    for (before, after) in columns.before.iter().zip(&columns.after) {
        let difference = after.clone() - before.clone();
        circuit.assert_zero("an unchanged leaf keeps its cells", unchanged.clone() * difference);
    }
    for (before, after) in columns.digest_before.iter().zip(&columns.digest_after) {
        let difference = after.clone() - before.clone();
        circuit.assert_zero("an unchanged leaf keeps its digest", unchanged.clone() * difference);
    }
}

fn eval_digests(circuit: &mut CircuitBuilder, columns: &BoundaryCols<Expr>) {
    let half = |cells: &[Expr; LEAF_CELLS], start: usize| -> [Expr; DIGEST_CELLS] {
        std::array::from_fn(|index| cells[start + index].clone())
    };
    let message = |cells, digest: &[Expr; DIGEST_CELLS]| {
        compress_message(half(cells, 0), half(cells, DIGEST_CELLS), digest.clone())
    };
    let before = message(&columns.before, &columns.digest_before);
    circuit.lookup(COMPRESS, "digest of the leaf before", before, columns.real.clone());
    // A row that is not real may ask for a digest as well: it asks in vain.
    let after = message(&columns.after, &columns.digest_after);
    circuit.lookup(COMPRESS, "digest of the leaf after", after, columns.changed.clone());
}

fn eval_words(circuit: &mut CircuitBuilder, columns: &BoundaryCols<Expr>) {
    let BoundaryCols { real, space, leaf, before, after, initial_times, final_times, .. } = columns;
    for word in 0..LEAF_WORDS {
        let pointer = leaf.clone().shift_left(LEAF_WORDS.ilog2()) + Expr::integer(word as u32);
        let message = |cells: &[Expr; LEAF_CELLS], time: &Expr| {
            let cells: [Expr; WORD_CELLS] = std::array::from_fn(|cell| cells[word * WORD_CELLS + cell].clone());
            memory_message(space.clone(), pointer.clone(), cells, time.clone())
        };
        let first = message(before, &initial_times[word]);
        circuit.send(MEMORY, format!("word {word} before"), first, real.clone());
        let last = message(after, &final_times[word]);
        circuit.receive(MEMORY, format!("word {word} after"), last, real.clone());
    }
}
