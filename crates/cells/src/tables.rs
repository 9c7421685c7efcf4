//! The tables of a memory, in the order in which a machine lists them.

use engram_air::{Circuit, Trace, engine::Witness};
use engram_memory::{
    compress::{self, Compressions},
    merkle,
    tables::{PARTS, parts, split as share_out},
};

use crate::{
    boundary,
    bus::MemoryBus,
    config::MemoryConfig,
    merge,
    offline::{AccessAdapterInventory, FinalMemory, LeafRecord},
    range_checker::SharedVariableRangeCheckerChip,
    refresh, roots,
    size::ACCESS_SIZES,
    split,
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
        let unit = config.pointer_unit();
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
        let of_size = |cells: usize| cells.ilog2() as usize;
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
