//! The row of the roots.

use engram_air::{F, PrimeCharacteristicRing, Trace};

use crate::segment::SegmentMemory;

/// The row of a segment.
pub fn trace(segment: &SegmentMemory) -> Trace {
    let spaces = segment.layout.spaces();
    let touched = spaces.iter().map(|space| {
        let first = segment.leaves.partition_point(|leaf| leaf.space < space.number);
        F::from_bool(segment.leaves.get(first).is_some_and(|leaf| leaf.space == space.number))
    });
    Trace::from_rows(touched.collect(), spaces.len())
}
