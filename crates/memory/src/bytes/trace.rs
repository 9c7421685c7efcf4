//! Rows of the bytes table.

use engram_air::{F, PrimeCharacteristicRing, Trace};

use super::columns::{BLOCK, BytesCols, HALF_BITS};
use crate::lookups::{BYTE_VALUES, ByteCounter};

/// The pairs that were asked for, in blocks; nothing where none was.
pub fn trace(counter: &ByteCounter) -> Option<Trace> {
    let blocks = (0..BYTE_VALUES).flat_map(|x| (0..BYTE_VALUES >> HALF_BITS).map(move |y_high| (x, y_high)));
    let asked: Vec<(u32, u32, [u32; BLOCK])> = blocks
        .map(|(x, y_high)| {
            (x, y_high, std::array::from_fn(|y_low| counter.get(x, (y_high << HALF_BITS) + y_low as u32)))
        })
        .filter(|(_, _, counts)| counts.iter().any(|&count| count > 0))
        .collect();
    if asked.is_empty() {
        return None;
    }
    let mut trace = Trace::zeros(BytesCols::<F>::WIDTH, asked.len());
    for (position, (x, y_high, counts)) in asked.into_iter().enumerate() {
        let bit = |value: u32, position: usize| F::from_u32(value >> position & 1);
        let cells = BytesCols {
            x_bits: std::array::from_fn(|position| bit(x, position)),
            y_high_bits: std::array::from_fn(|position| bit(y_high, position)),
            and_high: F::from_u32(x >> HALF_BITS & y_high),
            multiplicities: counts.map(F::from_u32),
        };
        cells.write(trace.row_mut(position));
    }
    Some(trace)
}
