//! The rows that a replay makes of a segment.

use engram_memory::offline::Access;
use engram_vm::connector::Ends;

/// The rows of a table, flat: each has as many accesses and hints as any other.
#[derive(Clone, Debug, Default)]
pub struct TableRows {
    /// By row: timestamp of its first access.
    pub timestamps: Vec<u32>,
    /// By row: position of the instruction in the program; of the call, for a step of a transfer. Blocks have none.
    pub instructions: Vec<u32>,
    /// The accesses of all rows, in order.
    pub accesses: Vec<Access>,
    /// Free witnesses of all rows, in the chip's order.
    pub hints: Vec<u32>,
}

impl TableRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// What a row accesses.
    pub fn accesses_of(&self, row: usize) -> &[Access] {
        of_row(&self.accesses, row, self.len())
    }

    /// The free witnesses of a row.
    pub fn hints_of(&self, row: usize) -> &[u32] {
        of_row(&self.hints, row, self.len())
    }
}

fn of_row<T>(all: &[T], row: usize, rows: usize) -> &[T] {
    let each = all.len() / rows;
    &all[row * each..][..each]
}

/// The rows of a segment.
#[derive(Clone, Debug)]
pub struct Rows {
    /// By the chip's number.
    pub chips: Vec<TableRows>,
    /// By the block's number.
    pub blocks: Vec<TableRows>,
    /// How often each ROM entry is executed.
    pub executions: Vec<u32>,
    /// Where the segment starts and ends.
    pub ends: Ends,
    /// Time at the end.
    pub last_time: u32,
}
