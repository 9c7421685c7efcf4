//! Stored records, changed by somebody who makes the file's checksums fit: only the digests are left to find it.

use std::sync::Arc;

use engram_store::{Digest, Leaf, Store, StoreError, TreeHash};
use redb::{Database, Key, ReadableTable, TableDefinition};

use crate::{
    disk::Disk,
    model::{Blake3, Change, Model, commit, config, hash, rng},
};
use rand::Rng;

const STORE: TableDefinition<u64, &[u8]> = TableDefinition::new("store");
const GENERATIONS: TableDefinition<u64, &[u8]> = TableDefinition::new("generations");
const PAGES: TableDefinition<u64, &[u8]> = TableDefinition::new("pages");
const BUNDLES: TableDefinition<u64, &[u8]> = TableDefinition::new("bundles");
const EARLIER_PAGES: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("earlier_pages");
const EARLIER_BUNDLES: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("earlier_bundles");

/// A small store, closed, with its words by generation.
fn small() -> (Vec<u8>, Vec<Model>) {
    let mut rng = rng(60);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut models = vec![Model::default()];
    for number in 0..3 {
        let mut model = models[number].clone();
        let mut leaf = |space, leaf| Change::Leaf(space, leaf, std::array::from_fn(|_| rng.random()));
        let at = number as u32;
        let changes =
            [leaf(1, at), leaf(9, at * 128), leaf(2, at), leaf(2, 3), leaf(2, 9), leaf(2, 1 << 20), leaf(2, at << 24)];
        commit(&mut store, &changes).unwrap();
        changes.iter().for_each(|change| model.apply(change));
        models.push(model);
    }
    store.close().unwrap();
    (disk.bytes(), models)
}

/// The file after a change to a table's row: another value, or none.
fn with_row<K: Key + 'static>(
    bytes: &[u8],
    table: TableDefinition<K, &'static [u8]>,
    key: K::SelfType<'_>,
    value: Option<&[u8]>,
) -> Vec<u8> {
    let disk = Disk::with(bytes.to_vec());
    let database = Database::builder().create_with_backend(disk.clone()).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut rows = transaction.open_table(table).unwrap();
        match value {
            Some(value) => drop(rows.insert(key, value).unwrap()),
            None => drop(rows.remove(key).unwrap()),
        }
    }
    transaction.commit().unwrap();
    drop(database);
    disk.bytes()
}

fn rows<K: Key + 'static, T>(
    bytes: &[u8],
    table: TableDefinition<K, &'static [u8]>,
    key: impl Fn(K::SelfType<'_>) -> T,
) -> Vec<(T, Vec<u8>)> {
    let database = Database::builder().create_with_backend(Disk::with(bytes.to_vec())).unwrap();
    let transaction = database.begin_write().unwrap();
    let rows = transaction.open_table(table).unwrap();
    rows.iter().unwrap().map(|row| row.unwrap()).map(|(at, value)| (key(at.value()), value.value().to_vec())).collect()
}

/// Open and read everything: all that is read must be right, or an error. Returns the error.
fn read_all(bytes: Vec<u8>, models: &[Model]) -> Result<(), StoreError> {
    let store = Store::open_on(Disk::with(bytes), &config(), hash())?;
    assert_eq!(store.generation()? as usize + 1, models.len());
    let mut result = Ok(());
    for (generation, model) in models.iter().enumerate() {
        let snapshot = store.snapshot(generation as u64)?;
        assert_eq!(snapshot.info().roots, model.roots());
        for (space, page) in models[models.len() - 1].pages() {
            match snapshot.read_page(space, page) {
                Ok(words) => assert_eq!(words, model.page(space, page), "generation {generation}"),
                Err(error) => result = Err(error),
            }
        }
    }
    let model = &models[models.len() - 1];
    for (&(space, leaf), words) in &model.leaves {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let digest = Blake3.leaf(&bytes.try_into().unwrap());
        match (store.read_leaf(space, leaf), store.node(space, 0, leaf)) {
            (Ok(read), Ok(node)) => assert_eq!((read, node), (*words, digest), "leaf {leaf}"),
            (Err(error), Err(_)) => result = Err(error),
            one => panic!("space {space}, leaf {leaf}: {one:?}"),
        }
    }
    // All that reading finds, recomputing finds too.
    let verified = store.verify_all().map(drop);
    assert!(result.is_ok() || verified.is_err(), "{result:?}");
    verified
}

