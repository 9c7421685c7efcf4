//! Which accesses need splits and merges, and what those cost.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use crate::{
    adapters::{AdapterCost, AdapterPrices, AdapterRows},
    geometry::{BlockAddress, Geometry},
    trace::MemoryTrace,
};

/// What needs a row of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterCause {
    /// An access of so many cells, which finds no block of its size in its place.
    Access {
        /// Cells of the access.
        len: u32,
    },
    /// The end of the log: touched blocks go back to their space's size.
    End,
}

/// What one cause costs in one space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterSource {
    /// Address space.
    pub space: u32,
    /// What needs the rows.
    pub cause: AdapterCause,
    /// How many accesses need any; blocks for [`AdapterCause::End`].
    pub times: u64,
    /// The rows and their cost.
    pub cost: AdapterCost,
}

/// What one cause costs in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockAdapterSource {
    /// The block: the first that the access touches, or that a row at the end starts in.
    pub address: BlockAddress,
    /// Pointer to its first cell, in the memory's pointer unit.
    pub pointer: u64,
    /// What needs the rows.
    pub cause: AdapterCause,
    /// How many accesses need any; one for [`AdapterCause::End`].
    pub times: u64,
    /// The rows and their cost.
    pub cost: AdapterCost,
}

/// What a trace's adapters cost, by what needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdapterCosts {
    /// All rows, without padding: the sum over [`Self::by_size`].
    pub total: AdapterCost,
    /// Cells of tables with these rows, padded to powers of two.
    pub padded_cells: u64,
    /// Interactions of these tables, likewise.
    pub padded_interactions: u64,
    /// All sources, by ascending space, then accesses by ascending size, then the end.
    pub by_size: Vec<AdapterSource>,
    /// The blocks in which a cause costs most cells, most first; among equals the lower address, then the smaller access first.
    pub by_block: Vec<BlockAdapterSource>,
}

impl AdapterCosts {
    pub(super) fn of(trace: &MemoryTrace, ranked: usize, geometry: &Geometry) -> Self {
        let prices = AdapterPrices::new(trace.config());
        let mut blocks: BTreeMap<(BlockAddress, AdapterCause), (u64, AdapterRows)> = BTreeMap::new();
        let mut note = |address, cause, rows: &AdapterRows| {
            let (times, sum) = blocks.entry((address, cause)).or_default();
            *times += 1;
            *sum += *rows;
        };
        let mut adapters = trace.adapters().peekable();
        for (id, access) in trace.accesses() {
            let Some((_, rows)) = adapters.next_if(|(of, _)| *of == id) else { continue };
            // Only accesses of normal spaces need adapters.
            if let Some(address) = geometry.block_of(access.space, access.pointer) {
                note(address, AdapterCause::Access { len: access.len.into() }, rows);
            }
        }
        trace.closing().for_each(|(address, rows)| note(address, AdapterCause::End, rows));
        let mut sizes: BTreeMap<(u32, AdapterCause), (u64, AdapterCost)> = BTreeMap::new();
        let (mut total, mut rows_total) = (AdapterCost::default(), AdapterRows::default());
        let mut by_block = vec![];
        for ((address, cause), (times, rows)) in blocks {
            let cost = prices.cost(&rows);
            let (size_times, size_cost) = sizes.entry((address.space, cause)).or_default();
            *size_times += times;
            *size_cost += cost;
            total += cost;
            rows_total += rows;
            let pointer = geometry.block_pointer(address).unwrap_or(0);
            by_block.push(BlockAdapterSource { address, pointer, cause, times, cost });
        }
        // The sort is stable: equals stay in the order of the map.
        by_block.sort_by_key(|source| Reverse(source.cost.cells));
        by_block.truncate(ranked);
        let by_size =
            sizes.into_iter().map(|((space, cause), (times, cost))| AdapterSource { space, cause, times, cost });
        let padded = prices.padded(&rows_total);
        Self {
            total,
            padded_cells: padded.cells,
            padded_interactions: padded.interactions,
            by_size: by_size.collect(),
            by_block,
        }
    }
}
