//! The row and the public values of the roots.

use engram_air::{
    F, PrimeCharacteristicRing, Trace,
    field::{DIGEST_CELLS, Digest},
};

use crate::{layout::Layout, segment::SegmentMemory};

/// The row of a segment.
pub fn trace(segment: &SegmentMemory) -> Trace {
    let spaces = segment.layout.spaces();
    let touched = spaces.iter().map(|space| {
        let first = segment.leaves.partition_point(|leaf| leaf.space < space.number);
        F::from_bool(segment.leaves.get(first).is_some_and(|leaf| leaf.space == space.number))
    });
    Trace::from_rows(touched.collect(), spaces.len())
}

/// The public values that say: the segment leads from roots `before` to roots `after`, each in the layout's order.
pub fn public_values(before: &[Digest], after: &[Digest]) -> Vec<F> {
    before.iter().zip(after).flat_map(|(before, after)| before.iter().chain(after)).copied().collect()
}

/// The roots before and after that such public values say; nothing where they are not as many as the layout has spaces.
pub fn roots_of(layout: &Layout, publics: &[F]) -> Option<[Vec<Digest>; 2]> {
    let (roots, rest) = publics.as_chunks::<DIGEST_CELLS>();
    let fits = rest.is_empty() && roots.len() == 2 * layout.spaces().len();
    fits.then(|| [0, 1].map(|side| roots.iter().copied().skip(side).step_by(2).collect()))
}
