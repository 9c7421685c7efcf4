//! The tables of memory, filled, and how rows are shared out among them.

use std::ops::Range;

use engram_air::Trace;
use engram_stark::engine::Witness;

use super::{LOOKUP_CIRCUITS, PARTS, RANGE_CIRCUITS};
use crate::{
    boundary, bytes,
    compress::{self, Compressions},
    error::MemoryError,
    lookups::Lookups,
    merge, merkle, range,
    range_checker::SharedVariableRangeCheckerChip,
    refresh, roots,
    segment::{LeafRecord, SegmentMemory},
    split, volatile,
};

/// Rows of each of RV32IM's [`circuits`](super::circuits) for a segment with so many touched nodes and leaves, distinct compressions (at
/// most twice the nodes and leaves), and refreshes.
pub fn row_counts(nodes: usize, leaves: usize, compressions: usize, refreshes: usize) -> Vec<usize> {
    let mut counts = vec![1];
    counts
        .extend([nodes, leaves, compressions].iter().flat_map(|&rows| share_out::<PARTS>(rows).map(|part| part.len())));
    counts.push(refreshes);
    counts
}

impl SegmentMemory {
    /// The witnesses of [`circuits`](super::circuits); counts their lookups. Tables without rows are left out.
    pub fn witnesses(&self, range: &SharedVariableRangeCheckerChip) -> Vec<Witness> {
        let mut asked = Compressions::default();
        let publics = roots::public_values(&self.roots_before, &self.roots_after);
        let mut witnesses = vec![Witness { publics, ..witness(Some(roots::trace(self))) }];
        for rows in share_out::<PARTS>(self.nodes.len()) {
            witnesses.push(witness((!rows.is_empty()).then(|| merkle::trace(&self.nodes[rows], &mut asked))));
        }
        for block_cells in self.layout.block_sizes() {
            let has_size = |leaf: &&LeafRecord| {
                self.layout.space(leaf.space).is_some_and(|space| space.block_cells == block_cells)
            };
            let leaves: Vec<&LeafRecord> = self.leaves.iter().filter(has_size).collect();
            for rows in share_out::<PARTS>(leaves.len()) {
                witnesses.push(witness(boundary::trace(&leaves[rows], block_cells, &mut asked)));
            }
        }
        for rows in share_out::<PARTS>(asked.len()) {
            witnesses.push(witness((!rows.is_empty()).then(|| compress::trace(&asked.distinct()[rows]))));
        }
        witnesses.extend(self.block_witnesses(range));
        witnesses
    }

    /// The witnesses of [`volatile_circuits`](super::volatile_circuits); counts their lookups. Tables without rows are left out.
    ///
    /// # Errors
    /// A block that did not start as zeros.
    pub fn volatile_witnesses(&self, range: &SharedVariableRangeCheckerChip) -> Result<Vec<Witness>, MemoryError> {
        let spaces = self.layout.spaces().iter().map(|space| Ok(witness(volatile::trace(space, self, range)?)));
        let mut witnesses = spaces.collect::<Result<Vec<Witness>, MemoryError>>()?;
        witnesses.extend(self.block_witnesses(range));
        Ok(witnesses)
    }

    fn block_witnesses(&self, range: &SharedVariableRangeCheckerChip) -> Vec<Witness> {
        let (layout, adapters) = (&self.layout, &self.adapters);
        let of_size = |cells: usize| cells.ilog2() as usize;
        let refreshes = layout.bus_sizes().map(|cells| refresh::trace(&self.refreshes[of_size(cells)], range));
        let splits = layout.adapter_sizes().map(|cells| split::trace(&adapters.splits()[of_size(cells)]));
        let merges = layout.adapter_sizes().map(|cells| merge::trace(&adapters.merges()[of_size(cells)], range));
        refreshes.chain(splits).chain(merges).map(witness).collect()
    }
}

impl SharedVariableRangeCheckerChip {
    /// The witnesses of [`Self::circuits`], once all rows have asked.
    pub fn witnesses(&self) -> [Witness; RANGE_CIRCUITS] {
        [range::trace(self), range::narrow_trace(self)].map(witness)
    }
}

impl Lookups {
    /// The witnesses of [`lookup_circuits`](super::lookup_circuits), once all other tables have counted their lookups.
    pub fn witnesses(&self) -> [Witness; LOOKUP_CIRCUITS] {
        let [wide, narrow] = self.range.witnesses();
        [wide, narrow, witness(bytes::trace(&self.bytes))]
    }
}

fn witness(trace: Option<Trace>) -> Witness {
    Witness { trace, ..Default::default() }
}

/// Tables with fewer rows than this are not split: another table costs the verifier more than the padding costs the prover.
const SPLIT_ROWS_MIN: usize = 1024;

/// Which of `rows` rows go to which of the tables that share them: as few padded rows as there can be.
fn share_out<const N: usize>(rows: usize) -> [Range<usize>; N] {
    let mut start = 0;
    std::array::from_fn(|part| {
        let count = first_part(rows - start, N - part);
        start += count;
        start - count..start
    })
}

/// How many of `rows` rows go to the first of `parts` tables.
fn first_part(rows: usize, parts: usize) -> usize {
    let whole = rows.next_power_of_two();
    if padded(rows, parts) == whole { rows } else { whole / 2 }
}

/// How many rows `rows` rows are with padding, in `parts` tables.
fn padded(rows: usize, parts: usize) -> usize {
    let whole = rows.next_power_of_two();
    if parts <= 1 || rows < SPLIT_ROWS_MIN || whole == rows {
        return whole;
    }
    whole.min(whole / 2 + padded(rows - whole / 2, parts - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shared_out_with_little_padding() {
        for rows in (0..5000).chain([1 << 17, (1 << 17) + 1, 300_000, (1 << 20) - 1]) {
            let [whole] = share_out::<1>(rows);
            assert_eq!(whole, 0..rows);
            let parts = share_out::<3>(rows);
            assert_eq!((parts[0].start, parts[2].end), (0, rows));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            let heights = parts.iter().filter(|part| !part.is_empty()).map(|part| part.len().next_power_of_two());
            let height: usize = heights.sum();
            assert_eq!(height, if rows == 0 { 0 } else { padded(rows, 3) });
            assert!(height <= rows + rows / 4 + SPLIT_ROWS_MIN, "{rows} {parts:?}");
        }
        assert_eq!(share_out::<3>((1 << 17) + 1), [0..1 << 17, 1 << 17..(1 << 17) + 1, (1 << 17) + 1..(1 << 17) + 1]);
    }
}
