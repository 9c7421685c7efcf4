//! The tables of a memory, in the order in which a machine lists them.

use engram_air::{Circuit, Trace};
use engram_memory::{
    compress::{self, Compressions},
    merkle,
    tables::{PARTS, parts, split as share_out},
};
use engram_stark::engine::Witness;

use crate::{
    boundary,
    bus::MemoryBus,
    config::MemoryConfig,
    error::MemoryError,
    merge,
    offline::{AccessAdapterInventory, FinalMemory, LeafRecord},
    range_checker::SharedVariableRangeCheckerChip,
    refresh, roots,
    size::ACCESS_SIZES,
    split, volatile,
};

/// Where the roots, with their public values, are among [`circuits`].
pub const ROOTS: usize = 0;

/// A memory's circuits but for its accesses and range checks, in order: the roots, which every proof must have; the Merkle
/// tables; for each block size that a space has, the boundary tables; the compression tables; for each access size a
/// refresh; for each larger than the pointer unit a split and a merge.
pub fn circuits(config: &MemoryConfig, bus: MemoryBus) -> Vec<Circuit> {
    let unit = config.pointer_unit();
    let mut circuits = vec![roots::circuit(config)];
    circuits.extend(parts::<PARTS>(&merkle::circuit()));
    for block_cells in config.block_sizes() {
        circuits.extend(parts::<PARTS>(&boundary::circuit(bus, block_cells, unit)));
    }
    circuits.extend(parts::<PARTS>(&compress::circuit()));
    circuits.extend(block_circuits(unit, bus));
    circuits
}

/// The circuits of a memory that starts as zeros and is forgotten, but for its accesses and range checks, in order: for each
/// normal space a [`volatile`] boundary; for each access size a refresh; for each larger than the pointer unit a split
/// and a merge.
pub fn volatile_circuits(config: &MemoryConfig, bus: MemoryBus) -> Vec<Circuit> {
    let spaces = config.normal_spaces().iter().map(|space| volatile::circuit(bus, config, space));
    spaces.chain(block_circuits(config.pointer_unit(), bus)).collect()
}

/// Refreshes, splits and merges.
fn block_circuits(unit: usize, bus: MemoryBus) -> Vec<Circuit> {
    let mut circuits = vec![];
    circuits.extend(sizes(unit).map(|cells| refresh::circuit(bus, cells)));
    circuits.extend(adapter_sizes(unit).map(|cells| split::circuit(bus, cells, unit)));
    circuits.extend(adapter_sizes(unit).map(|cells| merge::circuit(bus, cells, unit)));
    circuits
}

/// Access sizes that a memory with this pointer unit has.
fn sizes(pointer_unit: usize) -> impl Iterator<Item = usize> {
    ACCESS_SIZES.into_iter().filter(move |&cells| cells >= pointer_unit)
}

/// Those whose halves are access sizes too.
fn adapter_sizes(pointer_unit: usize) -> impl Iterator<Item = usize> {
    ACCESS_SIZES.into_iter().filter(move |&cells| cells > pointer_unit)
}

impl FinalMemory {
    /// The witnesses of [`circuits`]; counts their lookups. Tables without rows are left out.
    pub fn witnesses(
        &self,
        config: &MemoryConfig,
        adapters: &AccessAdapterInventory,
        range: &SharedVariableRangeCheckerChip,
    ) -> Vec<Witness> {
        let mut asked = Compressions::default();
        let publics = roots::public_values(&self.roots_before, &self.roots_after);
        let mut witnesses = vec![Witness { publics, ..witness(Some(roots::trace(config, self))) }];
        for rows in share_out::<PARTS>(self.nodes.len()) {
            witnesses.push(witness((!rows.is_empty()).then(|| merkle::trace(&self.nodes[rows], &mut asked))));
        }
        for block_cells in config.block_sizes() {
            let has_size = |leaf: &&LeafRecord| {
                config
                    .position(leaf.space)
                    .is_some_and(|space| config.normal_spaces()[space].block_cells == block_cells)
            };
            let leaves: Vec<&LeafRecord> = self.leaves.iter().filter(has_size).collect();
            for rows in share_out::<PARTS>(leaves.len()) {
                witnesses.push(witness(boundary::trace(&leaves[rows], block_cells, &mut asked)));
            }
        }
        for rows in share_out::<PARTS>(asked.len()) {
            witnesses.push(witness((!rows.is_empty()).then(|| compress::trace(&asked.distinct()[rows]))));
        }
        witnesses.extend(self.block_witnesses(config, adapters, range));
        witnesses
    }

