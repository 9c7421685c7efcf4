//! The write side of a commit: from changed leaves to records and a new root.
//!
//! Pages come in ascending order, and some at a time are hashed in parallel and written before the next are asked for. So
//! the memory in use does not grow with the number of pages, but for one digest a changed node.

use std::sync::Arc;

use rayon::prelude::*;
use redb::{Table, WriteTransaction};

use crate::{
    bundle::Bundle,
    error::StoreError,
    format::{BUNDLES, EARLIER_BUNDLES, EARLIER_PAGES, GenerationRecord, PAGES},
    geometry::{BUNDLE_HEIGHT, BUNDLE_NODES, BundleAt, Shape},
    hash::Digest,
    page::{PAGE_GROUPS, Page, group_bits},
    pending::PendingPage,
    undo::Undo,
    view::View,
};

type Rows<'t> = Table<'t, u64, &'static [u8]>;
type EarlierRows<'t> = Table<'t, (u64, u64), &'static [u8]>;

/// Most bundles that are handed to the cache of the next generation.
const FRESH_BUNDLES_MAX: usize = 256;

/// Pages that are hashed in parallel: 1 MiB of words, twice.
const PAGES_AT_ONCE: usize = 256;

/// Where what is replaced goes.
struct Earlier<'t> {
    generation: u64,
    pages: EarlierRows<'t>,
    bundles: EarlierRows<'t>,
}

/// What a successful commit leaves.
pub(crate) struct Committed {
    pub state: GenerationRecord,
    /// Keys of changed bundles.
    pub changed: Vec<u64>,
    /// Some of them as they are now.
    pub fresh: Vec<(u64, Arc<Bundle>)>,
}

/// The tables of a commit.
pub(crate) struct Writer<'v, 't> {
    view: &'v View,
    pages: Rows<'t>,
    bundles: Rows<'t>,
    earlier: Option<Earlier<'t>>,
    /// Keys of bundles that changed.
    changed: Vec<u64>,
    /// Some changed bundles as they are now.
    fresh: Vec<(u64, Arc<Bundle>)>,
}

fn storage(error: redb::StorageError) -> StoreError {
    StoreError::storage("writing the store")(error.into())
}

fn table(error: redb::TableError) -> StoreError {
    StoreError::storage("writing the store")(error.into())
}

impl<'v, 't> Writer<'v, 't> {
    /// Write over the generation in `view`. With a `generation`, what is replaced is kept under that number.
    pub fn new(view: &'v View, transaction: &'t WriteTransaction, generation: Option<u64>) -> Result<Self, StoreError> {
        let earlier = match generation {
            None => None,
            Some(generation) => Some(Earlier {
                generation,
                pages: transaction.open_table(EARLIER_PAGES).map_err(table)?,
                bundles: transaction.open_table(EARLIER_BUNDLES).map_err(table)?,
            }),
        };
        let pages = transaction.open_table(PAGES).map_err(table)?;
        let bundles = transaction.open_table(BUNDLES).map_err(table)?;
        Ok(Self { view, pages, bundles, earlier, changed: vec![], fresh: vec![] })
    }

    /// Close the tables, so that the transaction can be committed. `state` is what it leads to.
    pub fn finish(self, state: GenerationRecord) -> Committed {
        Committed { state, changed: self.changed, fresh: self.fresh }
    }

