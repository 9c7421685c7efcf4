//! The write side of a commit: from changed leaves to records and a new root.
//!
//! Pages come in ascending order and each is written before the next is asked for, so the memory in use does not grow with
//! the number of pages, but for one digest a changed node.

use std::sync::Arc;

use redb::{Table, WriteTransaction};

use crate::{
    bundle::Bundle,
    error::StoreError,
    format::{BUNDLES, EARLIER_BUNDLES, EARLIER_PAGES, GenerationRecord, PAGES},
    geometry::{BUNDLE_HEIGHT, BUNDLE_NODES, BundleAt, Shape},
    hash::Digest,
    page::{PAGE_GROUPS, Page, group_bits},
    pending::PendingPage,
    store::Committed,
    undo::Undo,
    view::View,
};

type Rows<'t> = Table<'t, u64, &'static [u8]>;
type EarlierRows<'t> = Table<'t, (u64, u64), &'static [u8]>;

/// Most bundles that are handed to the cache of the next generation.
const FRESH_BUNDLES_MAX: usize = 256;

/// Where what is replaced goes.
struct Earlier<'t> {
    generation: u64,
    pages: EarlierRows<'t>,
    bundles: EarlierRows<'t>,
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
        for change in changes {
            let (page, pending) = change?;
            if let Some(digest) = self.write_page(shape, page, &pending)? {
                nodes.push((page, digest));
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

    /// Write a page. Returns its new digest if that differs from the one before.
    ///
    /// A group that is replaced as a whole needs nothing of what was there. In any other, the leaves that stay are checked
    /// first: a digest over unchecked ones would vouch for them.
    fn write_page(&mut self, shape: &Shape, page: u32, pending: &PendingPage) -> Result<Option<Digest>, StoreError> {
        let geometry = &self.view.geometry;
        let (hash, zeros) = (&*geometry.hash, &*geometry.zeros);
        let before = self.view.page(shape, page)?.unwrap_or_else(|| Page::zero(zeros));
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
                self.view.check_group(shape, page, &before, group)?;
            }
            after.groups[group] = after.hash_group(hash, zeros, group);
        }
        if after == before {
            return Ok(None);
        }
        let key = shape.page_key(page);
        if let Some(earlier) = &mut self.earlier {
            let undo = Undo::between(&*before.leaves, &*after.leaves, &[0; 32]);
            earlier.pages.insert((earlier.generation, key), undo.encode().as_slice()).map_err(storage)?;
        }
        write(&mut self.pages, key, after.encode())?;
        let page_height = shape.page_height();
        let digests = [&before, &after].map(|version| version.digest(hash, zeros, page_height));
        Ok((digests[0] != digests[1]).then_some(digests[1]))
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
        write(&mut self.bundles, key, after.encode(zero))?;
        let top = after.top();
        self.changed.push(key);
        if self.fresh.len() < FRESH_BUNDLES_MAX {
            self.fresh.push((key, Arc::new(after)));
        }
        Ok(top)
    }
}

fn write(rows: &mut Rows, key: u64, record: Option<Vec<u8>>) -> Result<(), StoreError> {
    match record {
        Some(record) => rows.insert(key, record.as_slice()).map(drop),
        None => rows.remove(key).map(drop),
    }
    .map_err(storage)
}
