//! A generation as it can be read: every byte that leaves here was checked against the generation's root.

use std::sync::{Arc, Mutex, PoisonError};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};

use crate::{
    bundle::Bundle,
    config::{GENERATION_LAST, GENERATIONS_MAX},
    error::StoreError,
    format::{BUNDLES, EARLIER_BUNDLES, EARLIER_PAGES, GENERATIONS, GenerationRecord, PAGES},
    geometry::{BUNDLE_HEIGHT, BUNDLE_NODES, BundleAt, Geometry, Shape},
    hash::{Digest, Leaf},
    page::{
        GROUP_HEIGHT, GROUP_LEAVES, LEAF_WORDS, PAGE_GROUPS, PAGE_HEIGHT, PAGE_LEAVES, Page, PageWords, fold,
        group_bits, words_of,
    },
    undo::Undo,
    verified::VerifiedBundles,
};

type Rows = ReadOnlyTable<u64, &'static [u8]>;
type EarlierRows = ReadOnlyTable<(u64, u64), &'static [u8]>;

/// One generation, over a read transaction: later commits do not change it.
pub(crate) struct View {
    pub geometry: Arc<Geometry>,
    /// The generation that is read.
    pub state: GenerationRecord,
    /// The current generation of the transaction, from which earlier ones are computed.
    newest: u64,
    oldest: u64,
    pages: Rows,
    bundles: Rows,
    earlier_pages: EarlierRows,
    earlier_bundles: EarlierRows,
    generations: Rows,
    verified: Mutex<VerifiedBundles>,
}

fn storage(error: redb::StorageError) -> StoreError {
    StoreError::storage("reading the store")(error.into())
}

fn table(error: redb::TableError) -> StoreError {
    match error {
        redb::TableError::Storage(error) => storage(error),
        redb::TableError::TableDoesNotExist(_) => StoreError::Unfinished,
        other => StoreError::NotAStore { reason: other.to_string() },
    }
}

impl View {
    /// The generation `asked`, or the current one. `cache_bytes` bounds the memory for checked nodes.
    pub fn new(
        transaction: &ReadTransaction,
        geometry: Arc<Geometry>,
        asked: Option<u64>,
        cache_bytes: usize,
    ) -> Result<Self, StoreError> {
        let generations = transaction.open_table(GENERATIONS).map_err(table)?;
        let oldest = generations.first().map_err(storage)?.map(|(number, _)| number.value());
        let newest = generations.last().map_err(storage)?.map(|(number, _)| number.value());
        let (Some(oldest), Some(newest)) = (oldest, newest) else { return Err(StoreError::Unfinished) };
        let stored = generations.len().map_err(storage)?;
        let contiguous = newest.checked_sub(oldest).is_some_and(|steps| steps.checked_add(1) == Some(stored));
        if !contiguous || stored > GENERATIONS_MAX || newest > GENERATION_LAST {
            let reason = "it and the generations before it are not those that a store keeps";
            return Err(StoreError::Malformed { what: "generation", index: newest, reason });
        }
        let number = asked.unwrap_or(newest);
        let record = generations.get(number).map_err(storage)?;
        let record = record.ok_or(StoreError::NoGeneration { asked: number, oldest, newest })?;
        let state = GenerationRecord::decode(number, record.value(), &geometry)?;
        drop(record);
        let view = Self {
            state,
            newest,
            oldest,
            pages: transaction.open_table(PAGES).map_err(table)?,
            bundles: transaction.open_table(BUNDLES).map_err(table)?,
            earlier_pages: transaction.open_table(EARLIER_PAGES).map_err(table)?,
            earlier_bundles: transaction.open_table(EARLIER_BUNDLES).map_err(table)?,
            generations,
            verified: Mutex::new(VerifiedBundles::new(cache_bytes)),
            geometry,
        };
        view.check_roots()?;
        Ok(view)
    }

