//! The tables of memory, in the order in which a machine lists them.

use std::ops::Range;

use engram_air::{Circuit, Trace};
use engram_stark::engine::Witness;

use crate::{
    boundary, bytes,
    compress::{self, Compressions},
    lookups::Lookups,
    merkle, range, refresh, roots,
    segment::SegmentMemory,
};

/// How many tables share the rows of one kind. A table's height is a power of two, and one that holds a few rows more
/// than that is half padding; two or three tables waste less, and cost the verifier more.
pub const PARTS: usize = 3;

/// Kinds of rows that tables share: nodes, leaves, compressions.
const SHARED_KINDS: usize = 3;

/// Number of [`circuits`].
pub const CIRCUITS: usize = 2 + SHARED_KINDS * PARTS;

/// Number of [`lookup_circuits`].
pub const LOOKUP_CIRCUITS: usize = 3;

/// Where the roots, with their public values, are among [`circuits`].
pub const ROOTS: usize = 0;

/// Memory with Merkle trees, in order: the roots, which every proof must have; the Merkle tables; the boundary tables; the
/// compression tables; the refreshes. There are [`CIRCUITS`] of them.
pub fn circuits() -> Vec<Circuit> {
    let shared = [merkle::circuit(), boundary::circuit(), compress::circuit()];
    let mut circuits = vec![roots::circuit()];
    circuits.extend(shared.iter().flat_map(parts::<PARTS>));
    circuits.push(refresh::circuit());
    circuits
}

/// What tables look up in.
pub fn lookup_circuits() -> [Circuit; LOOKUP_CIRCUITS] {
    [range::circuit(), range::narrow_circuit(), bytes::circuit()]
}

/// Rows of each of [`circuits`] for a segment with so many touched nodes and leaves, distinct compressions (at most twice
/// the nodes and leaves), and refreshes.
pub fn row_counts(nodes: usize, leaves: usize, compressions: usize, refreshes: usize) -> Vec<usize> {
    let mut counts = vec![1];
    counts.extend([nodes, leaves, compressions].iter().flat_map(|&rows| split::<PARTS>(rows).map(|part| part.len())));
    counts.push(refreshes);
    counts
}

impl SegmentMemory {
    /// The witnesses of [`circuits`]; counts their lookups. Tables without rows are left out.
    pub fn witnesses(&self, lookups: &Lookups) -> Vec<Witness> {
        let mut asked = Compressions::default();
        let mut witnesses = vec![Witness {
            publics: roots::public_values(&self.roots_before, &self.roots_after).to_vec(),
            ..witness(Some(roots::trace(self)))
        }];
        for rows in split::<PARTS>(self.nodes.len()) {
            witnesses.push(part(rows, |rows| merkle::trace(&self.nodes[rows], &mut asked)));
        }
        for rows in split::<PARTS>(self.leaves.len()) {
            witnesses.push(part(rows, |rows| boundary::trace(&self.leaves[rows], &mut asked)));
        }
        for rows in split::<PARTS>(asked.len()) {
            witnesses.push(part(rows, |rows| compress::trace(&asked.distinct()[rows])));
        }
        let refreshes = 0..self.refreshes.len();
        witnesses.push(part(refreshes, |rows| refresh::trace(&self.refreshes[rows], lookups)));
        witnesses
    }
}

/// The same circuit, for each of the tables that share its rows.
pub fn parts<const N: usize>(circuit: &Circuit) -> [Circuit; N] {
    let name = |part: usize| format!("{}{}", circuit.name, ", rest".repeat(part));
    std::array::from_fn(|part| Circuit { name: name(part), ..circuit.clone() })
}

/// Tables with fewer rows than this are not split: another table costs the verifier more than the padding costs the prover.
const SPLIT_ROWS_MIN: usize = 1024;

/// Which of `rows` rows go to which of the tables that share them: as few padded rows as there can be.
pub fn split<const N: usize>(rows: usize) -> [Range<usize>; N] {
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

impl Lookups {
    /// The witnesses of [`lookup_circuits`], once all other tables have counted their lookups.
    pub fn witnesses(&self) -> [Witness; LOOKUP_CIRCUITS] {
        let traces = [range::trace(&self.range), range::narrow_trace(&self.range), bytes::trace(&self.bytes)];
        traces.map(witness)
    }
}

fn witness(trace: Option<Trace>) -> Witness {
    Witness { trace, ..Default::default() }
}

/// The table of some rows, left out where there are none.
fn part(rows: Range<usize>, trace: impl FnOnce(Range<usize>) -> Trace) -> Witness {
    witness((!rows.is_empty()).then(|| trace(rows)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::volatile;

    /// Each constraint and each lookup of a fixed table has a test in which it alone refuses. The compression table's are
    /// broken one after the other by `a_wrong_step_is_refused_where_it_is_made`.
    #[test]
    fn every_constraint_has_a_test_that_breaks_it() {
        let tests = [
            (roots::circuit(), include_str!("roots/tests.rs")),
            (merkle::circuit(), include_str!("merkle/tests.rs")),
            (boundary::circuit(), include_str!("boundary/tests.rs")),
            (refresh::circuit(), include_str!("refresh/tests.rs")),
            (range::circuit(), include_str!("range/tests.rs")),
            (bytes::circuit(), include_str!("bytes/tests.rs")),
            (volatile::circuit(), include_str!("volatile/tests.rs")),
        ];
        for (circuit, source) in tests {
            let lookups = circuit
                .interactions
                .iter()
                .filter(|interaction| interaction.bus.kind == engram_air::BusKind::Lookup && interaction.weight > 0);
            let labels = circuit.constraints.iter().map(|constraint| &constraint.label);
            for label in labels.chain(lookups.map(|lookup| &lookup.label)).collect::<BTreeSet<_>>() {
                let breaks = format!("assert_refused_only_by(\"{label}\")");
                assert!(source.contains(&breaks), "no test of {} has {breaks}", circuit.name);
            }
        }
    }

    #[test]
    fn rows_are_shared_out_with_little_padding() {
        for rows in (0..5000).chain([1 << 17, (1 << 17) + 1, 300_000, (1 << 20) - 1]) {
            let [whole] = split::<1>(rows);
            assert_eq!(whole, 0..rows);
            let parts = split::<3>(rows);
            assert_eq!((parts[0].start, parts[2].end), (0, rows));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            let heights = parts.iter().filter(|part| !part.is_empty()).map(|part| part.len().next_power_of_two());
            let height: usize = heights.sum();
            assert_eq!(height, if rows == 0 { 0 } else { padded(rows, 3) });
            assert!(height <= rows + rows / 4 + SPLIT_ROWS_MIN, "{rows} {parts:?}");
        }
        assert_eq!(split::<3>((1 << 17) + 1), [0..1 << 17, 1 << 17..(1 << 17) + 1, (1 << 17) + 1..(1 << 17) + 1]);
    }

    #[test]
    fn names_are_distinct_and_zeros_are_rows() {
        let circuits: Vec<Circuit> = circuits().into_iter().chain(lookup_circuits()).collect();
        let names: BTreeSet<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
        assert_eq!(names.len(), CIRCUITS + LOOKUP_CIRCUITS);
        assert_eq!(row_counts(5, 4, 9, 0).len(), CIRCUITS);
        for circuit in
            circuits.into_iter().filter(|circuit| !circuit.name.starts_with("compress") && circuit.name != "roots")
        {
            let zeros = Trace::zeros(circuit.width(), 4);
            crate::testing::Subject::new(circuit, zeros).assert_accepted();
        }
    }
}
