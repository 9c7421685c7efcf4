//! Rows of refreshes.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::constraints::{TIME_HIGH_BITS, TIME_LOW_BITS};
use crate::{
    offline::{BlockRecords, RefreshRecord},
    range_checker::SharedVariableRangeCheckerChip,
    row::RowCells,
};

/// Columns besides the block's cells.
const OTHER_COLUMNS: usize = 5;

/// The table of refreshes of one size, one a row; counts their lookups. Nothing where there is none.
pub fn trace(refreshes: &BlockRecords<RefreshRecord>, range: &SharedVariableRangeCheckerChip) -> Option<Trace> {
    if refreshes.is_empty() {
        return None;
    }
    let width = OTHER_COLUMNS + refreshes.block_cells();
    let mut trace = Trace::zeros(width, refreshes.len());
    trace.values_mut().par_chunks_exact_mut(width).enumerate().for_each(|(index, row)| {
        let Some((record, cells)) = refreshes.get(index) else { return };
        let (low, high) = (record.time % (1 << TIME_LOW_BITS), record.time >> TIME_LOW_BITS);
        range.count(low, TIME_LOW_BITS);
        range.count(high, TIME_HIGH_BITS);
        let mut row = RowCells::new(row);
        row.put(F::ONE);
        row.put_integer(record.space);
        row.put_integer(record.pointer);
        row.put_integer(low);
        row.put_integer(high);
        row.put_all(cells);
        row.finish();
    });
    Some(trace)
}