    /// Refuse roots that the highest stored nodes do not hash to.
    fn check_roots(&self) -> Result<(), StoreError> {
        for shape in self.geometry.shapes() {
            match shape.tiers().checked_sub(1) {
                Some(tier) => drop(self.bundle(&shape, BundleAt { tier, index: 0 })?),
                None => drop(self.page(&shape, 0)?),
            }
        }
        Ok(())
    }

    /// The root of a space.
    pub fn root(&self, shape: &Shape) -> Digest {
        self.state.roots[shape.position]
    }

    /// Numbers of the oldest and the newest generation that can be read.
    pub fn kept(&self) -> (u64, u64) {
        (self.oldest, self.newest)
    }

    /// The records of all kept generations, oldest first.
    pub fn generations(&self) -> Result<Vec<GenerationRecord>, StoreError> {
        let rows = self.generations.range::<u64>(..).map_err(storage)?;
        rows.map(|row| {
            let (number, record) = row.map_err(storage)?;
            GenerationRecord::decode(number.value(), record.value(), &self.geometry)
        })
        .collect()
    }

    /// Counts of stored pages, bundles, and records of earlier generations.
    pub fn counts(&self) -> Result<[u64; 3], StoreError> {
        let earlier = self.earlier_pages.len().map_err(storage)? + self.earlier_bundles.len().map_err(storage)?;
        Ok([self.pages.len().map_err(storage)?, self.bundles.len().map_err(storage)?, earlier])
    }

    /// The table of pages of the newest generation.
    pub fn page_rows(&self) -> &Rows {
        &self.pages
    }

    /// The table of bundles of the newest generation.
    pub fn bundle_rows(&self) -> &Rows {
        &self.bundles
    }

    /// Records of what later generations changed: those of pages, or else of bundles.
    pub fn earlier_rows(&self, pages: bool) -> &EarlierRows {
        if pages { &self.earlier_pages } else { &self.earlier_bundles }
    }

    /// What later generations replaced under a key, newest first.
    fn undos(&self, rows: &EarlierRows, key: u64) -> Result<Vec<Undo>, StoreError> {
        let mut undos = vec![];
        for generation in (self.state.number + 1..=self.newest).rev() {
            if let Some(record) = rows.get((generation, key)).map_err(storage)? {
                let malformed = |reason| StoreError::Malformed { what: "what replaced key", index: key, reason };
                undos.push(Undo::decode(record.value()).map_err(malformed)?);
            }
        }
        Ok(undos)
    }

    /// The bundle with its path to the root checked.
    pub fn bundle(&self, shape: &Shape, at: BundleAt) -> Result<Arc<Bundle>, StoreError> {
        let key = shape.bundle_key(at);
        if let Some(bundle) = self.lock_verified().get(key) {
            return Ok(bundle);
        }
        let top = shape.top(at.tier);
        let expected = self.expected(shape, top, at.index)?;
        let bundle = self.load_bundle(shape, at)?;
        if bundle.top() != expected {
            return Err(mismatch(shape, top, at.index));
        }
        let bundle = Arc::new(bundle);
        self.lock_verified().insert(key, bundle.clone());
        Ok(bundle)
    }

    /// The digest of the node at the top of a bundle or page, as the bundle above has it.
    fn expected(&self, shape: &Shape, height: u32, index: u32) -> Result<Digest, StoreError> {
        if height == shape.space.height {
            return Ok(self.root(shape));
        }
        let tier = (height - PAGE_HEIGHT) / BUNDLE_HEIGHT;
        let above = self.bundle(shape, BundleAt { tier, index: index >> BUNDLE_HEIGHT })?;
        Ok(above.node(0, index as usize % BUNDLE_NODES))
    }

