//! The public values of the roots.

use engram_air::{
    F,
    field::{DIGEST_CELLS, Digest},
};

use crate::layout::Layout;

/// The public values that say: the segment leads from roots `before` to roots `after`, each in the layout's order.
pub fn public_values(before: &[Digest], after: &[Digest]) -> Vec<F> {
    before.iter().zip(after).flat_map(|(before, after)| before.iter().chain(after)).copied().collect()
}

/// The roots before and after that such public values say; nothing where they are not as many as the layout has spaces.
pub fn roots_of(layout: &Layout, publics: &[F]) -> Option<[Vec<Digest>; 2]> {
    let (roots, rest) = publics.as_chunks::<DIGEST_CELLS>();
    let fits = rest.is_empty() && roots.len() / 2 == layout.spaces().len() && roots.len().is_multiple_of(2);
    fits.then(|| [0, 1].map(|side| roots.iter().copied().skip(side).step_by(2).collect()))
}