    /// Write changes of a space, by ascending page. Returns its new root.
    pub fn write_space(
        &mut self,
        shape: &Shape,
        changes: impl Iterator<Item = Result<(u32, PendingPage), StoreError>>,
    ) -> Result<Digest, StoreError> {
        let mut nodes = vec![];
        let mut changes = changes.peekable();
        while changes.peek().is_some() {
            let some: Vec<_> = changes.by_ref().take(PAGES_AT_ONCE).collect::<Result<_, _>>()?;
            let view = self.view;
            let rewritten = some.par_iter().map(|(page, pending)| rewrite(view, shape, *page, pending));
            for page in rewritten.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
                self.write_page(&page)?;
                nodes.extend(page.digest.map(|digest| (page.number, digest)));
            }
        }
        for tier in 0..shape.tiers() {
            let mut above = vec![];
            for neighbours in nodes.chunk_by(|a, b| a.0 >> BUNDLE_HEIGHT == b.0 >> BUNDLE_HEIGHT) {
                let at = BundleAt { tier, index: neighbours[0].0 >> BUNDLE_HEIGHT };
                above.push((at.index, self.write_bundle(shape, at, neighbours)?));
            }
            nodes = above;
        }
        Ok(nodes.first().map_or(self.view.root(shape), |&(_, root)| root))
    }

    fn write_page(&mut self, page: &Rewritten) -> Result<(), StoreError> {
        if let Some(earlier) = &mut self.earlier {
            earlier.pages.insert((earlier.generation, page.key), page.undo.as_slice()).map_err(storage)?;
        }
        write(&mut self.pages, page.key, page.record.as_deref())
    }

    /// Write a bundle of which some nodes of the bottom row changed. Returns the digest of its top.
    fn write_bundle(&mut self, shape: &Shape, at: BundleAt, nodes: &[(u32, Digest)]) -> Result<Digest, StoreError> {
        let geometry = &self.view.geometry;
        let (hash, zeros, bottom) = (&*geometry.hash, &*geometry.zeros, shape.bottom(at.tier));
        let zero = &zeros[bottom as usize];
        let before = self.view.bundle(shape, at)?;
        let changes: Vec<(usize, Digest)> =
            nodes.iter().map(|&(index, digest)| (index as usize % BUNDLE_NODES, digest)).collect();
        let after = before.with(&changes, bottom, hash, zeros);
        let key = shape.bundle_key(at);
        if let Some(earlier) = &mut self.earlier {
            let undo = Undo::between(before.row(), after.row(), zero);
            earlier.bundles.insert((earlier.generation, key), undo.encode().as_slice()).map_err(storage)?;
        }
        write(&mut self.bundles, key, after.encode(zero).as_deref())?;
        let top = after.top();
        self.changed.push(key);
        if self.fresh.len() < FRESH_BUNDLES_MAX {
            self.fresh.push((key, Arc::new(after)));
        }
        Ok(top)
    }
}

/// A page as a commit leaves it.
struct Rewritten {
    number: u32,
    key: u64,
    /// Nothing for a page of zeros.
    record: Option<Vec<u8>>,
    undo: Vec<u8>,
    /// If it differs from the one before.
    digest: Option<Digest>,
}

/// A page after a change. Nothing where that changes nothing.
///
/// A group that is replaced as a whole needs nothing of what was there. In any other, the leaves that stay are checked
/// first: a digest over unchecked ones would vouch for them.
fn rewrite(view: &View, shape: &Shape, number: u32, pending: &PendingPage) -> Result<Option<Rewritten>, StoreError> {
    let (hash, zeros) = (&*view.geometry.hash, &*view.geometry.zeros);
    let before = view.page(shape, number)?.unwrap_or_else(|| Page::zero(zeros));
    let mut after = before.clone();
    for (position, leaf) in pending.leaves() {
        after.leaves[position] = *leaf;
    }
    for group in 0..PAGE_GROUPS {
        let replaced = group_bits(pending.mask(), group);
        if replaced == 0 {
            continue;
        }
        if replaced != u8::MAX {
            view.check_group(shape, number, &before, group)?;
        }
        after.groups[group] = after.hash_group(hash, zeros, group);
    }
    if after == before {
        return Ok(None);
    }
    let undo = Undo::between(&*before.leaves, &*after.leaves, &[0; 32]).encode();
    let [earlier, later] = [&before, &after].map(|version| version.digest(hash, zeros, shape.page_height()));
    let digest = (earlier != later).then_some(later);
    Ok(Some(Rewritten { number, key: shape.page_key(number), record: after.encode(), undo, digest }))
}

fn write(rows: &mut Rows, key: u64, record: Option<&[u8]>) -> Result<(), StoreError> {
    match record {
        Some(record) => rows.insert(key, record).map(drop),
        None => rows.remove(key).map(drop),
    }
    .map_err(storage)
}
