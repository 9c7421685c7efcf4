//! Rows of the boundary.

use engram_air::{F, PrimeCharacteristicRing, Trace, field::DIGEST_CELLS};
use rayon::prelude::*;

use crate::{address::LEAF_CELLS, compress::Compressions, row::RowCells, segment::LeafRecord, tree::leaf_halves};

/// Columns besides the timestamps.
const OTHER_COLUMNS: usize = 4 + 2 * LEAF_CELLS + 2 * DIGEST_CELLS;

/// The table of leaves in blocks of `block_cells` cells, one a row; records their compressions. Nothing where there is none.
pub fn trace(leaves: &[&LeafRecord], block_cells: usize, compressions: &mut Compressions) -> Option<Trace> {
    if leaves.is_empty() {
        return None;
    }
    for leaf in leaves {
        compressions.record(leaf_halves(&leaf.before), leaf.digest_before);
        if leaf.is_changed() {
            compressions.record(leaf_halves(&leaf.after), leaf.digest_after);
        }
    }
    let blocks = LEAF_CELLS / block_cells;
    let width = OTHER_COLUMNS + 2 * blocks;
    let mut trace = Trace::zeros(width, leaves.len());
    trace.values_mut().par_chunks_exact_mut(width).zip(leaves).for_each(|(row, leaf)| fill_row(row, leaf, blocks));
    Some(trace)
}

fn fill_row(row: &mut [F], leaf: &LeafRecord, blocks: usize) {
    let mut row = RowCells::new(row);
    row.put(F::ONE);
    row.put(F::from_bool(leaf.is_changed()));
    row.put_integer(leaf.space);
    row.put_integer(leaf.leaf);
    row.put_all(&leaf.before);
    row.put_all(&leaf.after);
    for timestamps in [&leaf.initial_timestamps, &leaf.final_timestamps] {
        timestamps[..blocks].iter().for_each(|&timestamp| row.put_integer(timestamp));
    }
    row.put_all(&leaf.digest_before);
    row.put_all(&leaf.digest_after);
    row.finish();
}
