//! Exports: what comes back is what went out, and nothing else is taken in.

use std::{fs, io, path::Path};

use engram_store::{GENERATION_LAST, Space, Store, StoreConfig, StoreError};
use rand::Rng;

use crate::{
    disk::Disk,
    model::{Change, Model, commit, config, hash, random_changes, rng},
};

/// Where the head has the generation's number: after magic, version, length, and what the store was made for.
const HEAD_GENERATION: usize = 8 + 4 + 4 + (1 + 3 * 5 + 64);

/// A store with some generations, and its current words.
fn filled(seed: u64, commits: usize, changes_max: usize) -> (Store, Vec<Model>) {
    let mut rng = rng(seed);
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    let mut models = vec![Model::default()];
    for number in 0..commits {
        let changes = random_changes(&mut rng, changes_max);
        let mut model = models[number].clone();
        changes.iter().for_each(|change| model.apply(change));
        commit(&mut store, &changes).unwrap();
        models.push(model);
    }
    (store, models)
}

fn import(path: &Path, bytes: &[u8]) -> Result<Store, StoreError> {
    Store::import(path, &config(), hash(), bytes)
}

#[test]
fn an_import_is_what_was_exported() {
    let folder = tempfile::tempdir().unwrap();
    let (store, models) = filled(80, 12, 40);
    for info in store.history().unwrap() {
        let mut bytes = vec![];
        let pages = store.snapshot(info.generation).unwrap().export(&mut bytes).unwrap();
        let model = &models[info.generation as usize];
        assert_eq!(pages, model.pages().len() as u64);
        let path = folder.path().join(info.generation.to_string());
        let mut imported = import(&path, &bytes).unwrap();
        assert_eq!(imported.history().unwrap(), std::slice::from_ref(&info));
        model.assert_is_in(&imported);
        let mut again = vec![];
        imported.export(&mut again).unwrap();
        assert_eq!(again, bytes, "one generation has one encoding");
        commit(&mut imported, &[Change::Leaf(2, 0, [3; 8])]).unwrap();
        drop(imported);
        let store = Store::open(&path, &config(), hash()).unwrap();
        assert_eq!(store.generation().unwrap(), info.generation + 1);
        store.verify_all().unwrap();
    }
}

/// Import into memory.
fn import_aside(bytes: &[u8]) -> Result<Store, StoreError> {
    Store::import_on(Disk::default(), &config(), hash(), bytes)
}

#[test]
fn each_flipped_byte_of_an_export_is_refused() {
    let (store, models) = filled(81, 3, 9);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    let mut rng = rng(82);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << rng.random_range(0..8);
        let imported = import_aside(&flipped);
        if (HEAD_GENERATION..HEAD_GENERATION + 8).contains(&at) {
            // The generation's number is of no root: another one is another export.
            models[3].assert_is_in(&imported.unwrap());
        } else {
            imported.map(drop).expect_err(&format!("byte {at}"));
        }
    }
    models[3].assert_is_in(&import_aside(&bytes).unwrap());
}

#[test]
fn an_import_that_is_refused_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let (store, _) = filled(87, 2, 3);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    // In the last page, which is the last but the end of its space and the number of pages.
    let at = bytes.len() - 8 - 1 - 1;
    bytes[at] ^= 1;
    let refused = import(&path, &bytes).map(drop);
    assert!(matches!(refused, Err(StoreError::UnexpectedRoot { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_export_cut_short_or_with_more_behind_is_refused() {
    let (store, _) = filled(83, 2, 4);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    let step = (bytes.len() / 2000).max(1);
    for length in (0..bytes.len()).step_by(step) {
        let error = import_aside(&bytes[..length]).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Import { .. }), "{length}: {error}");
    }
    bytes.push(0);
    assert!(matches!(import_aside(&bytes).map(drop), Err(StoreError::Import { .. })));
}

#[test]
fn the_last_generation_there_can_be_is_imported_and_no_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let (store, _) = filled(86, 1, 4);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    bytes[HEAD_GENERATION..HEAD_GENERATION + 8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(import(&path, &bytes).map(drop), Err(StoreError::Limit { .. })));
    bytes[HEAD_GENERATION..HEAD_GENERATION + 8].copy_from_slice(&GENERATION_LAST.to_le_bytes());
    let mut store = import(&path, &bytes).unwrap();
    assert_eq!(store.generation().unwrap(), GENERATION_LAST);
    store.verify_all().unwrap();
    assert!(matches!(commit(&mut store, &[Change::Leaf(2, 0, [3; 8])]), Err(StoreError::Limit { .. })));
    drop(store);
    Store::open(&path, &config(), hash()).unwrap().verify_all().unwrap();
}

#[test]
fn an_export_for_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let (store, _) = filled(84, 1, 4);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    let mut other = config();
    other.program = [1; 32];
    let refused = Store::import(&path, &other, hash(), &*bytes).map(drop);
    assert!(matches!(refused, Err(StoreError::Program { .. })));
    let other = StoreConfig::new(vec![Space { number: 1, height: 3 }]);
    let refused = Store::import(&path, &other, hash(), &*bytes).map(drop);
    assert!(matches!(refused, Err(StoreError::Spaces { .. })));
    fs::write(&path, b"in the way").unwrap();
    assert!(matches!(import(&path, &bytes).map(drop), Err(StoreError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"in the way");
}

#[test]
fn a_reader_that_fails_leaves_no_file() {
    struct Broken<'b>(&'b [u8]);
    impl io::Read for Broken<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match io::Read::read(&mut self.0, out)? {
                0 => Err(io::Error::other("the reader is broken")),
                count => Ok(count),
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = filled(85, 1, 4);
    let mut bytes = vec![];
    store.export(&mut bytes).unwrap();
    let half = &bytes[..bytes.len() / 2];
    let refused = Store::import(&folder.path().join("memory"), &config(), hash(), Broken(half)).map(drop);
    assert!(matches!(refused, Err(StoreError::Io { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
