//! Rows of the refresh table.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::columns::{RefreshCols, TIME_HIGH_BITS, TIME_LOW_BITS};
use crate::{address::cells, lookups::Lookups, segment::RefreshRecord};

/// The table of a segment's refreshes, one a row; counts their lookups.
pub fn trace(refreshes: &[RefreshRecord], lookups: &Lookups) -> Trace {
    let mut trace = Trace::zeros(RefreshCols::<F>::WIDTH, refreshes.len());
    let rows = trace.values_mut().par_chunks_exact_mut(RefreshCols::<F>::WIDTH);
    rows.zip(refreshes).for_each(|(row, refresh)| {
        let (low, high) = (refresh.time % (1 << TIME_LOW_BITS), refresh.time >> TIME_LOW_BITS);
        lookups.range.count(low, TIME_LOW_BITS);
        lookups.range.count(high, TIME_HIGH_BITS);
        let more_steps = refresh.steps.wrapping_sub(1);
        lookups.range.count(more_steps, TIME_HIGH_BITS);
        let row_cells = RefreshCols {
            real: F::ONE,
            space: F::from_u32(refresh.space),
            pointer: F::from_u32(refresh.pointer),
            cells: cells(refresh.word),
            time_low: F::from_u32(low),
            time_high: F::from_u32(high),
            more_steps: F::from_u32(more_steps),
        };
        row_cells.write(row);
    });
    trace
}
