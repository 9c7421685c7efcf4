//! The store: one file, opened by one handle.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
};

use redb::{Database, ReadableDatabase, StorageBackend, backends::FileBackend};

use crate::{
    bundle::Bundle,
    config::StoreConfig,
    error::StoreError,
    format::{
        BUNDLES, EARLIER_BUNDLES, EARLIER_PAGES, GENERATIONS, GenerationRecord, PAGES, STORE, check_format,
        encode_format,
    },
    geometry::Geometry,
    hash::{Digest, TreeHash},
    page::{LEAF_WORDS, PageWords, words_of},
    snapshot::{GenerationInfo, Snapshot},
    transaction::{Transaction, begin, commit},
    view::View,
};

/// Memory on disk whose roots are always those that were last committed.
///
/// One handle has the file; a second opener gets [`StoreError::AlreadyOpen`]. Reading takes `&self` and can be done from
/// several threads.
pub struct Store {
    // Before the database, which closes cleanly only once nobody reads.
    state: State,
    database: Database,
    config: StoreConfig,
}

enum State {
    Ready(Box<View>),
    /// A write failed, for this reason.
    Poisoned(String),
}

/// What a successful commit leaves.
pub(crate) struct Committed {
    pub state: GenerationRecord,
    /// Keys of changed bundles.
    pub changed: Vec<u64>,
    /// Some of them as they are now.
    pub fresh: Vec<(u64, Arc<Bundle>)>,
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
}

impl Store {
    /// Make a store in a new file. Its generation is 0 and its words are zero.
    ///
    /// # Errors
    ///
    /// A configuration outside its limits, a file that exists, or a failure to write it. What was begun is removed.
    pub fn create(path: &Path, config: &StoreConfig, hash: Arc<dyn TreeHash>) -> Result<Self, StoreError> {
        Self::create_filled(path, config, hash, |_| Ok(()))
    }

