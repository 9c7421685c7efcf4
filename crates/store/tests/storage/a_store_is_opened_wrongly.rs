//! A store opened twice, for something else than it was made for, or that is none.

use std::{fs, sync::Arc};

use engram_store::{Digest, Leaf, Space, Store, StoreConfig, StoreError, TreeHash};
use redb::{Database, ReadableTable, TableDefinition};

use crate::{
    disk::Disk,
    model::{Blake3, Change, Model, SPACES, commit, config, hash},
};

/// Another hash: leaves and nodes the other way round.
struct Other;

impl TreeHash for Other {
    fn leaf(&self, bytes: &Leaf) -> Digest {
        Blake3.leaf(&std::array::from_fn(|at| !bytes[at]))
    }

    fn node(&self, left: &Digest, right: &Digest) -> Digest {
        Blake3.node(right, left)
    }

    fn is_digest(&self, _: &Digest) -> bool {
        true
    }
}

#[test]
fn the_second_opener_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let store = Store::create(&path, &config(), hash()).unwrap();
    assert!(matches!(Store::open(&path, &config(), hash()).map(drop), Err(StoreError::AlreadyOpen)));
    assert!(matches!(Store::create(&path, &config(), hash()).map(drop), Err(StoreError::Exists { .. })));
    drop(store);
    let store = Store::open(&path, &config(), hash()).unwrap();
    assert!(matches!(Store::open(&path, &config(), hash()).map(drop), Err(StoreError::AlreadyOpen)));
    store.close().unwrap();
    let store = Store::open(&path, &config(), hash()).unwrap();
    assert_eq!(store.info().unwrap().file_bytes, Some(fs::metadata(&path).unwrap().len()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the store is left");
}

#[test]
fn what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    assert!(matches!(Store::open(&path, &config(), hash()).map(drop), Err(StoreError::Missing { .. })));
    fs::write(&path, []).unwrap();
    assert!(matches!(Store::open(&path, &config(), hash()).map(drop), Err(StoreError::Unfinished)));
    for bytes in [b"x".to_vec(), vec![0; 5000], b"not a store at all, but longer than any header could be ".repeat(200)]
    {
        fs::write(&path, &bytes).unwrap();
        let error = Store::open(&path, &config(), hash()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{} bytes: {error:?}", bytes.len());
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is left as it was");
    }
    fs::remove_file(&path).unwrap();
    // A database of something else.
    drop(Database::create(&path).unwrap());
    assert!(matches!(Store::open(&path, &config(), hash()).map(drop), Err(StoreError::Unfinished)));
    fs::remove_file(&path).unwrap();
    let missing = folder.path().join("no such folder").join("memory");
    assert!(matches!(Store::create(&missing, &config(), hash()).map(drop), Err(StoreError::Io { .. })));
}

#[test]
fn another_configuration_is_refused() {
    let disk = Disk::default();
    drop(Store::create_on(disk.clone(), &config(), hash()).unwrap());
    let open = |config: &StoreConfig, hash| Store::open_on(Disk::with(disk.bytes()), config, hash).map(drop);
    let mut spaces = config();
    spaces.spaces[2].height = 26;
    assert!(matches!(open(&spaces, hash()), Err(StoreError::Spaces { .. })));
    let mut fewer = config();
    fewer.spaces.pop();
    assert!(matches!(open(&fewer, hash()), Err(StoreError::Spaces { .. })));
    let mut program = config();
    program.program = [8; 32];
    assert!(matches!(open(&program, hash()), Err(StoreError::Program { .. })));
    assert!(matches!(open(&config(), Arc::new(Other)), Err(StoreError::Hash)));
    open(&config(), hash()).unwrap();
}

#[test]
fn a_store_of_whatever_program_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let mut store = Store::create(&path, &config(), hash()).unwrap();
    let roots = commit(&mut store, &[Change::Leaf(2, 1, [1; 8])]).unwrap();
    store.close().unwrap();
    let mut other = config();
    other.program = [0; 32];
    let mut store = Store::open_any_program(&path, &other, hash()).unwrap();
    assert_eq!((store.program(), store.roots().unwrap()), (config().program, roots));
    // What it commits then belongs to that program.
    commit(&mut store, &[Change::Leaf(2, 1, [2; 8])]).unwrap();
    store.close().unwrap();
    let store = Store::open(&path, &config(), hash()).unwrap();
    assert_eq!((store.program(), store.generation().unwrap()), (config().program, 2));
    drop(store);
    assert!(matches!(Store::open_any_program(&path, &other, Arc::new(Other)).map(drop), Err(StoreError::Hash)));
    other.spaces.pop();
    assert!(matches!(Store::open_any_program(&path, &other, hash()).map(drop), Err(StoreError::Spaces { .. })));
}