/// A key as a number.
trait RowKey: Key + 'static {
    fn number(key: Self::SelfType<'_>) -> u128;
    fn of_number<'k>(number: u128) -> Self::SelfType<'k>;
}

impl RowKey for u64 {
    fn number(key: u64) -> u128 {
        key.into()
    }

    fn of_number<'k>(number: u128) -> <u64 as redb::Value>::SelfType<'k> {
        number as u64
    }
}

impl RowKey for (u64, u64) {
    fn number((generation, key): (u64, u64)) -> u128 {
        u128::from(generation) << 64 | u128::from(key)
    }

    fn of_number<'k>(number: u128) -> <(u64, u64) as redb::Value>::SelfType<'k> {
        ((number >> 64) as u64, number as u64)
    }
}

/// Flip a bit of each byte of each row, cut and lengthen each row, and take out each. Returns how many changes were refused,
/// and how many nobody noticed.
fn forge<K: RowKey>(table: TableDefinition<K, &'static [u8]>) -> (usize, usize) {
    let (bytes, models) = small();
    let mut rng = rng(61);
    let (mut refused, mut unnoticed) = (0, 0);
    let mut look = |forged: Vec<u8>| match read_all(forged, &models) {
        Ok(()) => unnoticed += 1,
        Err(_) => refused += 1,
    };
    for (key, value) in rows(&bytes, table, K::number) {
        let mut with = |value: Option<&[u8]>| look(with_row(&bytes, table, K::of_number(key), value));
        for at in 0..value.len() {
            let mut value = value.clone();
            value[at] ^= 1 << rng.random_range(0..8);
            with(Some(&value));
        }
        with(None);
        with(Some(&[]));
        with(Some(&value[..value.len() - 1]));
        with(Some(&[value.clone(), vec![0; 32]].concat()));
    }
    println!("{}: {refused} refused, {unnoticed} unnoticed", redb::TableHandle::name(&table));
    (refused, unnoticed)
}

#[test]
fn a_forged_page_is_refused() {
    let (refused, unnoticed) = forge(PAGES);
    assert!(refused > 500 && unnoticed == 0, "{refused}, {unnoticed}");
}

#[test]
fn a_forged_bundle_is_refused() {
    let (refused, unnoticed) = forge(BUNDLES);
    assert!(refused > 200 && unnoticed == 0, "{refused}, {unnoticed}");
}

#[test]
fn a_forged_generation_is_refused() {
    let (refused, unnoticed) = forge(GENERATIONS);
    assert!(refused > 400 && unnoticed == 0, "{refused}, {unnoticed}");
}

#[test]
fn a_forged_format_is_refused() {
    let (refused, unnoticed) = forge(STORE);
    assert!(refused > 80 && unnoticed == 0, "{refused}, {unnoticed}");
}

#[test]
fn a_forged_record_of_an_earlier_generation_is_refused() {
    for (refused, unnoticed) in [forge(EARLIER_PAGES), forge(EARLIER_BUNDLES)] {
        assert!(refused > 500 && unnoticed == 0, "{refused}, {unnoticed}");
    }
}

#[test]
fn a_row_where_none_belongs_is_found() {
    let (bytes, models) = small();
    let (page_key, page) = rows(&bytes, PAGES, |key| key).pop().unwrap();
    let (_, bundle) = rows(&bytes, BUNDLES, |key| key).pop().unwrap();
    // Another page, another space, past the end of a space.
    for key in [page_key + 1, 7 << 32, 1 << 32 | 1 << 7, u64::MAX] {
        read_all(with_row(&bytes, PAGES, key, Some(&page)), &models).unwrap_err();
    }
    for key in [7 << 40, 2 << 40 | 9 << 32, 2 << 40 | 77, u64::MAX] {
        read_all(with_row(&bytes, BUNDLES, key, Some(&bundle)), &models).unwrap_err();
    }
    for key in [(0, 0), (9, 0), (3, 7 << 32), (3, u64::MAX)] {
        let undo = [0; 32];
        read_all(with_row(&bytes, EARLIER_PAGES, key, Some(&undo)), &models).unwrap_err();
    }
}

