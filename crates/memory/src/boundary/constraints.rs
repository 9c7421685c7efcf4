//! The circuit of the boundary.

use engram_air::{Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, Ring, field::DIGEST_CELLS};

use crate::{
    address::LEAF_CELLS,
    columns::columns,
    messages::{COMPRESS, MEMORY, MERKLE, compress_message, memory_message, merkle_message},
    tree::leaf_halves,
};

struct BoundaryCols {
    real: Expr,
    changed: Expr,
    space: Expr,
    leaf: Expr,
    before: [Expr; LEAF_CELLS],
    after: [Expr; LEAF_CELLS],
    initial_timestamps: Vec<Expr>,
    final_timestamps: Vec<Expr>,
    digest_before: [Expr; DIGEST_CELLS],
    digest_after: [Expr; DIGEST_CELLS],
}

/// The boundary in blocks of `block_cells` cells, where pointers count `pointer_unit` cells.
///
/// Columns: real, changed, space, leaf, the cells before and after, the blocks' first and last timestamps, the digests before and
/// after.
pub fn circuit(block_cells: usize, pointer_unit: usize) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("boundary {block_cells}"));
    let [real, changed, space, leaf] = ["real", "changed", "space", "leaf"].map(|name| circuit.column(name));
    let blocks = LEAF_CELLS >> block_cells.ilog2();
    let columns = BoundaryCols {
        real,
        changed,
        space,
        leaf,
        before: circuit.columns("before"),
        after: circuit.columns("after"),
        initial_timestamps: columns(&mut circuit, "initial_timestamps", blocks),
        final_timestamps: columns(&mut circuit, "final_timestamps", blocks),
        digest_before: circuit.columns("digest_before"),
        digest_after: circuit.columns("digest_after"),
    };
    let real = circuit.flag("real is boolean", columns.real.clone());
    let changed = circuit.flag("changed is boolean", columns.changed.clone());
    eval_unchanged(&mut circuit, &columns);
    eval_digests(&mut circuit, &columns, &real, &changed);
    eval_blocks(&mut circuit, &columns, &real, block_cells, pointer_unit);
    let BoundaryCols { space, leaf, digest_before, digest_after, .. } = columns;
    let message = merkle_message(space, Expr::zero(), leaf, digest_before, digest_after);
    circuit.receive(MERKLE, "leaf in the tree", message, &real);
    circuit.build()
}

fn eval_unchanged(circuit: &mut CircuitBuilder, columns: &BoundaryCols) {
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

fn eval_digests(circuit: &mut CircuitBuilder, columns: &BoundaryCols, real: &Count, changed: &Count) {
    let message = |cells, digest: &[Expr; DIGEST_CELLS]| {
        let [left, right] = leaf_halves(cells);
        compress_message(left, right, digest.clone())
    };
    let before = message(&columns.before, &columns.digest_before);
    circuit.lookup(COMPRESS, "digest of the leaf before", before, real);
    // A row that is not real may look a digest up as well: nothing comes of it.
    let after = message(&columns.after, &columns.digest_after);
    circuit.lookup(COMPRESS, "digest of the leaf after", after, changed);
}

fn eval_blocks(
    circuit: &mut CircuitBuilder,
    columns: &BoundaryCols,
    real: &Count,
    block_cells: usize,
    pointer_unit: usize,
) {
    let BoundaryCols { space, leaf, before, after, initial_timestamps, final_timestamps, .. } = columns;
    let unit_log2 = pointer_unit.ilog2();
    let leaf_pointers = LEAF_CELLS.ilog2().saturating_sub(unit_log2);
    let starts = (0..LEAF_CELLS).step_by(block_cells);
    let first = before.chunks(block_cells).zip(initial_timestamps);
    let last = after.chunks(block_cells).zip(final_timestamps);
    for (block, (start, (first, last))) in starts.zip(first.zip(last)).enumerate() {
        let start = Expr::constant(F::from_usize(start >> unit_log2));
        let pointer = leaf.clone().shift_left(leaf_pointers) + start;
        let message = |(cells, timestamp): (&[Expr], &Expr)| {
            memory_message(space.clone(), pointer.clone(), cells.iter().cloned(), timestamp.clone())
        };
        let (first, last) = (message(first), message(last));
        circuit.send(MEMORY, format!("block {block} before"), first, real);
        circuit.receive(MEMORY, format!("block {block} after"), last, real);
    }
}
