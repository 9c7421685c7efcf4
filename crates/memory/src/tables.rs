//! The tables of memory, in the order in which a machine lists them.

use engram_air::Circuit;

use crate::{
    boundary, bytes, compress, layout::Layout, merge, merkle, range, range_checker::SharedVariableRangeCheckerChip,
    refresh, roots, split, volatile,
};

#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod filled;

pub use filled::row_counts;

/// How many tables share the rows of one kind. A table's height is a power of two, and one that holds a few rows more
/// than that is half padding; two or three tables waste less, and cost the verifier more.
pub const PARTS: usize = 3;

/// Kinds of rows that tables share in a memory of words: nodes, leaves, compressions.
const SHARED_KINDS: usize = 3;

/// Number of [`circuits`] of RV32IM's layout: the roots, what tables share, refreshes of words.
pub const CIRCUITS: usize = 2 + SHARED_KINDS * PARTS;

/// Number of [`lookup_circuits`].
pub const LOOKUP_CIRCUITS: usize = 3;

/// Number of [`SharedVariableRangeCheckerChip::circuits`].
const RANGE_CIRCUITS: usize = 2;

/// Where the roots, with their public values, are among [`circuits`].
pub const ROOTS: usize = 0;

/// A memory's circuits but for its accesses and what they look up in, in order: the roots, which every proof must have; the
/// Merkle tables; for each block size that a space has, the boundary tables; the compression tables; for each size on the bus a
/// refresh; for each size that is split and merged a split, and then for each a merge.
pub fn circuits(layout: &Layout) -> Vec<Circuit> {
    let mut circuits = vec![roots::circuit(layout)];
    circuits.extend(parts::<PARTS>(&merkle::circuit()));
    for block_cells in layout.block_sizes() {
        circuits.extend(parts::<PARTS>(&boundary::circuit(block_cells, layout.pointer_unit())));
    }
    circuits.extend(parts::<PARTS>(&compress::circuit()));
    circuits.extend(block_circuits(layout));
    circuits
}

/// The circuits of a memory that starts as zeros and is forgotten, but for its accesses and what they look up in, in order: for each
/// normal space a [`volatile`] boundary; then refreshes, splits and merges as in [`circuits`].
pub fn volatile_circuits(layout: &Layout) -> Vec<Circuit> {
    let spaces = layout.spaces().iter().map(|space| volatile::circuit(layout, space));
    spaces.chain(block_circuits(layout)).collect()
}

/// Refreshes, splits and merges.
fn block_circuits(layout: &Layout) -> Vec<Circuit> {
    let unit = layout.pointer_unit();
    let refreshes = layout.bus_sizes().map(refresh::circuit);
    let splits = layout.adapter_sizes().map(|cells| split::circuit(cells, unit));
    refreshes.chain(splits).chain(layout.adapter_sizes().map(|cells| merge::circuit(cells, unit))).collect()
}

/// What RV32IM's tables look up in.
pub fn lookup_circuits() -> [Circuit; LOOKUP_CIRCUITS] {
    let [wide, narrow] = SharedVariableRangeCheckerChip::circuits();
    [wide, narrow, bytes::circuit()]
}

impl SharedVariableRangeCheckerChip {
    /// The circuits that answer.
    pub fn circuits() -> [Circuit; RANGE_CIRCUITS] {
        [range::circuit(), range::narrow_circuit()]
    }
}

/// The same circuit, for each of the tables that share its rows.
fn parts<const N: usize>(circuit: &Circuit) -> [Circuit; N] {
    let name = |part: usize| format!("{}{}", circuit.name, ", rest".repeat(part));
    std::array::from_fn(|part| Circuit { name: name(part), ..circuit.clone() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use engram_air::{BusKind, Trace};

    use super::*;
    use crate::{
        config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
        log_table::{self, AccessTable},
    };

    /// Each constraint and each lookup of a fixed table has a test in which it alone refuses. The compression table's are
    /// broken one after the other by `a_wrong_step_is_refused_where_it_is_made`.
    #[test]
    fn every_constraint_has_a_test_that_breaks_it() {
        let config = MemoryConfig::default();
        let layout = config.layout();
        let u16s = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
        let u16s = MemoryConfigBuilder::new().add_address_space(u16s).build().unwrap();
        let log_tests = include_str!("log_table/tests.rs");
        let write = |cells| AccessTable::Write { cells, block_cells: 4, kind: CellKind::U16 };
        let tests = [
            (roots::circuit(layout), include_str!("roots/tests.rs")),
            (merkle::circuit(), include_str!("merkle/tests.rs")),
            (boundary::circuit(4, 1), include_str!("boundary/tests.rs")),
            (refresh::circuit(2), include_str!("refresh/tests.rs")),
            (split::circuit(4, 1), include_str!("split/tests.rs")),
            (merge::circuit(4, 1), include_str!("merge/tests.rs")),
            (volatile::circuit(layout, &layout.spaces()[0]), include_str!("volatile/tests.rs")),
            (range::circuit(), include_str!("range/tests.rs")),
            (bytes::circuit(), include_str!("bytes/tests.rs")),
            (log_table::circuit(&config, AccessTable::Read { cells: 4, block_cells: 4 }), log_tests),
            (log_table::circuit(&config, AccessTable::Read { cells: 2, block_cells: 4 }), log_tests),
            (log_table::circuit(&u16s, write(4)), log_tests),
            (log_table::circuit(&u16s, write(1)), log_tests),
        ];
        for (circuit, source) in tests {
            let lookups = circuit
                .interactions
                .iter()
                .filter(|interaction| interaction.bus.kind == BusKind::Lookup && interaction.weight > 0);
            let labels = circuit.constraints.iter().map(|constraint| &constraint.label);
            for label in labels.chain(lookups.map(|lookup| &lookup.label)).collect::<BTreeSet<_>>() {
                let breaks = format!("assert_refused_only_by(\"{label}\")");
                assert!(source.contains(&breaks), "no test of {} has {breaks}", circuit.name);
            }
        }
    }

    #[test]
    fn names_are_distinct_and_zeros_are_rows() {
        let words = circuits(Layout::rv32im());
        assert_eq!((words.len(), row_counts(5, 4, 9, 0).len()), (CIRCUITS, CIRCUITS));
        let cells = circuits(&Layout::default());
        assert_eq!(cells.len(), 1 + 3 * PARTS + 6 + 5 + 5);
        let volatile = volatile_circuits(&Layout::default());
        assert_eq!(volatile.len(), 1 + 6 + 5 + 5);
        assert_eq!(volatile_circuits(Layout::rv32im()).len(), 3 + 1);
        for circuits in [words, cells, volatile] {
            let circuits: Vec<Circuit> = circuits.into_iter().chain(lookup_circuits()).collect();
            let names: BTreeSet<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
            assert_eq!(names.len(), circuits.len());
            for circuit in
                circuits.into_iter().filter(|circuit| !circuit.name.starts_with("compress") && circuit.name != "roots")
            {
                let zeros = Trace::zeros(circuit.width(), 4);
                crate::testing::Subject::new(circuit, zeros).assert_accepted();
            }
        }
    }
}
