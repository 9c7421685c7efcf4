//! Rows of the log's tables.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::constraints::{AccessTable, WAIT_BASE, WAIT_DIGITS, WAIT_MAX};
use crate::{
    address::{CELL_BITS, GAP_BITS},
    config::{CellKind, MemoryConfig},
    log::RecordId,
    offline::{AccessKind, AccessRecord, AccessRecords},
    range_checker::SharedVariableRangeCheckerChip,
    row::RowCells,
};
use engram_air::PrimeField32;

/// Columns of a row's space, pointer and time.
const SPACE_POINTER_TIME: usize = 3;

/// A row: an access or a wait.
#[derive(Clone, Copy)]
struct Slot {
    access: Option<RecordId>,
    timestamp: u32,
    wait: u32,
}

impl Slot {
    fn put_wait(self, row: &mut RowCells<'_>) {
        (0..WAIT_DIGITS as u32).for_each(|digit| row.put_integer(self.wait / WAIT_BASE.pow(digit) % WAIT_BASE));
    }
}

/// The table of those accesses that `table` holds; counts their lookups. Nothing where there is none.
pub fn trace(
    config: &MemoryConfig,
    table: AccessTable,
    accesses: &AccessRecords,
    range: &SharedVariableRangeCheckerChip,
) -> Option<Trace> {
    let slots = slots(config, table, accesses);
    if slots.is_empty() {
        return None;
    }
    let spaces: Vec<u32> = table.spaces(config).iter().map(|space| space.number).collect();
    let (cells, block_cells) = (table.cells(), table.block_cells());
    let written_columns = if table.is_narrow() { cells } else { 0 };
    let write_columns = block_cells + written_columns + spaces.len();
    let writes = matches!(table, AccessTable::Write { .. });
    let places = block_cells / cells;
    let width = places + SPACE_POINTER_TIME + block_cells + 1 + WAIT_DIGITS + if writes { write_columns } else { 0 };
    let mut trace = Trace::zeros(width, slots.len());
    let end = slots.last().map_or(0, |slot| slot.timestamp);
    trace.values_mut().par_chunks_exact_mut(width).enumerate().for_each(|(index, row)| {
        // Time goes on in the padding.
        let padding = || Slot { access: None, timestamp: end + (index + 1 - slots.len()) as u32, wait: 0 };
        let slot = slots.get(index).copied().unwrap_or_else(padding);
        let mut row = RowCells::new(row);
        let Some((id, record)) = slot.access.and_then(|id| Some((id, accesses.get(id)?))) else {
            row.skip(places + SPACE_POINTER_TIME - 1);
            row.put_integer(slot.timestamp);
            row.skip(block_cells + 1);
            slot.put_wait(&mut row);
            return;
        };
        let offset = accesses.offset(id);
        (0..places).for_each(|place| row.put(F::from_bool(place == offset / cells)));
        row.put_integer(record.space);
        row.put_integer(record.pointer - (offset / config.pointer_unit()) as u32);
        row.put_integer(slot.timestamp);
        row.put_all(accesses.block(id));
        row.put_integer(record.gap);
        range.count(record.gap, GAP_BITS);
        slot.put_wait(&mut row);
        if writes {
            let written = accesses.cells(id);
            row.put_all(accesses.previous_block(id));
            row.put_all(&written[..written_columns]);
            spaces.iter().for_each(|&space| row.put(F::from_bool(space == record.space)));
            if matches!(table, AccessTable::Write { kind: CellKind::U16, .. }) {
                written.iter().for_each(|cell| range.count(cell.as_canonical_u32(), CELL_BITS));
            }
        }
        row.finish();
    });
    Some(trace)
}

impl AccessTable {
    /// Whether the table holds this access.
    fn holds(self, config: &MemoryConfig, access: &AccessRecord) -> bool {
        let writes = match access.kind {
            AccessKind::IdentityRead => return false,
            AccessKind::Read => matches!(self, Self::Read { .. }),
            AccessKind::Write => self.spaces(config).iter().any(|space| space.number == access.space),
        };
        let (cells, block_cells) = (usize::from(access.len), usize::from(access.block_cells));
        writes && (cells, block_cells) == (self.cells(), self.block_cells())
    }
}

/// The rows before padding: the table's accesses in order, and what bridges long waits between them.
fn slots(config: &MemoryConfig, table: AccessTable, accesses: &AccessRecords) -> Vec<Slot> {
    let mut slots = vec![];
    let mut last = 0;
    for (id, record) in accesses.iter().filter(|(_, record)| table.holds(config, record)) {
        while record.timestamp - last - 1 > WAIT_MAX {
            last += WAIT_MAX + 1;
            slots.push(Slot { access: None, timestamp: last, wait: WAIT_MAX });
        }
        slots.push(Slot { access: Some(id), timestamp: record.timestamp, wait: record.timestamp - last - 1 });
        last = record.timestamp;
    }
    slots
}