    fn load_bundle(&self, shape: &Shape, at: BundleAt) -> Result<Bundle, StoreError> {
        let key = shape.bundle_key(at);
        let (hash, zeros) = (&*self.geometry.hash, &*self.geometry.zeros);
        let bundle = match self.bundles.get(key).map_err(storage)? {
            None => Bundle::zero(shape, at, zeros),
            Some(record) => Bundle::decode(record.value(), shape, at, hash, zeros)
                .map_err(|reason| StoreError::Malformed { what: "bundle", index: key, reason })?,
        };
        let undos = self.undos(&self.earlier_bundles, key)?;
        if undos.is_empty() {
            return Ok(bundle);
        }
        let bottom = shape.bottom(at.tier);
        let zero = &zeros[bottom as usize];
        let bundle = bundle.edited(bottom, hash, zeros, |row| undos.iter().for_each(|undo| undo.apply(row, zero)));
        if bundle.row().iter().all(|digest| hash.is_digest(digest)) {
            return Ok(bundle);
        }
        let reason = "an earlier generation has bytes that are no digest";
        Err(StoreError::Malformed { what: "bundle", index: key, reason })
    }

    /// The page with the digests of its groups checked up to the root, but not its leaves. Nothing for a page of zeros.
    pub fn page(&self, shape: &Shape, page: u32) -> Result<Option<Page>, StoreError> {
        let page_height = shape.page_height();
        let expected = self.expected(shape, page_height, page)?;
        let (hash, zeros) = (&*self.geometry.hash, &*self.geometry.zeros);
        if expected == zeros[page_height as usize] {
            return Ok(None);
        }
        let found = self.load_page(shape, page)?;
        if found.digest(hash, zeros, page_height) != expected {
            return Err(mismatch(shape, page_height, page));
        }
        Ok(Some(found))
    }

    fn load_page(&self, shape: &Shape, page: u32) -> Result<Page, StoreError> {
        let key = shape.page_key(page);
        let (hash, zeros) = (&*self.geometry.hash, &*self.geometry.zeros);
        let mut found = match self.pages.get(key).map_err(storage)? {
            None => Page::zero(zeros),
            Some(record) => Page::decode(record.value(), hash, zeros, shape.page_height())
                .map_err(|reason| StoreError::Malformed { what: "page", index: key, reason })?,
        };
        let undos = self.undos(&self.earlier_pages, key)?;
        let mut changed = 0;
        for undo in undos {
            undo.apply(&mut *found.leaves, &[0; 32]);
            changed |= undo.changed;
        }
        for group in (0..PAGE_GROUPS).filter(|&group| group_bits(changed, group) != 0) {
            found.groups[group] = found.hash_group(hash, zeros, group);
        }
        Ok(found)
    }

    /// Refuse a group of a page whose leaves do not hash to its digest.
    pub fn check_group(&self, shape: &Shape, page: u32, found: &Page, group: usize) -> Result<(), StoreError> {
        if found.hash_group(&*self.geometry.hash, &self.geometry.zeros, group) == found.groups[group] {
            return Ok(());
        }
        let index = u64::from(page) * PAGE_GROUPS as u64 + group as u64;
        Err(StoreError::Mismatch { space: shape.space.number, height: GROUP_HEIGHT, index })
    }

    /// The page with everything checked. Nothing for a page of zeros.
    pub fn whole_page(&self, shape: &Shape, page: u32) -> Result<Option<Page>, StoreError> {
        let Some(found) = self.page(shape, page)? else { return Ok(None) };
        for group in 0..PAGE_GROUPS {
            self.check_group(shape, page, &found, group)?;
        }
        Ok(Some(found))
    }

    /// A page as words, where it has one that is not zero.
    pub fn read_page(&self, space: u32, page: u32) -> Result<Option<Box<PageWords>>, StoreError> {
        let shape = self.geometry.shape(space)?;
        shape.check_page(page)?;
        Ok(self.whole_page(&shape, page)?.map(|page| words_of(&page.leaves)))
    }

