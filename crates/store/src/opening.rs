//! Making stores and opening them.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
};

use redb::{Database, StorageBackend, backends::FileBackend};

use crate::{
    config::StoreConfig,
    error::StoreError,
    format::{
        BUNDLES, EARLIER_BUNDLES, EARLIER_PAGES, GENERATIONS, GenerationRecord, PAGES, STORE, check_format,
        encode_format,
    },
    geometry::Geometry,
    hash::TreeHash,
    store::{State, Store, begin_read, newest_view},
    transaction::{begin, commit},
};

impl Store {
    /// Make a store in a new file. Its generation is 0 and its words are zero.
    ///
    /// # Errors
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
            sync_folder(path)?;
            Ok(Self { path: Some(path.to_owned()), ..store })
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
        Ok(Self { state: State::Ready(Box::new(view)), database, config: config.clone(), path: None })
    }

    /// Open a store: check its format, spaces, hash, program, the seals of its generations, and that the stored nodes hash to
    /// its roots. Pages and lower nodes are checked when they are read.
    ///
    /// It also reads the whole file once and compares its checksums, so that a damaged file is refused here and not
    /// in the middle of something.
    ///
    /// # Errors
    /// All that a file can be other than a store made with the same configuration, each with its own error.
    pub fn open(path: &Path, config: &StoreConfig, hash: Arc<dyn TreeHash>) -> Result<Self, StoreError> {
        Ok(Self { path: Some(path.to_owned()), ..Self::open_on(open_file(path)?, config, hash)? })
    }

    /// Open a store on other storage than a file.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_on(
        backend: impl StorageBackend,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
    ) -> Result<Self, StoreError> {
        Self::open_for(backend, config, hash, false)
    }

    /// Open a store of whatever program: that of the configuration is not looked at. See [`Store::program`].
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_any_program(path: &Path, config: &StoreConfig, hash: Arc<dyn TreeHash>) -> Result<Self, StoreError> {
        let store = Self::open_for(open_file(path)?, config, hash, true)?;
        Ok(Self { path: Some(path.to_owned()), ..store })
    }

    fn open_for(
        backend: impl StorageBackend,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
        any_program: bool,
    ) -> Result<Self, StoreError> {
        config.check()?;
        let mut config = config.clone();
        // The database would make a new one in an empty file.
        if backend.len().map_err(|source| StoreError::Io { doing: "reading the length", source })? == 0 {
            return Err(StoreError::Unfinished);
        }
        let mut geometry = Geometry::new(config.spaces.clone(), config.program, hash);
        let database = open_database(backend, &config, true)?;
        match check_stored_format(&database, &geometry) {
            Err(StoreError::Program { stored, .. }) if any_program => {
                (geometry.program, config.program) = (stored, stored);
                check_stored_format(&database, &geometry)?;
            }
            checked => checked?,
        }
        let view = newest_view(&database, &Arc::new(geometry), &config)?;
        view.generations()?;
        Ok(Self { state: State::Ready(Box::new(view)), database, config, path: None })
    }
}

fn open_file(path: &Path) -> Result<FileBackend, StoreError> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let file = opened.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => StoreError::Missing { path: path.to_owned() },
        _ => StoreError::Io { doing: "opening the file", source },
    })?;
    FileBackend::new(file).map_err(|error| StoreError::storage("opening the store")(error.into()))
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
