//! Rows of the Merkle table.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::columns::MerkleCols;
use crate::{compress::Compressions, tree::NodeRecord};

/// The table of a segment's touched nodes, one a row; records their compressions.
pub fn trace(nodes: &[NodeRecord], compressions: &mut Compressions) -> Trace {
    for node in nodes {
        compressions.record(node.children.map(|child| child.before), node.before);
        if node.is_changed() {
            compressions.record(node.children.map(|child| child.after), node.after);
        }
    }
    let mut trace = Trace::zeros(MerkleCols::<F>::WIDTH, nodes.len());
    let rows = trace.values_mut().par_chunks_exact_mut(MerkleCols::<F>::WIDTH);
    rows.zip(nodes).for_each(|(row, node)| fill_row(row, node));
    trace
}

fn fill_row(row: &mut [F], node: &NodeRecord) {
    let cells = MerkleCols {
        real: F::ONE,
        changed: F::from_bool(node.is_changed()),
        touched: node.children.map(|child| F::from_bool(child.touched)),
        space: F::from_u32(node.space),
        height: F::from_u32(node.height),
        index: F::from_u32(node.index),
        children_before: node.children.map(|child| child.before),
        children_after: node.children.map(|child| child.after),
        before: node.before,
        after: node.after,
    };
    cells.write(row);
}
