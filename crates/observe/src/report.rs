//! How a memory was used, and what that costs to prove.

use engram_memory::address::LEAF_CELLS;
use serde::Serialize;

use crate::{adapters::AdapterRows, metrics::PerformanceMetrics, tables::TableCost};

/// Reads of normal spaces to writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadWriteRatio {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
}

impl ReadWriteRatio {
    /// Reads for each write, zero or more; nothing where there are no writes.
    pub fn reads_per_write(&self) -> Option<f64> {
        (self.writes > 0).then(|| self.reads as f64 / self.writes as f64)
    }

    /// The share of reads in all accesses, from 0 to 1; zero where there is no access. It is a number also where there are no
    /// writes.
    pub fn read_share(&self) -> f64 {
        share(self.reads, self.reads + self.writes)
    }
}

/// How much of a normal space was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SpaceUtilization {
    /// Address space.
    pub space: u32,
    /// Cells that it has.
    pub capacity_cells: u64,
    /// Cells that were read or written.
    pub cells_touched: u64,
    /// Leaves of 16 cells that hold any of these. Each is paid for as a whole.
    pub leaves_touched: u64,
}

impl SpaceUtilization {
    /// The share of the space's cells that was accessed, from 0 to 1.
    pub fn of_space(&self) -> f64 {
        share(self.cells_touched, self.capacity_cells)
    }

    /// The share of accessed cells in their leaves, from 0 to 1; zero where there is none. Where it is low, data that lies closer
    /// together costs fewer hashes.
    pub fn of_leaves(&self) -> f64 {
        share(self.cells_touched, self.leaves_touched * LEAF_CELLS as u64)
    }
}

/// What an access to a normal space costs on average, the rows of all tables shared out among them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PerAccess {
    /// Committed cells.
    pub cells: f64,
    /// Interactions.
    pub interactions: f64,
}

impl PerAccess {
    /// Nothing where there is no access.
    pub(crate) fn of(cells: u64, interactions: u64, accesses: u64) -> Option<Self> {
        let share = |total: u64| total as f64 / accesses as f64;
        (accesses > 0).then(|| Self { cells: share(cells), interactions: share(interactions) })
    }
}

/// How a memory was used, and what a proof over that by itself costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerformanceReport {
    /// Reads, of the identity space too, and writes.
    pub total_operations: u64,
    /// Reads of normal spaces to writes.
    pub read_write_ratio: ReadWriteRatio,
    /// Each normal space of the configuration, by ascending number.
    pub memory_utilization: Vec<SpaceUtilization>,
    /// All counts.
    pub metrics: PerformanceMetrics,
    /// Rows of splits and merges, those at the end of the log included.
    pub adapter_rows: AdapterRows,
    /// The tables, in the order of a proof; those without rows are left out.
    pub tables: Vec<TableCost>,
    /// Committed cells of all tables.
    pub cells: u64,
    /// Interactions of all tables.
    pub interactions: u64,
    /// Both, for each access to a normal space; nothing where there is none.
    pub per_access: Option<PerAccess>,
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_numbers_also_where_nothing_was_done() {
        let ratio = |reads, writes| ReadWriteRatio { reads, writes };
        assert_eq!((ratio(3, 2).reads_per_write(), ratio(3, 2).read_share()), (Some(1.5), 0.6));
        assert_eq!((ratio(3, 0).reads_per_write(), ratio(3, 0).read_share()), (None, 1.0));
        assert_eq!((ratio(0, 0).reads_per_write(), ratio(0, 0).read_share()), (None, 0.0));
        let space = SpaceUtilization { space: 1, capacity_cells: 64, cells_touched: 0, leaves_touched: 0 };
        assert_eq!((space.of_space(), space.of_leaves()), (0.0, 0.0));
        let space = SpaceUtilization { cells_touched: 12, leaves_touched: 1, ..space };
        assert_eq!((space.of_space(), space.of_leaves()), (0.1875, 0.75));
    }
}
