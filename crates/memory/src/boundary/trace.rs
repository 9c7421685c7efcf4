//! Rows of the persistent boundary.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::columns::BoundaryCols;
use crate::{address::leaf_cells, compress::Compressions, segment::LeafRecord, tree::leaf_halves};

/// The table of a segment's touched leaves, one a row; records their compressions.
pub fn trace(leaves: &[LeafRecord], compressions: &mut Compressions) -> Trace {
    for leaf in leaves {
        compressions.record(leaf_halves(&leaf.before), leaf.digest_before);
        if leaf.is_changed() {
            compressions.record(leaf_halves(&leaf.after), leaf.digest_after);
        }
    }
    let mut trace = Trace::zeros(BoundaryCols::<F>::WIDTH, leaves.len());
    let rows = trace.values_mut().par_chunks_exact_mut(BoundaryCols::<F>::WIDTH);
    rows.zip(leaves).for_each(|(row, leaf)| fill_row(row, leaf));
    trace
}

fn fill_row(row: &mut [F], leaf: &LeafRecord) {
    let cells = BoundaryCols {
        real: F::ONE,
        changed: F::from_bool(leaf.is_changed()),
        space: F::from_u32(leaf.space),
        leaf: F::from_u32(leaf.leaf),
        before: leaf_cells(&leaf.before),
        after: leaf_cells(&leaf.after),
        initial_times: leaf.initial_times.map(F::from_u32),
        final_times: leaf.final_times.map(F::from_u32),
        digest_before: leaf.digest_before,
        digest_after: leaf.digest_after,
    };
    cells.write(row);
}
