//! Rows of refreshes.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use crate::{
    address::{TIMESTAMP_HIGH_BITS, TIMESTAMP_LOW_BITS, timestamp_limbs},
    range_checker::SharedVariableRangeCheckerChip,
    records::{BlockRecords, RefreshRecord},
    row::RowCells,
};

/// Columns besides the block's cells.
const OTHER_COLUMNS: usize = 6;

/// The table of refreshes of one size, one a row; counts their lookups. Nothing where there is none.
pub fn trace(refreshes: &BlockRecords<RefreshRecord>, range: &SharedVariableRangeCheckerChip) -> Option<Trace> {
    if refreshes.is_empty() {
        return None;
    }
    let width = OTHER_COLUMNS + refreshes.block_cells();
    let mut trace = Trace::zeros(width, refreshes.len());
    trace.values_mut().par_chunks_exact_mut(width).enumerate().for_each(|(index, row)| {
        let Some((record, cells)) = refreshes.get(index) else { return };
        let [low, high] = timestamp_limbs(record.timestamp);
        let more_steps = record.steps.wrapping_sub(1);
        range.count(low, TIMESTAMP_LOW_BITS);
        range.count(high, TIMESTAMP_HIGH_BITS);
        range.count(more_steps, TIMESTAMP_HIGH_BITS);
        let mut row = RowCells::new(row);
        row.put(F::ONE);
        for value in [record.space, record.pointer, low, high, more_steps] {
            row.put_integer(value);
        }
        row.put_all(cells);
        row.finish();
    });
    Some(trace)
}