    /// A leaf as words.
    pub fn read_leaf(&self, space: u32, leaf: u32) -> Result<[u32; LEAF_WORDS], StoreError> {
        let shape = self.geometry.shape(space)?;
        shape.check_leaf(leaf)?;
        let bytes = self.leaf(&shape, leaf)?;
        let words = bytes.as_chunks::<4>().0;
        Ok(std::array::from_fn(|position| u32::from_le_bytes(words[position])))
    }

    /// A leaf, with its path to the root checked.
    pub fn leaf(&self, shape: &Shape, leaf: u32) -> Result<Leaf, StoreError> {
        let page = leaf >> PAGE_HEIGHT;
        let Some(found) = self.page(shape, page)? else { return Ok([0; 32]) };
        let place = leaf as usize % PAGE_LEAVES;
        self.check_group(shape, page, &found, place / GROUP_LEAVES)?;
        Ok(found.leaves[place])
    }

    /// A node: `height` is the distance from the leaves, `index` counts from the left.
    pub fn node(&self, shape: &Shape, height: u32, index: u32) -> Result<Digest, StoreError> {
        let root_height = shape.space.height;
        let Some(rise) = root_height.checked_sub(height) else {
            return Err(StoreError::NoHeight { space: shape.space.number, height, root_height });
        };
        let count = 1u64 << rise;
        if u64::from(index) >= count {
            return Err(StoreError::Outside { space: shape.space.number, what: "node", index: index.into(), count });
        }
        if rise == 0 {
            return Ok(self.root(shape));
        }
        if height >= PAGE_HEIGHT {
            let tier = (height - PAGE_HEIGHT) / BUNDLE_HEIGHT;
            let rise = height - shape.bottom(tier);
            let width_log2 = shape.top(tier) - height;
            let bundle = self.bundle(shape, BundleAt { tier, index: index >> width_log2 })?;
            return Ok(bundle.node(rise, (index & ((1 << width_log2) - 1)) as usize));
        }
        self.node_in_page(shape, height, index)
    }

    fn node_in_page(&self, shape: &Shape, height: u32, index: u32) -> Result<Digest, StoreError> {
        let (hash, zeros) = (&*self.geometry.hash, &*self.geometry.zeros);
        let page = index >> (PAGE_HEIGHT - height);
        let Some(found) = self.page(shape, page)? else { return Ok(zeros[height as usize]) };
        let place = (index & ((1 << (PAGE_HEIGHT - height)) - 1)) as usize;
        if height >= GROUP_HEIGHT {
            let span = 1 << (height - GROUP_HEIGHT);
            let mut groups = found.groups[place * span..(place + 1) * span].to_vec();
            return Ok(fold(hash, zeros, GROUP_HEIGHT as usize, &mut groups));
        }
        let span = 1 << height;
        self.check_group(shape, page, &found, place * span / GROUP_LEAVES)?;
        let leaves = &found.leaves[place * span..(place + 1) * span];
        let mut digests: Vec<Digest> =
            leaves.iter().map(|leaf| if *leaf == [0; 32] { zeros[0] } else { hash.leaf(leaf) }).collect();
        Ok(fold(hash, zeros, 0, &mut digests))
    }

    /// Take over the checked nodes of the generation before, where those under `changed` keys are no longer true.
    pub fn inherit(&mut self, before: Self, changed: &[u64], fresh: Vec<(u64, Arc<Bundle>)>) {
        let mut verified = before.verified.into_inner().unwrap_or_else(PoisonError::into_inner);
        changed.iter().for_each(|&key| verified.remove(key));
        fresh.into_iter().for_each(|(key, bundle)| verified.insert(key, bundle));
        self.verified = Mutex::new(verified);
    }

    fn lock_verified(&self) -> std::sync::MutexGuard<'_, VerifiedBundles> {
        // A panic elsewhere cannot leave the cache with an unchecked bundle: bundles go in whole.
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mismatch(shape: &Shape, height: u32, index: u32) -> StoreError {
    StoreError::Mismatch { space: shape.space.number, height, index: index.into() }
}
