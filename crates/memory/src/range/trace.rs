//! Rows of the range tables.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::columns::{BLOCK, BLOCK_BITS, NARROW_VALUES, RangeCols};
use crate::{messages::RANGE_BITS_MAX, range_checker::SharedVariableRangeCheckerChip};

/// The blocks of 4 bits and more that were asked for; nothing where none was.
pub fn trace(counter: &SharedVariableRangeCheckerChip) -> Option<Trace> {
    let blocks =
        (BLOCK_BITS..=RANGE_BITS_MAX).flat_map(|bits| (0..1 << (bits - BLOCK_BITS)).map(move |block| (block, bits)));
    let asked: Vec<(u32, u32, [u32; BLOCK])> = blocks
        .map(|(block, bits)| {
            (block, bits, std::array::from_fn(|offset| counter.get((block << BLOCK_BITS) + offset as u32, bits)))
        })
        .filter(|(_, _, counts)| counts.iter().any(|&count| count > 0))
        .collect();
    if asked.is_empty() {
        return None;
    }
    let mut trace = Trace::zeros(RangeCols::<F>::WIDTH, asked.len());
    let rows = trace.values_mut().par_chunks_exact_mut(RangeCols::<F>::WIDTH);
    rows.zip(asked).for_each(|(row, (block, bits, counts))| fill_row(row, block, bits, counts));
    Some(trace)
}

fn fill_row(row: &mut [F], block: u32, bits: u32, counts: [u32; BLOCK]) {
    let width = bits - BLOCK_BITS;
    let cells = RangeCols {
        first: F::from_u32(block << BLOCK_BITS),
        width: F::from_u32(width),
        digits: std::array::from_fn(|position| F::from_u32(block >> (2 * position) & 3)),
        limits: std::array::from_fn(|position| F::from_u32(width.saturating_sub(2 * position as u32).min(2))),
        multiplicities: counts.map(F::from_u32),
    };
    cells.write(row);
}

/// The row of widths below 4 bits; nothing where none was asked for.
pub fn narrow_trace(counter: &SharedVariableRangeCheckerChip) -> Option<Trace> {
    let values = (0..BLOCK_BITS).flat_map(|bits| (0..1 << bits).map(move |value| counter.get(value, bits)));
    let counts: Vec<u32> = values.collect();
    let row = counts.iter().map(|&count| F::from_u32(count)).collect();
    counts.iter().any(|&count| count > 0).then(|| Trace::from_rows(row, NARROW_VALUES))
}
