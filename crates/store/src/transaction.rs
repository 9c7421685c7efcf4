//! A transaction: changes are collected, then all of them become the next generation, or none.

use std::{collections::BTreeMap, fmt};

use redb::{Durability, WriteTransaction};

use crate::{
    config::{GENERATION_LAST, METADATA_BYTES_MAX, check_limit},
    error::{Limit, StoreError},
    format::{EARLIER_BUNDLES, EARLIER_PAGES, GENERATIONS, GenerationRecord},
    geometry::{BUNDLE_NODES, Shape},
    hash::{Digest, Leaf},
    page::{LEAF_WORDS, PAGE_HEIGHT, PAGE_LEAVES, PageWords, leaves_of},
    pending::PendingPage,
    store::Store,
    view::View,
    writer::Writer,
};

/// Changes to a store that are not made yet. Dropping it drops them.
pub struct Transaction<'s> {
    store: &'s mut Store,
    /// By position of the space, then page.
    pages: BTreeMap<(usize, u32), PendingPage>,
    metadata: Option<Vec<u8>>,
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transaction").field("pages_touched", &self.pages.len()).finish_non_exhaustive()
    }
}

impl Store {
    /// Begin to collect changes.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`].
    pub fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        self.view()?;
        Ok(Transaction { store: self, pages: BTreeMap::new(), metadata: None })
    }
}

impl Transaction<'_> {
    /// Replace a page. In a space smaller than a page, words past its end must be zero.
    ///
    /// # Errors
    /// An unknown space, a page past its end, or words past its end.
    pub fn set_page(&mut self, space: u32, page: u32, words: &PageWords) -> Result<(), StoreError> {
        let shape = self.store.view()?.geometry.shape(space)?;
        shape.check_page(page)?;
        let leaves = leaves_of(words);
        let leaves_count = shape.leaves().min(PAGE_LEAVES as u64) as usize;
        if let Some(past) = leaves[leaves_count..].iter().position(|leaf| *leaf != [0; 32]) {
            let index = (leaves_count + past) as u64;
            return Err(StoreError::Outside { space, what: "leaf", index, count: shape.leaves() });
        }
        self.pages.insert((shape.position, page), PendingPage::whole(&leaves));
        Ok(())
    }

    /// Replace a leaf: the words from `leaf` times [`LEAF_WORDS`] on. Cheaper than a page where few leaves change.
    ///
    /// # Errors
    /// An unknown space, or a leaf past its end.
    pub fn set_leaf(&mut self, space: u32, leaf: u32, words: &[u32; LEAF_WORDS]) -> Result<(), StoreError> {
        let shape = self.store.view()?.geometry.shape(space)?;
        shape.check_leaf(leaf)?;
        let mut bytes: Leaf = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        let pending = self.pages.entry((shape.position, leaf >> PAGE_HEIGHT)).or_default();
        pending.set(leaf as usize % BUNDLE_NODES, bytes);
        Ok(())
    }

    /// Give the next generation metadata of its own, opaque here. Without, it takes over those of the current one.
    ///
    /// # Errors
    /// More than [`METADATA_BYTES_MAX`] bytes.
    pub fn set_metadata(&mut self, metadata: Vec<u8>) -> Result<(), StoreError> {
        check_limit(Limit::MetadataBytes, metadata.len() as u64, 0, METADATA_BYTES_MAX as u64)?;
        self.metadata = Some(metadata);
        Ok(())
    }

    /// Number of pages touched so far.
    pub fn pages_touched(&self) -> usize {
        self.pages.len()
    }

    /// Make the changes the next generation. When this returns the new roots, they are on disk.
    ///
    /// # Errors
    /// Where what is stored does not hash to the root, nothing was written and the store stays usable. Where writing
    /// failed, it is not known whether the generation is on disk, and the store answers [`StoreError::Poisoned`] from
    /// then on.
    pub fn commit(self) -> Result<Vec<Digest>, StoreError> {
        self.commit_if(None)
    }

    /// Commit, but only if the changes lead to these roots, by position of the space.
    ///
    /// # Errors
    /// As for [`Self::commit`]; [`StoreError::UnexpectedRoot`] where a root differs: then nothing was written, and the
    /// store stays usable.
    pub fn commit_expecting(self, roots: &[Digest]) -> Result<Vec<Digest>, StoreError> {
        let spaces = self.store.view()?.geometry.spaces.len() as u64;
        check_limit(Limit::ExpectedRoots, roots.len() as u64, spaces, spaces)?;
        self.commit_if(Some(roots))
    }

    fn commit_if(self, expected: Option<&[Digest]>) -> Result<Vec<Digest>, StoreError> {
        let Self { store, pages, metadata } = self;
        let view = store.view()?;
        let number = next_number(view)?;
        let kept = store.generations_kept();
        let written = begin(store.database()).and_then(|transaction| {
            let mut writer = Writer::new(view, &transaction, (kept > 1).then_some(number))?;
            let mut roots = view.state.roots.clone();
            for shape in view.geometry.shapes() {
                let first = (shape.position, 0);
                let changes = pages.range(first..(shape.position + 1, 0));
                let changes = changes.map(|(&(_, page), pending)| Ok((page, pending.clone())));
                roots[shape.position] = writer.write_space(&shape, changes)?;
                check_root(&shape, roots[shape.position], expected)?;
            }
            let metadata = metadata.unwrap_or_else(|| view.state.metadata.clone());
            let done = writer.finish(GenerationRecord { number, roots, metadata });
            write_state(&transaction, &done.state, view, kept)?;
            commit(transaction)?;
            Ok(done)
        });
        store.finish(written)
    }
}

