//! A program's memory in a file.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use crate::{Space, Store, StoreConfig, StoreError};
use engram_air::field::Digest;
use engram_memory::{
    AddressSpaceConfig, Backing, Layout, MemoryImage, SPACE_MEMORY,
    address::LEAF_WORDS,
    image::{ImagePage, PAGE_WORDS},
};
use engram_rv32im::{PageSource, memory::Page};
use thiserror::Error;

use crate::poseidon2_tree::{Poseidon2Tree, digest_bytes, stored_digest};

/// The space whose words are kept: main memory. Registers and output start anew with each run.
const STATE_SPACE: u32 = SPACE_MEMORY;

/// Why a state cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another state than the one asked for.
    #[error("the state's root is not the expected one")]
    OtherRoot {
        /// In the file.
        found: Digest,
        /// Asked for.
        expected: Digest,
    },
}

/// A program's memory in a file, of which there is one handle at a time.
///
/// Generation 0 is a memory of zeros, generation 1 the program's own image, and each run that is committed makes the next.
pub struct StateFile {
    store: Arc<RwLock<Store>>,
}

/// Looks at a state for an executor and a replay.
///
/// The first failure is kept, see [`Backing::failure`].
pub struct StateReader {
    store: Arc<RwLock<Store>>,
    failure: Mutex<Option<String>>,
}

fn configuration(program: [u8; 32]) -> StoreConfig {
    let layout = Layout::rv32im();
    let of_space = |space: &AddressSpaceConfig| Space { number: space.number, height: layout.tree_height(space) };
    StoreConfig { program, ..StoreConfig::new(layout.space(STATE_SPACE).map(of_space).into_iter().collect()) }
}

/// The program that a store names.
fn program_of(store: &Store) -> Result<Digest, StoreError> {
    stored_digest(&store.program(), "the commitment of its program is none")
}

impl StateFile {
    /// The state of the program with this commitment. Where there is no file, one is made, with the program's image.
    ///
    /// # Errors
    /// A file that is no state of this program, that is damaged, that another handle has open, or a failure to write.
    pub fn open_or_create(path: &Path, program: &Digest, image: &MemoryImage) -> Result<Self, StateError> {
        let config = configuration(digest_bytes(program));
        let opened = match Store::open(path, &config, Arc::new(Poseidon2Tree)) {
            Err(StoreError::Missing { .. }) => Store::create(path, &config, Arc::new(Poseidon2Tree)),
            opened => opened,
        };
        let state = Self::of(opened?);
        // Also where creating it did not get further than this.
        if state.generation()? == 0 {
            state.commit(image, None)?;
        }
        Ok(state)
    }

    /// A state, of whatever program, and that program's commitment.
    ///
    /// # Errors
    /// A file that is no state, that is damaged, or that another handle has open.
    pub fn open(path: &Path) -> Result<(Self, Digest), StateError> {
        let store = Store::open_any_program(path, &configuration([0; 32]), Arc::new(Poseidon2Tree))?;
        let program = program_of(&store)?;
        Ok((Self::of(store), program))
    }

    /// Make a state in a new file from an export, which `open` opens twice: for its program, and for its pages.
    ///
    /// # Errors
    /// An export that is none or not whole, a file that exists, or a failure to write. Then there is no new file.
    pub fn import<R: std::io::Read>(
        path: &Path,
        mut open: impl FnMut() -> Result<R, StoreError>,
    ) -> Result<(Self, Digest), StateError> {
        let mut import = |program| Store::import(path, &configuration(program), Arc::new(Poseidon2Tree), open()?);
        let store = match import([0; 32]) {
            Err(StoreError::Program { stored, .. }) => import(stored)?,
            imported => imported?,
        };
        let program = program_of(&store)?;
        Ok((Self::of(store), program))
    }

    fn of(store: Store) -> Self {
        Self { store: Arc::new(RwLock::new(store)) }
    }