    /// Make a store in a new file and do something to it, or leave no file.
    ///
    /// It is made beside `path` and moved there when all is done. Until then an empty file holds the place: after a crash
    /// opening it says [`StoreError::Unfinished`].
    pub(crate) fn create_filled(
        path: &Path,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
        fill: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        config.check()?;
        OpenOptions::new().write(true).create_new(true).open(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists { path: path.to_owned() },
            _ => StoreError::Io { doing: "creating the file", source },
        })?;
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = Path::new(&part);
        let made = Self::create_part(part, config, hash, fill).and_then(|store| {
            fs::rename(part, path).map_err(|source| StoreError::Io { doing: "naming the file", source })?;
            sync_folder(path).map(|()| store)
        });
        if made.is_err() {
            // The first failure is the one to report.
            let _ = (fs::remove_file(part), fs::remove_file(path));
        }
        made
    }

    fn create_part(
        part: &Path,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
        fill: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        // What a crash left there is of no use.
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(part);
        let file = opened.map_err(|source| StoreError::Io { doing: "creating the file", source })?;
        let backend =
            FileBackend::new(file).map_err(|error| StoreError::storage("creating the store")(error.into()))?;
        let mut store = Self::create_on(backend, config, hash)?;
        fill(&mut store)?;
        Ok(store)
    }

    /// Make a store on other storage than a file, which must be empty.
    ///
    /// # Errors
    ///
    /// A configuration outside its limits, storage that is not empty, or a failure to write it.
    pub fn create_on(
        backend: impl StorageBackend,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
    ) -> Result<Self, StoreError> {
        config.check()?;
        let length = backend.len().map_err(|source| StoreError::Io { doing: "reading the length", source })?;
        if length != 0 {
            return Err(StoreError::NotAStore { reason: "a new one needs empty storage".into() });
        }
        let geometry = Arc::new(Geometry::new(config.spaces.clone(), config.program, hash));
        let database = open_database(backend, config, false)?;
        let state = GenerationRecord { number: 0, roots: geometry.zero_roots(), metadata: vec![] };
        write_first(&database, &geometry, &state)?;
        let view = newest_view(&database, &geometry, config)?;
        Ok(Self { state: State::Ready(Box::new(view)), database, config: config.clone() })
    }

    /// Open a store: check its format, spaces, hash, program, the seals of its generations, and that the stored nodes hash to
    /// its roots. Pages and lower nodes are checked when they are read.
    ///
    /// It also reads the whole file once and compares its checksums, so that a damaged file is refused here and not
    /// in the middle of something.
    ///
    /// # Errors
    ///
    /// All that a file can be other than a store made with the same configuration, each with its own error.
    pub fn open(path: &Path, config: &StoreConfig, hash: Arc<dyn TreeHash>) -> Result<Self, StoreError> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = opened.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path: path.to_owned() },
            _ => StoreError::Io { doing: "opening the file", source },
        })?;
        let backend = FileBackend::new(file).map_err(|error| StoreError::storage("opening the store")(error.into()))?;
        Self::open_on(backend, config, hash)
    }

    /// Open a store on other storage than a file.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub fn open_on(
        backend: impl StorageBackend,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
    ) -> Result<Self, StoreError> {
        config.check()?;
        // The database would make a new one in an empty file.
        if backend.len().map_err(|source| StoreError::Io { doing: "reading the length", source })? == 0 {
            return Err(StoreError::Unfinished);
        }
        let geometry = Arc::new(Geometry::new(config.spaces.clone(), config.program, hash));
        let database = open_database(backend, config, true)?;
        check_stored_format(&database, &geometry)?;
        let view = newest_view(&database, &geometry, config)?;
        view.generations()?;
        Ok(Self { state: State::Ready(Box::new(view)), database, config: config.clone() })
    }

    /// The current generation. It is 0 when a store is created, and one more after each commit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Poisoned`] after a failed write, here and in all that follows.
    pub fn generation(&self) -> Result<u64, StoreError> {
        Ok(self.view()?.state.number)
    }

    /// The root of a space.
    ///
    /// # Errors
    ///
    /// An unknown space.
    pub fn root(&self, space: u32) -> Result<Digest, StoreError> {
        let view = self.view()?;
        Ok(view.root(&view.geometry.shape(space)?))
    }

    /// The roots of all spaces, in the order of the configuration.
    ///
    /// # Errors
    ///
    /// [`StoreError::Poisoned`].
    pub fn roots(&self) -> Result<Vec<Digest>, StoreError> {
        Ok(self.view()?.state.roots.clone())
    }

    /// The metadata of the current generation.
    ///
    /// # Errors
    ///
    /// [`StoreError::Poisoned`].
    pub fn metadata(&self) -> Result<&[u8], StoreError> {
        Ok(&self.view()?.state.metadata)
    }

    /// A page, checked against the root. Nothing where all its words are zero.
    ///
    /// # Errors
    ///
    /// An unknown space, a page past its end, or stored bytes that do not hash to the root: the error names the node.
    pub fn read_page(&self, space: u32, page: u32) -> Result<Option<Box<PageWords>>, StoreError> {
        read_page(self.view()?, space, page)
    }

    /// A leaf, checked against the root: the words from `leaf` times [`LEAF_WORDS`] on. Some 30 hashes where its path is
    /// in the cache, against 255 for a page.
    ///
    /// # Errors
    ///
    /// An unknown space, a leaf past its end, or stored bytes that do not hash to the root.
    pub fn read_leaf(&self, space: u32, leaf: u32) -> Result<[u32; LEAF_WORDS], StoreError> {
        read_leaf(self.view()?, space, leaf)
    }

    /// The digest of a node, checked against the root: `height` is the distance from the leaves, `index` counts from the
    /// left.
    ///
    /// # Errors
    ///
    /// An unknown space, a node that its tree does not have, or stored bytes that do not hash to the root.
    pub fn node(&self, space: u32, height: u32, index: u32) -> Result<Digest, StoreError> {
        let view = self.view()?;
        view.node(&view.geometry.shape(space)?, height, index)
    }

    /// Begin to collect changes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Poisoned`].
    pub fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        self.view()?;
        Ok(Transaction::new(self))
    }

    /// The generations that can be read, oldest first. The last is the current one.
    ///
    /// # Errors
    ///
    /// A record whose seal does not fit.
    pub fn history(&self) -> Result<Vec<GenerationInfo>, StoreError> {
        Ok(self.view()?.generations()?.into_iter().map(GenerationInfo::from).collect())
    }

    /// A kept generation, to read, until the store is closed. It stays readable while commits go on; the file cannot be
    /// compacted meanwhile. It has a cache for checked nodes of its own, an eighth of the store's.
    ///
    /// # Errors
    ///
    /// A generation that is not kept, or stored bytes that do not hash to its roots.
    pub fn snapshot(&self, generation: u64) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::new(self.view_of(generation)?))
    }

    /// How much is stored.
    ///
    /// # Errors
    ///
    /// A failure to read.
    pub fn info(&self) -> Result<StoreInfo, StoreError> {
        let view = self.view()?;
        let [pages, bundles, earlier_records] = view.counts()?;
        let (oldest, newest) = view.kept();
        let generations_kept = newest - oldest + 1;
        Ok(StoreInfo { generation: newest, generations_kept, pages, bundles, earlier_records })
    }

    /// Give back the room in the file that nothing uses. Returns whether there was any.
    ///
    /// # Errors
    ///
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
    ///
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

