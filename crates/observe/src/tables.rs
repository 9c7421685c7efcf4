//! What the tables of a proof over a log cost.

use engram_air::{Circuit, price::Size};
use engram_memory::{
    config::MemoryConfig, log_table, offline::FinalMemory, range_checker::SharedVariableRangeCheckerChip, tables,
};
use engram_stark::engine::Witness;
use serde::Serialize;

/// What a table belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TablePart {
    /// The log: a row an access. In the proof of a machine, rows of the machine's own chips are in its place.
    Log,
    /// Memory besides: roots, Merkle tree, boundary, hashes, refreshes, splits and merges.
    Memory,
    /// The range checker.
    RangeChecker,
}

impl TablePart {
    /// Its name in reports: `log`, `memory` or `range_checker`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Memory => "memory",
            Self::RangeChecker => "range_checker",
        }
    }
}

/// A table that has rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableCost {
    /// What it belongs to.
    pub part: TablePart,
    /// Name of its circuit, unique in a proof.
    pub name: String,
    /// Rows: a power of two, padding included.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Committed cells: rows times columns.
    pub cells: u64,
    /// Messages, lookups included, as the backend counts them: over 16 rows at least.
    pub interactions: u64,
}

/// The tables of a proof over a log by itself that was replayed with narrow accesses, in the order of the proof; those without
/// rows are left out.
///
/// All tables are filled to be counted: it takes the memory that a prover needs before it begins.
pub fn table_costs(config: &MemoryConfig, memory: &FinalMemory) -> Vec<TableCost> {
    let range = SharedVariableRangeCheckerChip::new(config);
    let mut costs = vec![];
    for table in log_table::tables(config) {
        // Each is dropped before the next is filled.
        let rows = log_table::trace(config, table, &memory.accesses, &range).map_or(0, |trace| trace.height());
        costs.extend(cost(TablePart::Log, &log_table::circuit(config, table), rows));
    }
    let of_witnesses = |part, circuits: &[Circuit], witnesses: &[Witness]| {
        let rows = witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, |trace| trace.height()));
        circuits.iter().zip(rows).filter_map(|(circuit, rows)| cost(part, circuit, rows)).collect::<Vec<_>>()
    };
    let witnesses = memory.segment.witnesses(&range);
    costs.extend(of_witnesses(TablePart::Memory, &tables::circuits(config.layout()), &witnesses));
    drop(witnesses);
    // Last, as all others have asked by now.
    let circuits = SharedVariableRangeCheckerChip::circuits();
    costs.extend(of_witnesses(TablePart::RangeChecker, &circuits, &range.witnesses()));
    costs
}

fn cost(part: TablePart, circuit: &Circuit, rows: usize) -> Option<TableCost> {
    let Size { cells, interactions } = Size::of(circuit, rows);
    let (name, columns) = (circuit.name.clone(), circuit.width() as u64);
    (rows > 0).then_some(TableCost { part, name, rows: rows as u64, columns, cells, interactions })
}