    /// The witnesses of [`volatile_circuits`]; counts their lookups. Tables without rows are left out. Error: a block that did not
    /// start as zeros.
    pub fn volatile_witnesses(
        &self,
        config: &MemoryConfig,
        adapters: &AccessAdapterInventory,
        range: &SharedVariableRangeCheckerChip,
    ) -> Result<Vec<Witness>, MemoryError> {
        let spaces = config.normal_spaces().iter();
        let spaces = spaces.map(|space| Ok(witness(volatile::trace(config, space, self, range)?)));
        let mut witnesses = spaces.collect::<Result<Vec<Witness>, MemoryError>>()?;
        witnesses.extend(self.block_witnesses(config, adapters, range));
        Ok(witnesses)
    }

    fn block_witnesses(
        &self,
        config: &MemoryConfig,
        adapters: &AccessAdapterInventory,
        range: &SharedVariableRangeCheckerChip,
    ) -> Vec<Witness> {
        let unit = config.pointer_unit();
        let of_size = |cells: usize| cells.ilog2() as usize;
        let mut witnesses = vec![];
        witnesses.extend(sizes(unit).map(|cells| witness(refresh::trace(&self.refreshes[of_size(cells)], range))));
        let splits = adapter_sizes(unit).map(|cells| witness(split::trace(&adapters.splits()[of_size(cells)])));
        witnesses.extend(splits);
        let merges = adapter_sizes(unit).map(|cells| witness(merge::trace(&adapters.merges()[of_size(cells)], range)));
        witnesses.extend(merges);
        witnesses
    }
}

fn witness(trace: Option<Trace>) -> Witness {
    Witness { trace, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use engram_air::BusKind;

    use super::*;
    use crate::{
        access::{self, AccessTable},
        config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder},
    };

    /// Each constraint and each lookup has a test in which it alone refuses. Those of the Merkle, compression and range tables
    /// are `engram_memory`'s.
    #[test]
    fn every_constraint_has_a_test_that_breaks_it() {
        let (bus, config) = (MemoryBus::new(), MemoryConfig::default());
        let u16s = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
        let u16s = MemoryConfigBuilder::new().add_address_space(u16s).build().unwrap();
        let access_tests = include_str!("access/tests.rs");
        let write = |cells| AccessTable::Write { cells, block_cells: 4, kind: CellKind::U16 };
        let tests = [
            (roots::circuit(&config), include_str!("roots/tests.rs")),
            (boundary::circuit(bus, 4, 1), include_str!("boundary/tests.rs")),
            (refresh::circuit(bus, 2), include_str!("refresh/tests.rs")),
            (split::circuit(bus, 4, 1), include_str!("split/tests.rs")),
            (merge::circuit(bus, 4, 1), include_str!("merge/tests.rs")),
            (volatile::circuit(bus, &config, &config.normal_spaces()[0]), include_str!("volatile/tests.rs")),
            (access::circuit(bus, &config, AccessTable::Read { cells: 4, block_cells: 4 }), access_tests),
            (access::circuit(bus, &config, AccessTable::Read { cells: 2, block_cells: 4 }), access_tests),
            (access::circuit(bus, &u16s, write(4)), access_tests),
            (access::circuit(bus, &u16s, write(1)), access_tests),
        ];
        for (circuit, source) in tests {
            let asks = circuit
                .interactions
                .iter()
                .filter(|interaction| interaction.bus.kind == BusKind::Lookup && interaction.weight > 0);
            let labels = circuit.constraints.iter().map(|constraint| &constraint.label);
            for label in labels.chain(asks.map(|lookup| &lookup.label)).collect::<BTreeSet<_>>() {
                let breaks = format!("assert_refused_only_by(\"{label}\")");
                assert!(source.contains(&breaks), "no test of {} has {breaks}", circuit.name);
            }
        }
    }

    #[test]
    fn names_are_distinct_and_zeros_are_rows() {
        let config = MemoryConfig::default();
        let circuits = circuits(&config, MemoryBus::new());
        assert_eq!(circuits.len(), 1 + 3 * PARTS + 6 + 5 + 5);
        let volatile = volatile_circuits(&config, MemoryBus::new());
        assert_eq!(volatile.len(), 1 + 6 + 5 + 5);
        let zeros = Trace::zeros(volatile[0].width(), 4);
        engram_memory::testing::Subject::new(volatile[0].clone(), zeros).assert_accepted();
        let names: BTreeSet<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
        assert_eq!(names.len(), circuits.len());
        for circuit in
            circuits.into_iter().filter(|circuit| !circuit.name.starts_with("compress") && circuit.name != "roots")
        {
            let zeros = Trace::zeros(circuit.width(), 4);
            engram_memory::testing::Subject::new(circuit, zeros).assert_accepted();
        }
    }
}