#[test]
fn a_configuration_outside_its_limits_is_refused() {
    let create = |config: &StoreConfig| Store::create_on(Disk::default(), config, hash()).map(drop);
    let limited = |config: StoreConfig| {
        let error = create(&config).unwrap_err();
        assert!(matches!(error, StoreError::Limit { .. }), "{error}");
    };
    limited(StoreConfig::new(vec![]));
    limited(StoreConfig::new((0..17).map(|number| Space { number, height: 5 }).collect()));
    limited(StoreConfig::new(vec![Space { number: 1, height: 2 }]));
    limited(StoreConfig::new(vec![Space { number: 1, height: 33 }]));
    limited(StoreConfig { generations_kept: 0, ..config() });
    limited(StoreConfig { generations_kept: 65, ..config() });
    limited(StoreConfig { file_cache_bytes: 0, ..config() });
    limited(StoreConfig { node_cache_bytes: 0, ..config() });
    let twice = StoreConfig::new(vec![SPACES[0], SPACES[0]]);
    assert!(matches!(create(&twice), Err(StoreError::RepeatedSpace { space: 1 })));
}

#[test]
fn another_version_of_the_format_is_refused() {
    for version in [0u32, 2, u32::MAX] {
        let disk = Disk::default();
        drop(Store::create_on(disk.clone(), &config(), hash()).unwrap());
        let database = Database::builder().create_with_backend(disk.clone()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let table: TableDefinition<u64, &[u8]> = TableDefinition::new("store");
            let mut rows = transaction.open_table(table).unwrap();
            let mut record = rows.get(0).unwrap().unwrap().value().to_vec();
            record[8..12].copy_from_slice(&version.to_le_bytes());
            rows.insert(0, record.as_slice()).unwrap();
        }
        transaction.commit().unwrap();
        drop(database);
        let error = Store::open_on(disk, &config(), hash()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Version { found, supported: 1 } if found == version), "{error}");
    }
}

#[test]
fn the_tallest_tree_and_the_lowest_work() {
    for height in [3, 4, 6, 7, 8, 14, 15, 21, 28, 32] {
        let disk = Disk::default();
        let config = StoreConfig::new(vec![Space { number: 0, height }]);
        let mut store = Store::create_on(disk.clone(), &config, hash()).unwrap();
        let last = ((1u64 << height) - 1) as u32;
        let changes = [Change::Leaf(0, 0, [1; 8]), Change::Leaf(0, last, [2; 8])];
        let mut model = Model::default();
        changes.iter().for_each(|change| model.apply(change));
        let roots = commit(&mut store, &changes).unwrap();
        assert_eq!(roots, [model.root(config.spaces[0])], "height {height}");
        store.verify_all().unwrap();
        drop(store);
        let store = Store::open_on(disk, &config, hash()).unwrap();
        assert_eq!(store.read_leaf(0, last).unwrap(), [2; 8], "height {height}");
        assert_eq!(store.node(0, height, 0).unwrap(), roots[0]);
    }
}
