//! Rows of the compression table.

use engram_air::{F, PrimeCharacteristicRing, Trace, field::Digest, poseidon2::WIDTH as STATE_CELLS};
use rayon::prelude::*;

use super::{
    columns::{COLUMNS, COMMITTED_START, MULTIPLICITY},
    recorder::Compression,
    rounds::compress_cells,
};

/// The table of compressions that were asked for, one a row, padded with those of zeros.
pub fn trace(compressions: &[Compression]) -> Trace {
    let padding = Compression { input: [Digest::default(); 2], multiplicity: 0 };
    let mut trace = Trace::zeros(COLUMNS, compressions.len());
    trace.values_mut().par_chunks_exact_mut(COLUMNS).enumerate().for_each(|(position, row)| {
        fill_row(row, compressions.get(position).unwrap_or(&padding));
    });
    trace
}

fn fill_row(row: &mut [F], compression: &Compression) {
    row[..STATE_CELLS].copy_from_slice(compression.input.as_flattened());
    let state = std::array::from_fn(|index| row[index]);
    let mut position = COMMITTED_START;
    let _digest = compress_cells(state, |_, value| {
        row[position] = value;
        position += 1;
        value
    });
    row[MULTIPLICITY] = F::from_u32(compression.multiplicity);
}
