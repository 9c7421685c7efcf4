//! Recomputing everything: does all that is stored hash to the roots, and is nothing else stored?

use redb::ReadableTableMetadata;

use crate::{
    bundle::{Bundle, encode_row},
    error::StoreError,
    geometry::{BUNDLE_HEIGHT, BUNDLE_NODES, BundleAt, Shape},
    hash::Digest,
    page::{PAGE_GROUPS, Page},
    space::Space,
    store::Store,
    view::View,
};

/// What was recomputed, and found to be as the roots say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Pages of the current generation.
    pub pages: u64,
    /// Bundles of nodes of the current generation.
    pub bundles: u64,
    /// Generations, the current one included.
    pub generations: u64,
}

impl Store {
    /// Recompute every digest of the current generation from its pages, compare it with what is stored, and check that nothing
    /// else is stored. Then read all that earlier generations have different, checked against their roots.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify_all(&self) -> Result<Verified, StoreError> {
        let view = self.view()?;
        let (mut pages, mut bundles) = (0, 0);
        for shape in view.geometry.shapes() {
            let nodes = recompute_pages(view, &shape)?;
            pages += nodes.len() as u64;
            bundles += compare_bundles(view, &shape, nodes)?;
        }
        let counts = [("page", view.page_rows().len(), pages), ("bundle", view.bundle_rows().len(), bundles)];
        for (what, stored, seen) in counts {
            if stored.map_err(storage)? != seen {
                let reason = "there are keys of spaces that the store does not have";
                return Err(StoreError::Malformed { what, index: seen, reason });
            }
        }
        let generations = view.generations()?;
        self.verify_earlier()?;
        Ok(Verified { pages, bundles, generations: generations.len() as u64 })
    }
}

fn storage(error: redb::StorageError) -> StoreError {
    StoreError::storage("reading the store")(error.into())
}

/// The digests of all stored pages, from their leaves.
fn recompute_pages(view: &View, shape: &Shape) -> Result<Vec<(u32, Digest)>, StoreError> {
    let (hash, zeros) = (&*view.geometry.hash, &*view.geometry.zeros);
    let mut nodes = vec![];
    let rows = view.page_rows().range(shape.page_key(0)..=shape.page_key(u32::MAX)).map_err(storage)?;
    for row in rows {
        let (key, record) = row.map_err(storage)?;
        let page = key.value() as u32;
        shape.check_page(page)?;
        let malformed = |reason| StoreError::Malformed { what: "page", index: key.value(), reason };
        let found = Page::decode(record.value(), hash, zeros, shape.page_height()).map_err(malformed)?;
        for group in 0..PAGE_GROUPS {
            view.check_group(shape, page, &found, group)?;
        }
        nodes.push((page, found.digest(hash, zeros, shape.page_height())));
    }
    Ok(nodes)
}

/// Compare each tier of bundles with what the nodes below say, and the top with the root. Returns the number of bundles.
fn compare_bundles(view: &View, shape: &Shape, mut nodes: Vec<(u32, Digest)>) -> Result<u64, StoreError> {
    let (hash, zeros) = (&*view.geometry.hash, &*view.geometry.zeros);
    let Space { number: space, height: root_height } = shape.space;
    let mut count = 0;
    for tier in 0..shape.tiers() {
        let (bottom, top) = (shape.bottom(tier), shape.top(tier));
        let [first, last] = [0, u32::MAX].map(|index| shape.bundle_key(BundleAt { tier, index }));
        let mut rows = view.bundle_rows().range(first..=last).map_err(storage)?;
        let mut above = vec![];
        for neighbours in nodes.chunk_by(|a, b| a.0 >> BUNDLE_HEIGHT == b.0 >> BUNDLE_HEIGHT) {
            let at = BundleAt { tier, index: neighbours[0].0 >> BUNDLE_HEIGHT };
            let zero = Bundle::zero(shape, at, zeros);
            let changes: Vec<_> =
                neighbours.iter().map(|&(node, digest)| (node as usize % BUNDLE_NODES, digest)).collect();
            let bundle = zero.with(&changes, bottom, hash, zeros);
            let mismatch = || StoreError::Mismatch { space, height: top, index: at.index.into() };
            let (key, record) = rows.next().ok_or_else(mismatch)?.map_err(storage)?;
            if key.value() < shape.bundle_key(at) {
                return Err(StoreError::Stray { space, height: top, index: u64::from(key.value() as u32) });
            }
            if key.value() != shape.bundle_key(at)
                || Some(record.value()) != encode_row(bundle.row(), &zeros[bottom as usize]).as_deref()
            {
                return Err(mismatch());
            }
            above.push((at.index, bundle.top()));
        }
        if let Some(row) = rows.next() {
            let (key, _) = row.map_err(storage)?;
            return Err(StoreError::Stray { space, height: top, index: u64::from(key.value() as u32) });
        }
        count += above.len() as u64;
        nodes = above;
    }
    let root = nodes.first().map_or(zeros[root_height as usize], |&(_, digest)| digest);
    if root == view.root(shape) {
        Ok(count)
    } else {
        Err(StoreError::Mismatch { space, height: root_height, index: 0 })
    }
}
