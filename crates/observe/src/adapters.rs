//! Rows of splits and merges, and what they cost.

use engram_air::{Circuit, price::Size};
use engram_memory::{
    address::ACCESS_SIZES,
    config::MemoryConfig,
    merge,
    records::{AccessAdapterInventory, BlockRecords},
    split,
};
use serde::Serialize;

/// Numbers of split and merge rows, by the size of the larger block: position *k* is for `2^k` cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct AdapterRows {
    /// Rows of splits; none at position 0, as a single cell cannot be split.
    pub splits: [u64; ACCESS_SIZES.len()],
    /// Rows of merges; none at position 0.
    pub merges: [u64; ACCESS_SIZES.len()],
}

impl AdapterRows {
    /// The rows of an inventory.
    pub fn of(inventory: &AccessAdapterInventory) -> Self {
        fn rows<R>(records: &[BlockRecords<R>]) -> [u64; ACCESS_SIZES.len()] {
            std::array::from_fn(|log2| records.get(log2).map_or(0, |records| records.len() as u64))
        }
        Self { splits: rows(inventory.splits()), merges: rows(inventory.merges()) }
    }

    /// Rows of splits, of any size.
    pub fn split_rows(&self) -> u64 {
        self.splits.iter().sum()
    }

    /// Rows of merges, of any size.
    pub fn merge_rows(&self) -> u64 {
        self.merges.iter().sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for AdapterRows {
    fn add_assign(&mut self, other: Self) {
        self.splits.iter_mut().zip(other.splits).for_each(|(sum, rows)| *sum += rows);
        self.merges.iter_mut().zip(other.merges).for_each(|(sum, rows)| *sum += rows);
    }
}

/// What rows of adapters cost, without the padding of their tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AdapterCost {
    /// Committed cells: each row has as many as its circuit has columns.
    pub cells: u64,
    /// Messages: each row has as many as its circuit has interactions, lookups among them.
    pub interactions: u64,
    /// Rows of splits.
    pub splits: u64,
    /// Rows of merges.
    pub merges: u64,
}

impl std::ops::AddAssign for AdapterCost {
    fn add_assign(&mut self, other: Self) {
        self.cells += other.cells;
        self.interactions += other.interactions;
        self.splits += other.splits;
        self.merges += other.merges;
    }
}

/// The adapter circuits of a memory, as prices.
#[derive(Clone, Debug)]
pub struct AdapterPrices {
    /// By base-two logarithm of the larger block; none where its halves are no accesses.
    splits: [Option<Circuit>; ACCESS_SIZES.len()],
    /// Likewise.
    merges: [Option<Circuit>; ACCESS_SIZES.len()],
}

impl AdapterPrices {
    /// Of this configuration.
    pub fn new(config: &MemoryConfig) -> Self {
        let layout = config.layout();
        let circuits = |circuit: fn(usize, usize) -> Circuit| {
            ACCESS_SIZES.map(|cells| {
                layout.adapter_sizes().any(|size| size == cells).then(|| circuit(cells, layout.pointer_unit()))
            })
        };
        Self { splits: circuits(split::circuit), merges: circuits(merge::circuit) }
    }

    /// What these rows cost by themselves.
    pub fn cost(&self, rows: &AdapterRows) -> AdapterCost {
        let mut cost = AdapterCost { splits: rows.split_rows(), merges: rows.merge_rows(), ..Default::default() };
        for (circuit, rows) in self.with_rows(rows) {
            cost.cells += rows * circuit.width() as u64;
            cost.interactions += rows * circuit.interactions.len() as u64;
        }
        cost
    }

    /// What tables of these rows and no others cost: their heights are powers of two.
    pub fn padded(&self, rows: &AdapterRows) -> Size {
        self.with_rows(rows).map(|(circuit, rows)| Size::of(circuit, rows as usize)).sum()
    }

    fn with_rows<'a>(&'a self, rows: &'a AdapterRows) -> impl Iterator<Item = (&'a Circuit, u64)> {
        let splits = self.splits.iter().zip(rows.splits);
        let merges = self.merges.iter().zip(rows.merges);
        splits.chain(merges).filter_map(|(circuit, rows)| Some((circuit.as_ref()?, rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A split of N cells has columns real, space, pointer, timestamp and the cells, and three messages; a merge has three columns more,
    /// and asks three lookups more.
    #[test]
    fn rows_cost_what_their_circuits_have() {
        let prices = AdapterPrices::new(&MemoryConfig::default());
        let rows = AdapterRows { splits: [0, 0, 5, 0, 0, 1], merges: [0, 2, 0, 0, 0, 0] };
        let cells = 5 * (4 + 4) + (4 + 32) + 2 * (7 + 2);
        assert_eq!(prices.cost(&rows), AdapterCost { cells, interactions: 6 * 3 + 2 * 6, splits: 6, merges: 2 });
        let padded = prices.padded(&rows);
        // Five rows are a table of eight; messages are counted over 16 rows at least.
        assert_eq!(padded, Size { cells: 8 * 8 + 36 + 2 * 9, interactions: 16 * (3 + 3 + 6) });
    }
}