/// A page of a view as words.
pub(crate) fn read_page(view: &View, space: u32, page: u32) -> Result<Option<Box<PageWords>>, StoreError> {
    let shape = view.geometry.shape(space)?;
    shape.check_page(page)?;
    Ok(view.whole_page(&shape, page)?.map(|page| words_of(&page.leaves)))
}

/// A leaf of a view as words.
pub(crate) fn read_leaf(view: &View, space: u32, leaf: u32) -> Result<[u32; LEAF_WORDS], StoreError> {
    let shape = view.geometry.shape(space)?;
    shape.check_leaf(leaf)?;
    let bytes = view.leaf(&shape, leaf)?;
    let words = bytes.as_chunks::<4>().0;
    Ok(std::array::from_fn(|position| u32::from_le_bytes(words[position])))
}

fn open_database(
    backend: impl StorageBackend,
    config: &StoreConfig,
    check_integrity: bool,
) -> Result<Database, StoreError> {
    let mut builder = Database::builder();
    builder.set_cache_size(config.file_cache_bytes).set_check_integrity_on_open(check_integrity);
    builder.create_with_backend(backend).map_err(|error| match redb::Error::from(error) {
        redb::Error::Corrupted(reason) => StoreError::NotAStore { reason },
        redb::Error::UpgradeRequired(version) => {
            StoreError::NotAStore { reason: format!("its database has the file format {version}, which is older") }
        }
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            StoreError::NotAStore { reason: error.to_string() }
        }
        other => StoreError::storage("opening the store")(other),
    })
}

/// Write all tables, the format record and the first generation.
fn write_first(database: &Database, geometry: &Geometry, state: &GenerationRecord) -> Result<(), StoreError> {
    let failed = StoreError::storage("creating the store");
    let transaction = begin(database)?;
    for (definition, key, record) in
        [(STORE, 0, encode_format(geometry)), (GENERATIONS, state.number, state.encode(geometry))]
    {
        let mut rows = transaction.open_table(definition).map_err(|error| failed(error.into()))?;
        rows.insert(key, record.as_slice()).map_err(|error| failed(error.into()))?;
    }
    for definition in [PAGES, BUNDLES] {
        transaction.open_table(definition).map_err(|error| failed(error.into()))?;
    }
    for definition in [EARLIER_PAGES, EARLIER_BUNDLES] {
        transaction.open_table(definition).map_err(|error| failed(error.into()))?;
    }
    commit(transaction)
}

fn check_stored_format(database: &Database, geometry: &Geometry) -> Result<(), StoreError> {
    let failed = StoreError::storage("reading the format");
    let transaction = begin_read(database)?;
    let rows = match transaction.open_table(STORE) {
        Ok(rows) => rows,
        Err(redb::TableError::Storage(error)) => return Err(failed(error.into())),
        Err(redb::TableError::TableDoesNotExist(_)) => return Err(StoreError::Unfinished),
        Err(other) => return Err(StoreError::NotAStore { reason: other.to_string() }),
    };
    let record = rows.get(0).map_err(|error| failed(error.into()))?.ok_or(StoreError::Unfinished)?;
    check_format(record.value(), geometry)
}

fn begin_read(database: &Database) -> Result<redb::ReadTransaction, StoreError> {
    database.begin_read().map_err(|error| StoreError::storage("reading the store")(error.into()))
}

fn newest_view(database: &Database, geometry: &Arc<Geometry>, config: &StoreConfig) -> Result<View, StoreError> {
    View::new(&begin_read(database)?, geometry.clone(), None, config.node_cache_bytes)
}

/// Make the name of a new file durable.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    // Elsewhere a folder cannot be opened, and names are durable with their files.
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| StoreError::Io { doing: "syncing the folder", source })?;
    }
    Ok(())
}