/// The number of the generation after the one in `view`.
fn next_number(view: &View) -> Result<u64, StoreError> {
    let number = view.state.number.saturating_add(1);
    check_limit(Limit::Generation, number, 0, GENERATION_LAST)?;
    Ok(number)
}

pub(crate) fn check_root(shape: &Shape, computed: Digest, expected: Option<&[Digest]>) -> Result<(), StoreError> {
    match expected.and_then(|roots| roots.get(shape.position)) {
        Some(&expected) if expected != computed => {
            Err(StoreError::UnexpectedRoot { space: shape.space.number, computed, expected })
        }
        _ => Ok(()),
    }
}

/// Begin a write transaction of the kind that survives anything: in two phases, synced before it returns.
pub(crate) fn begin(database: &redb::Database) -> Result<WriteTransaction, StoreError> {
    let failed = StoreError::storage("beginning a transaction");
    let mut transaction = database.begin_write().map_err(|error| failed(error.into()))?;
    transaction.set_durability(Durability::Immediate).map_err(|error| failed(error.into()))?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Make a transaction durable.
pub(crate) fn commit(transaction: WriteTransaction) -> Result<(), StoreError> {
    transaction.commit().map_err(|error| StoreError::storage("committing a transaction")(error.into()))
}

/// Write a generation's record, and drop what only generations that are no longer kept need.
pub(crate) fn write_state(
    transaction: &WriteTransaction,
    state: &GenerationRecord,
    view: &View,
    kept: u64,
) -> Result<(), StoreError> {
    let failed = StoreError::storage("writing a generation");
    let oldest = state.number.saturating_sub(kept - 1);
    let mut generations = transaction.open_table(GENERATIONS).map_err(|error| failed(error.into()))?;
    let record = state.encode(&view.geometry);
    generations.insert(state.number, record.as_slice()).map_err(|error| failed(error.into()))?;
    generations.retain_in(..oldest, |_, _| false).map_err(|error| failed(error.into()))?;
    for definition in [EARLIER_PAGES, EARLIER_BUNDLES] {
        let mut rows = transaction.open_table(definition).map_err(|error| failed(error.into()))?;
        // The oldest generation that is kept is reached by undoing the one after it.
        rows.retain_in(..=(oldest, u64::MAX), |_, _| false).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}
