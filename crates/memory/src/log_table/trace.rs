//! Rows of the log's tables.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::constraints::{AccessTable, WAIT_BASE, WAIT_DIGITS, WAIT_MAX};
use crate::{
    address::{CELL_BITS, GAP_BITS},
    config::{CellKind, MemoryConfig},
    log::RecordId,
    offline::{AccessRecord, AccessRecords},
    range_checker::SharedVariableRangeCheckerChip,
    row::RowCells,
};
use engram_air::PrimeField32;

/// Committed columns besides the cells.
const COMMITTED_COLUMNS: usize = 4;

/// A table of the log, in its two parts.
#[derive(Clone, Debug)]
pub struct AccessTrace {
    /// What is committed apart.
    pub committed: Trace,
    /// The other columns.
    pub witness: Trace,
}

/// A row: an access or a wait.
#[derive(Clone, Copy)]
struct Slot {
    access: Option<RecordId>,
    time: u32,
    wait: u32,
}

/// The table of those accesses that `table` holds; counts their lookups. Nothing where there is none.
pub fn trace(
    config: &MemoryConfig,
    table: AccessTable,
    accesses: &AccessRecords,
    range: &SharedVariableRangeCheckerChip,
) -> Option<AccessTrace> {
    let slots = slots(config, table, accesses);
    if slots.is_empty() {
        return None;
    }
    let spaces: Vec<u32> = table.spaces(config).iter().map(|space| space.number).collect();
    let previous_columns = if matches!(table, AccessTable::Write { .. }) { table.cells() } else { 0 };
    let committed_width = COMMITTED_COLUMNS + table.cells();
    let witness_width = 1 + WAIT_DIGITS + previous_columns + spaces.len();
    let mut committed = Trace::zeros(committed_width, slots.len());
    let mut witness = Trace::zeros(witness_width, slots.len());
    let end = slots.last().map_or(0, |slot| slot.time);
    let rows = committed.values_mut().par_chunks_exact_mut(committed_width);
    let rows = rows.zip(witness.values_mut().par_chunks_exact_mut(witness_width));
    rows.enumerate().for_each(|(index, (committed, witness))| {
        // Time goes on in the padding.
        let padding = || Slot { access: None, time: end + (index + 1 - slots.len()) as u32, wait: 0 };
        let slot = slots.get(index).copied().unwrap_or_else(padding);
        let access = slot.access.and_then(|id| Some((id, accesses.get(id)?)));
        let cells = access.map(|(id, record)| (record, accesses.cells(id), accesses.previous(id)));
        fill_committed(committed, slot, cells);
        let mut row = RowCells::new(witness);
        row.put_integer(cells.map_or(0, |(record, ..)| record.gap));
        (0..WAIT_DIGITS as u32).for_each(|digit| row.put_integer(slot.wait / WAIT_BASE.pow(digit) % WAIT_BASE));
        if let Some((record, after, previous)) = cells {
            range.count(record.gap, GAP_BITS);
            if previous_columns > 0 {
                row.put_all(previous);
                spaces.iter().for_each(|&space| row.put(F::from_bool(space == record.space)));
            }
            if matches!(table, AccessTable::Write { kind: CellKind::U16, .. }) {
                after.iter().for_each(|cell| range.count(cell.as_canonical_u32(), CELL_BITS));
            }
            row.finish();
        }
    });
    Some(AccessTrace { committed, witness })
}

fn fill_committed(row: &mut [F], slot: Slot, access: Option<(&AccessRecord, &[F], &[F])>) {
    let mut row = RowCells::new(row);
    row.put(F::from_bool(access.is_some()));
    row.put_integer(access.map_or(0, |(record, ..)| record.space));
    row.put_integer(access.map_or(0, |(record, ..)| record.pointer));
    row.put_integer(slot.time);
    if let Some((_, after, _)) = access {
        row.put_all(after);
        row.finish();
    }
}

/// The rows before padding: the table's accesses in order, and what bridges long waits between them.
fn slots(config: &MemoryConfig, table: AccessTable, accesses: &AccessRecords) -> Vec<Slot> {
    let mut slots = vec![];
    let mut last = 0;
    for (id, record) in accesses.iter().filter(|(_, record)| table.holds(config, record)) {
        while record.time - last - 1 > WAIT_MAX {
            last += WAIT_MAX + 1;
            slots.push(Slot { access: None, time: last, wait: WAIT_MAX });
        }
        slots.push(Slot { access: Some(id), time: record.time, wait: record.time - last - 1 });
        last = record.time;
    }
    slots
}

impl AccessTrace {
    /// All columns, the committed ones first.
    pub fn whole(&self) -> Trace {
        let width = self.committed.width() + self.witness.width();
        let rows = (0..self.committed.height())
            .flat_map(|row| self.committed.row(row).iter().chain(self.witness.row(row)).copied());
        Trace::from_rows(rows.collect(), width)
    }
}
