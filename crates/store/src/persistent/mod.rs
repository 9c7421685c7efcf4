//! Memory of configured spaces in a file: [`PersistentMemory`].

mod error;
mod layout;
mod snapshot;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    sync::Arc,
};

use crate::{PAGE_LEAVES, Store, StoreError, TreeHash};
use engram_air::{F, field::Digest};
use engram_memory::{
    adapter::MemoryAdapter,
    address::LEAF_CELLS,
    config::MemoryConfig,
    error::MemoryError,
    image::MemoryImage,
    log::{MemoryLog, RecordId},
    online::Memory,
    proof::{MemoryProofGenerator, roots_digest},
};
pub use error::PersistentError;
use layout::{CellRange, LeafAt, LeafWords, cell, decoded_roots, set_cell, store_config};
pub use snapshot::PersistentSnapshot;

use crate::poseidon2_tree::{Poseidon2Tree, digest_bytes};

/// Most leaves that are kept after they were read, so that they are checked once: some 5 MiB.
const SEEN_LEAVES_MAX: usize = 1 << 16;

/// Memory that outlives the process: the spaces of a configuration in one file, of which there is one handle at a time.
///
/// It answers accesses as [`Memory`] does, with the same errors. What is written is held in RAM until [`Self::commit`], which
/// makes all of it durable in one step; without that it is lost, and after a crash the file has the last commit. Each commit
/// is a *generation*, and starts a new log at timestamp 1, with room for the configuration's accesses. What is read is taken from
/// the file leaf by leaf, and checked against the root.
///
/// Roots are those that proofs over logs name. Cells have 16 bits: a space of field elements is refused.
///
/// RAM: 48 MiB for the file's pages and nodes, 5 MiB for leaves that were read, and the log and what is written until a commit.
pub struct PersistentMemory {
    store: Store,
    config: MemoryConfig,
    /// Says what is possible, keeps the log, and has the identity space. Its cells are not read.
    accesses: Memory,
    /// Written since the last commit.
    changed: BTreeMap<LeafAt, LeafWords>,
    /// Some leaves of the last commit.
    seen: HashMap<LeafAt, LeafWords>,
    failure: Option<String>,
}

impl fmt::Debug for PersistentMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = formatter.debug_struct("PersistentMemory");
        out.field("config", &self.config).field("changed_leaves", &self.changed.len()).finish_non_exhaustive()
    }
}

/// A store's view of a configuration that is not its own.
fn opened(result: Result<Store, StoreError>) -> Result<Store, PersistentError> {
    result.map_err(|error| match error {
        StoreError::Program { .. } => PersistentError::OtherConfiguration,
        error => error.into(),
    })
}

impl PersistentMemory {
    /// A memory of zeros in a new file. Its generation is 0.
    ///
    /// # Errors
    /// A space of field cells or of fewer than 128 cells; a file that exists; a failure to write. Then there is no new file.
    pub fn create(path: &Path, config: &MemoryConfig) -> Result<Self, PersistentError> {
        let store = opened(Store::create(path, &store_config(config)?, Arc::new(Poseidon2Tree)))?;
        Ok(Self::of(store, config))
    }

    /// The memory in a file.
    ///
    /// # Errors
    /// As for [`Self::create`]; no file; one that is no memory of such spaces, that is damaged, or that is open elsewhere.
    pub fn open(path: &Path, config: &MemoryConfig) -> Result<Self, PersistentError> {
        let store = opened(Store::open(path, &store_config(config)?, Arc::new(Poseidon2Tree)))?;
        Ok(Self::of(store, config))
    }

    /// The memory in a file, which is made where there is none.
    ///
    /// # Errors
    /// As for [`Self::open`] and [`Self::create`].
    pub fn open_or_create(path: &Path, config: &MemoryConfig) -> Result<Self, PersistentError> {
        match Self::open(path, config) {
            Err(PersistentError::Store(StoreError::Missing { .. })) => Self::create(path, config),
            opened => opened,
        }
    }

    fn of(store: Store, config: &MemoryConfig) -> Self {
        let accesses = Memory::new(config);
        let (changed, seen) = (BTreeMap::new(), HashMap::new());
        Self { store, config: config.clone(), accesses, changed, seen, failure: None }
    }

    /// The configuration.
    pub fn config(&self) -> &MemoryConfig {
        &self.config
    }

    /// The digest over the roots of all normal spaces at the last commit.
    ///
    /// # Errors
    /// After a failed commit, in this and all that follows, until the file is opened again.
    pub fn root(&self) -> Result<Digest, PersistentError> {
        Ok(roots_digest(&self.roots()?))
    }

    /// The root of each normal space at the last commit, in the configuration's order.
    ///
    /// # Errors
    /// As for [`Self::root`].
    pub fn roots(&self) -> Result<Vec<Digest>, PersistentError> {
        decoded_roots(&self.store.roots()?)
    }

    /// How often the memory was committed.
    ///
    /// # Errors
    /// As for [`Self::root`].
    pub fn generation(&self) -> Result<u64, PersistentError> {
        Ok(self.store.generation()?)
    }

    /// What was done since the last commit, in order.
    pub fn log(&self) -> &MemoryLog {
        self.accesses.log()
    }

    /// Leaves of 16 cells that were written since the last commit.
    pub fn changed_leaves(&self) -> usize {
        self.changed.len()
    }

    /// Why reading the file failed first, where it did. An access that it answered without an error is right nonetheless.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Make all writes durable, as the next generation.
    ///
    /// # Errors
    /// Stored bytes that do not hash to the root: then nothing was written. A failure to write: then it is not known
    /// whether the generation is on disk, and the file must be opened again.
    pub fn commit(&mut self) -> Result<(), PersistentError> {
        self.commit_if(None)
    }