#[test]
fn a_page_that_says_the_same_in_other_bytes_is_refused() {
    let (bytes, models) = small();
    for (key, value) in rows(&bytes, PAGES, |key| key) {
        // The leaf after a stored one, zero and in the same group, stored as zeros.
        let is_stored = |leaf: usize| value[leaf / 8] >> (leaf % 8) & 1 == 1;
        let leaf = (0..127).find(|&leaf| is_stored(leaf) && !is_stored(leaf + 1) && leaf % 8 < 7).unwrap() + 1;
        let groups = (0..16).filter(|&group| value[group] != 0).count();
        let before = (0..leaf).filter(|&leaf| is_stored(leaf)).count();
        let mut forged = value.clone();
        forged[leaf / 8] |= 1 << (leaf % 8);
        let at = 16 + 32 * (groups + before);
        forged.splice(at..at, [0; 32]);
        let error = read_all(with_row(&bytes, PAGES, key, Some(&forged)), &models).unwrap_err();
        assert!(matches!(error, StoreError::Malformed { what: "page", .. }), "{error}");
    }
}

#[test]
fn a_commit_does_not_vouch_for_a_forged_leaf() {
    let (bytes, _) = small();
    for (key, mut value) in rows(&bytes, PAGES, |key| key) {
        // The last byte is of the last leaf.
        *value.last_mut().unwrap() ^= 1;
        let leaf = (0..128).rev().find(|leaf| value[leaf / 8] >> (leaf % 8) & 1 == 1).unwrap() as u32;
        let forged = with_row(&bytes, PAGES, key, Some(&value));
        let Ok(mut store) = Store::open_on(Disk::with(forged), &config(), hash()) else {
            assert!(key >> 32 == 0, "only the space without bundles is read by opening");
            continue;
        };
        let space = config().spaces[(key >> 32) as usize].number;
        let neighbour = (key as u32 * 128 + leaf) ^ 1;
        let mut transaction = store.begin().unwrap();
        transaction.set_leaf(space, neighbour, &[5; 8]).unwrap();
        let error = transaction.commit().unwrap_err();
        assert!(matches!(error, StoreError::Mismatch { height: 3, .. }), "{error}");
        // Nothing was written, and the rest of the store is usable.
        assert_eq!(store.generation().unwrap(), 3);
    }
}

/// A hash that reads 255 of a digest's bits: each digest has two encodings, one of them right.
struct Loose;

impl Loose {
    fn right(mut digest: Digest) -> Digest {
        digest[31] &= 0x7f;
        digest
    }
}

impl TreeHash for Loose {
    fn leaf(&self, bytes: &Leaf) -> Digest {
        Self::right(Blake3.leaf(bytes))
    }

    fn node(&self, left: &Digest, right: &Digest) -> Digest {
        Self::right(Blake3.node(&Self::right(*left), &Self::right(*right)))
    }

    fn is_digest(&self, bytes: &Digest) -> bool {
        bytes[31] < 0x80
    }
}

#[test]
fn a_digest_in_its_other_encoding_is_refused() {
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), Arc::new(Loose)).unwrap();
    for word in 1..4 {
        commit(&mut store, &[Change::Leaf(2, 0, [word; 8]), Change::Leaf(9, 0, [word; 8])]).unwrap();
    }
    store.close().unwrap();
    let bytes = disk.bytes();
    let read = |bytes: Vec<u8>| {
        let store = Store::open_on(Disk::with(bytes), &config(), Arc::new(Loose))?;
        for generation in 0..=3 {
            let snapshot = store.snapshot(generation)?;
            let words = (snapshot.read_leaf(2, 0)?, snapshot.read_leaf(9, 0)?);
            assert_eq!(words, ([generation as u32; 8], [generation as u32; 8]));
        }
        Ok(())
    };
    read(bytes.clone()).unwrap();
    let refused = |forged: Vec<u8>| {
        let error: StoreError = read(forged).unwrap_err();
        assert!(matches!(error, StoreError::Malformed { .. }), "{error}");
    };
    // Each of these has one block: a page's group, after the mask; a bundle's node; what a bundle had before.
    for (key, mut value) in rows(&bytes, PAGES, |key| key) {
        value[16 + 31] ^= 0x80;
        refused(with_row(&bytes, PAGES, key, Some(&value)));
    }
    for (key, mut value) in rows(&bytes, BUNDLES, |key| key) {
        value[16 + 31] ^= 0x80;
        refused(with_row(&bytes, BUNDLES, key, Some(&value)));
    }
    for (key, mut value) in rows(&bytes, EARLIER_BUNDLES, |key| key) {
        if let Some(last) = value.get_mut(32 + 31) {
            *last ^= 0x80;
            refused(with_row(&bytes, EARLIER_BUNDLES, key, Some(&value)));
        }
    }
}
