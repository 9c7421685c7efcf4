//! Rows of merges.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use crate::{
    address::{GAP_BITS, TIMESTAMP_HIGH_BITS, TIMESTAMP_LOW_BITS, timestamp_limbs},
    range_checker::SharedVariableRangeCheckerChip,
    records::{BlockRecords, MergeRecord},
    row::RowCells,
};

/// Columns besides the block's cells.
const OTHER_COLUMNS: usize = 7;

/// The table of merges of one size, one a row; counts their lookups. Nothing where there is none.
pub fn trace(merges: &BlockRecords<MergeRecord>, range: &SharedVariableRangeCheckerChip) -> Option<Trace> {
    if merges.is_empty() {
        return None;
    }
    let width = OTHER_COLUMNS + merges.block_cells();
    let mut trace = Trace::zeros(width, merges.len());
    trace.values_mut().par_chunks_exact_mut(width).enumerate().for_each(|(index, row)| {
        let Some((record, cells)) = merges.get(index) else { return };
        let [left, right] = record.timestamps;
        let timestamp = left.max(right);
        let [low, high] = timestamp_limbs(timestamp);
        range.count(low, TIMESTAMP_LOW_BITS);
        range.count(high, TIMESTAMP_HIGH_BITS);
        range.count(left.abs_diff(right), GAP_BITS);
        let mut row = RowCells::new(row);
        row.put(F::ONE);
        row.put_integer(record.space);
        row.put_integer(record.pointer);
        row.put_integer(low);
        row.put_integer(high);
        row.put_integer(timestamp - left);
        row.put_integer(timestamp - right);
        row.put_all(cells);
        row.finish();
    });
    Some(trace)
}