    /// Make all writes durable, but only if they lead to these roots of all normal spaces, such as those of a verified
    /// [`engram_memory::proof::MemoryStatement`].
    ///
    /// # Errors
    /// As for [`Self::commit`]; other roots, or not as many as there are normal spaces: then nothing was written.
    pub fn commit_expecting(&mut self, roots: &[Digest]) -> Result<(), PersistentError> {
        self.commit_if(Some(roots))
    }

    fn commit_if(&mut self, expected: Option<&[Digest]>) -> Result<(), PersistentError> {
        let mut transaction = self.store.begin()?;
        for ((space, leaf), words) in &self.changed {
            transaction.set_leaf(*space, *leaf, words)?;
        }
        match expected {
            Some(roots) => transaction.commit_expecting(&roots.iter().map(digest_bytes).collect::<Vec<_>>())?,
            None => transaction.commit()?,
        };
        for at in self.changed.keys() {
            self.seen.remove(at);
        }
        self.discard();
        Ok(())
    }

    /// Forget all that was done since the last commit.
    pub fn discard(&mut self) {
        self.changed.clear();
        self.accesses = Memory::new(&self.config);
    }

    /// A generation among the last eight, to read. It stays readable while commits go on.
    ///
    /// # Errors
    /// A generation that is not kept.
    pub fn snapshot(&self, generation: u64) -> Result<PersistentSnapshot, PersistentError> {
        Ok(PersistentSnapshot::new(self.store.snapshot(generation)?, self.config.clone()))
    }

    /// Give back the room in the file that nothing uses. Returns whether there was any.
    ///
    /// # Errors
    /// Open snapshots: then nothing was done. A failure to write.
    pub fn compact(&mut self) -> Result<bool, PersistentError> {
        Ok(self.store.compact()?)
    }

    /// All cells of the last commit, in RAM: two bytes a cell, for pages that are not zero.
    ///
    /// # Errors
    /// Stored bytes that do not hash to the root.
    pub fn image(&self) -> Result<MemoryImage, PersistentError> {
        let mut image = MemoryImage::new();
        for space in self.config.normal_spaces() {
            let height = self.config.layout().tree_height(space);
            let page_height = PAGE_LEAVES.ilog2().min(height);
            let mut zeros = vec![Poseidon2Tree.leaf(&[0; 32])];
            for below in 0..height as usize {
                zeros.push(Poseidon2Tree.node(&zeros[below], &zeros[below]));
            }
            // What is zero is not descended into.
            let mut nodes = vec![(height, 0)];
            while let Some((height, index)) = nodes.pop() {
                if self.store.node(space.number, height, index)? == zeros[height as usize] {
                    continue;
                }
                if height > page_height {
                    nodes.extend([2 * index, 2 * index + 1].map(|child| (height - 1, child)));
                } else if let Some(words) = self.store.read_page(space.number, index)? {
                    image.set_page(space.number, index, &words);
                }
            }
        }
        Ok(image)
    }

    /// Proves what was done since the last commit: a proof's initial root is [`Self::root`], and its final roots are what to
    /// [`Self::commit_expecting`]. The image before is held in RAM, see [`Self::image`].
    ///
    /// # Errors
    /// As for [`Self::image`].
    pub fn proof_generator(&self) -> Result<MemoryProofGenerator, PersistentError> {
        Ok(MemoryProofGenerator::new(self.log().clone(), &self.config).with_image(self.image()?))
    }

    /// A leaf as it is now, from the file where need be.
    fn leaf(&mut self, at: LeafAt) -> Result<LeafWords, MemoryError> {
        if let Some(words) = self.changed.get(&at).or_else(|| self.seen.get(&at)) {
            return Ok(*words);
        }
        let words = self.store.read_leaf(at.0, at.1).map_err(|error| {
            self.failure.get_or_insert_with(|| error.to_string());
            MemoryError::NotAvailable { what: "a part of the memory's file" }
        })?;
        if self.seen.len() >= SEEN_LEAVES_MAX {
            self.seen.clear();
        }
        self.seen.insert(at, words);
        Ok(words)
    }
}

/// The errors of [`Memory`]; and [`MemoryError::NotAvailable`] where the file cannot be read or does not hash to its root, of which
/// [`PersistentMemory::failure`] says more. An access that returns an error changes nothing and is not logged.
impl MemoryAdapter for PersistentMemory {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        let mut leaves = vec![];
        let range = CellRange::of(&self.config, space, pointer, len);
        for at in range.into_iter().flat_map(CellRange::leaves) {
            leaves.push((at, self.leaf(at)?));
        }
        let (id, checked) = self.accesses.read_dynamic(space, pointer, len)?;
        let Some(range) = range else { return Ok((id, checked)) };
        let (_, first) = leaves[0].0;
        let cells = range.places().map(|((_, leaf), place)| cell(&leaves[(leaf - first) as usize].1, place));
        Ok((id, cells.collect()))
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        let mut leaves = BTreeMap::new();
        let range = CellRange::of(&self.config, space, pointer, data.len());
        for at in range.into_iter().flat_map(CellRange::leaves) {
            // An aligned access of a leaf or two leaves nothing of what was there.
            let words = if data.len() < LEAF_CELLS { self.leaf(at)? } else { [0; _] };
            leaves.insert(at, words);
        }
        let id = self.accesses.write_slice(space, pointer, data)?;
        for ((at, place), &value) in range.into_iter().flat_map(CellRange::places).zip(data) {
            if let Some(words) = leaves.get_mut(&at) {
                set_cell(words, place, value);
            }
        }
        self.changed.extend(leaves);
        Ok(id)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.accesses.increment_timestamp()
    }
}
