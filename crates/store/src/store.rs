//! The store: one file, opened by one handle.

use std::{fmt, fs, path::PathBuf, sync::Arc};

use redb::{Database, ReadableDatabase};

use crate::{
    config::StoreConfig,
    error::StoreError,
    geometry::Geometry,
    hash::Digest,
    page::{LEAF_WORDS, PageWords},
    snapshot::{GenerationInfo, Snapshot},
    view::View,
    writer::Committed,
};

/// Memory on disk whose roots are always those that were last committed.
///
/// One handle has the file; a second opener gets [`StoreError::AlreadyOpen`]. Reading takes `&self` and can be done from
/// several threads.
pub struct Store {
    // Before the database, which closes cleanly only once nobody reads.
    pub(crate) state: State,
    pub(crate) database: Database,
    pub(crate) config: StoreConfig,
    /// Where the file is, if it is one.
    pub(crate) path: Option<PathBuf>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = self.view().map(|view| view.state.number);
        formatter
            .debug_struct("Store")
            .field("path", &self.path)
            .field("generation", &generation)
            .finish_non_exhaustive()
    }
}

/// Whether a store can be used.
pub(crate) enum State {
    Ready(Box<View>),
    /// A write failed, for this reason.
    Poisoned(String),
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// The current generation.
    pub generation: u64,
    /// Generations that can be read, the current one included.
    pub generations_kept: u64,
    /// Pages with a word that is not zero.
    pub pages: u64,
    /// Bundles of up to 128 nodes above them.
    pub bundles: u64,
    /// Records of what later generations replaced.
    pub earlier_records: u64,
    /// Length of the file. Nothing where the store is not in a file. A page of words takes twice its size in it, and what
    /// commits replaced stays in it until it is used again or the store is compacted.
    pub file_bytes: Option<u64>,
}

impl Store {
    /// The current generation. It is 0 when a store is created, and one more after each commit.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] after a failed write, here and in all that follows.
    pub fn generation(&self) -> Result<u64, StoreError> {
        Ok(self.view()?.state.number)
    }

    /// Commitment to the program whose memory this is, as it was given when the store was created.
    pub fn program(&self) -> Digest {
        self.config.program
    }

    /// The root of a space.
    ///
    /// # Errors
    /// An unknown space.
    pub fn root(&self, space: u32) -> Result<Digest, StoreError> {
        let view = self.view()?;
        Ok(view.root(&view.geometry.shape(space)?))
    }

    /// The roots of all spaces, in the order of the configuration.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`].
    pub fn roots(&self) -> Result<Vec<Digest>, StoreError> {
        Ok(self.view()?.state.roots.clone())
    }

    /// The metadata of the current generation.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`].
    pub fn metadata(&self) -> Result<&[u8], StoreError> {
        Ok(&self.view()?.state.metadata)
    }

    /// A page, checked against the root. Nothing where all its words are zero.
    ///
    /// # Errors
    /// An unknown space, a page past its end, or stored bytes that do not hash to the root: the error names the node.
    pub fn read_page(&self, space: u32, page: u32) -> Result<Option<Box<PageWords>>, StoreError> {
        self.view()?.read_page(space, page)
    }

    /// A leaf, checked against the root: the words from `leaf` times [`LEAF_WORDS`] on. Some 30 hashes where its path is
    /// in the cache, against 255 for a page.
    ///
    /// # Errors
    /// An unknown space, a leaf past its end, or stored bytes that do not hash to the root.
    pub fn read_leaf(&self, space: u32, leaf: u32) -> Result<[u32; LEAF_WORDS], StoreError> {
        self.view()?.read_leaf(space, leaf)
    }

    /// The digest of a node, checked against the root: `height` is the distance from the leaves, `index` counts from the
    /// left.
    ///
    /// # Errors
    /// An unknown space, a node that its tree does not have, or stored bytes that do not hash to the root.
    pub fn node(&self, space: u32, height: u32, index: u32) -> Result<Digest, StoreError> {
        let view = self.view()?;
        view.node(&view.geometry.shape(space)?, height, index)
    }

    /// The generations that can be read, oldest first. The last is the current one.
    ///
    /// # Errors
    /// A record whose seal does not fit.
    pub fn history(&self) -> Result<Vec<GenerationInfo>, StoreError> {
        Ok(self.view()?.generations()?.into_iter().map(GenerationInfo::from).collect())
    }

