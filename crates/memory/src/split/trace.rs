//! Rows of splits.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use crate::{
    records::{BlockRecords, SplitRecord},
    row::RowCells,
};

/// Columns besides the block's cells.
const OTHER_COLUMNS: usize = 4;

/// The table of splits of one size, one a row; nothing where there is none.
pub fn trace(splits: &BlockRecords<SplitRecord>) -> Option<Trace> {
    if splits.is_empty() {
        return None;
    }
    let width = OTHER_COLUMNS + splits.block_cells();
    let mut trace = Trace::zeros(width, splits.len());
    trace.values_mut().par_chunks_exact_mut(width).enumerate().for_each(|(index, row)| {
        let Some((record, cells)) = splits.get(index) else { return };
        let mut row = RowCells::new(row);
        row.put(F::ONE);
        row.put_integer(record.space);
        row.put_integer(record.pointer);
        row.put_integer(record.timestamp);
        row.put_all(cells);
        row.finish();
    });
    Some(trace)
}