    /// The store itself.
    pub fn store(&self) -> RwLockReadGuard<'_, Store> {
        read(&self.store)
    }

    /// The root of memory.
    ///
    /// # Errors
    /// After a failed commit.
    pub fn root(&self) -> Result<Digest, StateError> {
        Ok(decoded(&self.store().root(STATE_SPACE)?)?)
    }

    /// How often the state was committed.
    ///
    /// # Errors
    /// After a failed commit.
    pub fn generation(&self) -> Result<u64, StateError> {
        Ok(self.store().generation()?)
    }

    /// Refuse a state with another root.
    ///
    /// # Errors
    /// [`StateError::OtherRoot`].
    pub fn expect_root(&self, expected: Digest) -> Result<(), StateError> {
        let found = self.root()?;
        if found == expected { Ok(()) } else { Err(StateError::OtherRoot { found, expected }) }
    }

    /// One to look at it with, for an executor and a replay.
    pub fn reader(&self) -> Arc<StateReader> {
        Arc::new(StateReader { store: self.store.clone(), failure: Mutex::default() })
    }

    /// Take over what is changed in pages of memory, all or none; only if they lead to the root that is expected, where one is.
    /// What is on disk when this returns stays there.
    ///
    /// # Errors
    /// Another root, after which nothing has changed, or a failure to write.
    pub fn commit(&self, changed: &MemoryImage, expected: Option<Digest>) -> Result<(), StateError> {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let mut leaves = vec![];
        for (page, words) in changed.pages(STATE_SPACE) {
            let stored = store.read_page(STATE_SPACE, page)?.unwrap_or_else(|| Box::new([0; PAGE_WORDS]));
            let before = stored.as_chunks::<LEAF_WORDS>().0;
            let after = words.as_chunks::<LEAF_WORDS>().0;
            let changed = before.iter().zip(after).zip(0..).filter(|((before, after), _)| before != after);
            leaves.extend(
                changed.map(|((_, after), position)| (page * (PAGE_WORDS / LEAF_WORDS) as u32 + position, *after)),
            );
        }
        let mut transaction = store.begin()?;
        for (leaf, words) in &leaves {
            transaction.set_leaf(STATE_SPACE, *leaf, words)?;
        }
        match expected {
            Some(root) => transaction.commit_expecting(&[digest_bytes(&root)])?,
            None => transaction.commit()?,
        };
        Ok(())
    }

    /// Give back the room in the file that nothing uses. Returns whether there was any.
    ///
    /// # Errors
    /// A failure to write.
    pub fn compact(&self) -> Result<bool, StateError> {
        Ok(self.store.write().unwrap_or_else(PoisonError::into_inner).compact()?)
    }
}

fn read(store: &RwLock<Store>) -> RwLockReadGuard<'_, Store> {
    // A panic elsewhere leaves a store whole: it poisons itself where a write did not end.
    store.read().unwrap_or_else(PoisonError::into_inner)
}

fn decoded(root: &[u8; 32]) -> Result<Digest, StoreError> {
    stored_digest(root, "its root is no digest")
}

impl fmt::Debug for StateFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StateFile").finish_non_exhaustive()
    }
}

impl fmt::Debug for StateReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StateReader").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl StateReader {
    /// The answer, or nothing, and the failure kept.
    fn noted<T>(&self, answer: Result<Option<T>, StoreError>) -> Option<T> {
        answer.unwrap_or_else(|error| {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.to_string());
            None
        })
    }
}

impl Backing for StateReader {
    fn page(&self, space: u32, page: u32) -> Option<Box<ImagePage>> {
        self.noted(read(&self.store).read_page(space, page))
    }

    fn node(&self, space: u32, height: u32, index: u32) -> Option<Digest> {
        let node = read(&self.store).node(space, height, index).and_then(|node| decoded(&node).map(Some));
        self.noted(node)
    }

    fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PageSource for StateReader {
    fn page(&self, number: u32) -> Result<Option<Box<Page>>, String> {
        let page = read(&self.store).read_page(STATE_SPACE, number).map_err(|error| error.to_string())?;
        Ok(page.map(|words| {
            let mut bytes: Box<Page> = Box::new([0; size_of::<Page>()]);
            bytes.as_chunks_mut::<4>().0.iter_mut().zip(*words).for_each(|(slot, word)| *slot = word.to_le_bytes());
            bytes
        }))
    }
}