    /// A kept generation, to read, until the store is closed. It stays readable while commits go on; the file cannot be
    /// compacted meanwhile. It has a cache for checked nodes of its own, an eighth of the store's.
    ///
    /// # Errors
    /// A generation that is not kept, or stored bytes that do not hash to its roots.
    pub fn snapshot(&self, generation: u64) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::new(self.view_of(generation)?))
    }

    /// How much is stored.
    ///
    /// # Errors
    /// A failure to read.
    pub fn info(&self) -> Result<StoreInfo, StoreError> {
        let view = self.view()?;
        let [pages, bundles, earlier_records] = view.counts()?;
        let (oldest, newest) = view.kept();
        let generations_kept = newest - oldest + 1;
        let file_bytes = match &self.path {
            None => None,
            Some(path) => {
                let data = fs::metadata(path);
                Some(data.map_err(|source| StoreError::Io { doing: "reading the file's length", source })?.len())
            }
        };
        Ok(StoreInfo { generation: newest, generations_kept, pages, bundles, earlier_records, file_bytes })
    }

    /// Give back the room in the file that nothing uses. Returns whether there was any.
    ///
    /// # Errors
    /// [`StoreError::SnapshotsOpen`]: then nothing was done. A failure to write poisons the store.
    pub fn compact(&mut self) -> Result<bool, StoreError> {
        let geometry = self.view()?.geometry.clone();
        // Compaction needs that nobody reads, this handle included.
        self.state = State::Poisoned("a compaction did not end".into());
        let compacted = self.database.compact();
        let refused = matches!(compacted, Err(redb::CompactionError::TransactionInProgress));
        let compacted = match compacted {
            Ok(compacted) => Ok(compacted),
            Err(_) if refused => Err(StoreError::SnapshotsOpen),
            Err(error) => Err(StoreError::storage("compacting the file")(error.into())),
        };
        match (&compacted, newest_view(&self.database, &geometry, &self.config)) {
            (Err(error), _) if !refused => self.state = State::Poisoned(error.to_string()),
            (_, Ok(view)) => self.state = State::Ready(Box::new(view)),
            (_, Err(error)) => {
                self.state = State::Poisoned(error.to_string());
                return Err(error);
            }
        }
        compacted
    }

    /// Close the file. Dropping the store closes it too, but cannot say whether that failed. What was committed is on disk
    /// in any case.
    ///
    /// # Errors
    /// A failure to write the mark of a clean end; the next opening repairs it.
    pub fn close(self) -> Result<(), StoreError> {
        let Self { state, database, .. } = self;
        drop(state);
        database.close().map_err(|error| StoreError::storage("closing the file")(error.into()))
    }

    pub(crate) fn view(&self) -> Result<&View, StoreError> {
        match &self.state {
            State::Ready(view) => Ok(view),
            State::Poisoned(cause) => Err(StoreError::Poisoned { cause: cause.clone() }),
        }
    }

    /// A kept generation as a view.
    pub(crate) fn view_of(&self, generation: u64) -> Result<View, StoreError> {
        let geometry = self.view()?.geometry.clone();
        let transaction = begin_read(&self.database)?;
        // Several may be open at once.
        View::new(&transaction, geometry, Some(generation), self.config.node_cache_bytes / 8)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn generations_kept(&self) -> u64 {
        self.config.generations_kept
    }

    /// Take over what a commit did, or note that it failed.
    pub(crate) fn finish(&mut self, written: Result<Committed, StoreError>) -> Result<Vec<Digest>, StoreError> {
        let geometry = self.view()?.geometry.clone();
        let done = match written {
            Ok(done) => done,
            Err(error) => {
                // Only the database's own failures leave open what is on disk. All other errors come before the commit.
                if matches!(error, StoreError::Storage { .. }) {
                    self.state = State::Poisoned(error.to_string());
                }
                return Err(error);
            }
        };
        let mut view = match newest_view(&self.database, &geometry, &self.config) {
            Ok(view) => view,
            Err(error) => {
                // The generation is on disk, and this handle cannot read it.
                self.state = State::Poisoned(error.to_string());
                return Err(error);
            }
        };
        let poisoned = State::Poisoned("a commit did not end".into());
        if let State::Ready(before) = std::mem::replace(&mut self.state, poisoned) {
            view.inherit(*before, &done.changed, done.fresh);
        }
        self.state = State::Ready(Box::new(view));
        Ok(done.state.roots)
    }
}

pub(crate) fn begin_read(database: &Database) -> Result<redb::ReadTransaction, StoreError> {
    database.begin_read().map_err(|error| StoreError::storage("reading the store")(error.into()))
}

pub(crate) fn newest_view(
    database: &Database,
    geometry: &Arc<Geometry>,
    config: &StoreConfig,
) -> Result<View, StoreError> {
    View::new(&begin_read(database)?, geometry.clone(), None, config.node_cache_bytes)
}
