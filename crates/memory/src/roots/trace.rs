//! The row and the public values of the roots table.

use engram_air::{
    F, PrimeCharacteristicRing, Trace,
    field::{DIGEST_CELLS, Digest},
};

use super::columns::RootsCols;
use crate::{
    address::{SPACES, SPACES_COUNT},
    segment::SegmentMemory,
};

/// Number of public values.
pub const PUBLICS: usize = SPACES_COUNT * 2 * DIGEST_CELLS;

/// The row of a segment.
pub fn trace(segment: &SegmentMemory) -> Trace {
    let mut trace = Trace::zeros(RootsCols::<F>::WIDTH, 1);
    let touched = SPACES.map(|space| segment.leaves.iter().any(|leaf| leaf.space == space.number));
    RootsCols { touched: touched.map(F::from_bool) }.write(trace.row_mut(0));
    trace
}

/// The public values that say: the segment leads from roots `before` to roots `after`.
pub fn public_values(before: &[Digest; SPACES_COUNT], after: &[Digest; SPACES_COUNT]) -> [F; PUBLICS] {
    let mut values = [F::ZERO; PUBLICS];
    let digests = before.iter().zip(after).flat_map(|(before, after)| [before, after]);
    for (slot, digest) in values.as_chunks_mut::<DIGEST_CELLS>().0.iter_mut().zip(digests) {
        *slot = *digest;
    }
    values
}
