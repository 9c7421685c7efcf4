//! Generations that are kept, read while later ones come and go.

use engram_store::{Store, StoreError};

use rand::Rng;

use crate::{
    disk::Disk,
    model::{Change, Model, commit, config, hash, random_changes, rng},
};

#[test]
fn the_kept_generations_are_those_that_were_committed() {
    let mut rng = rng(70);
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    let mut models = vec![Model::default()];
    for newest in 1..30 {
        let changes = random_changes(&mut rng, 20);
        let mut model = models[newest - 1].clone();
        changes.iter().for_each(|change| model.apply(change));
        commit(&mut store, &changes).unwrap();
        models.push(model);
        let oldest = newest.saturating_sub(3);
        let kept: Vec<u64> = store.history().unwrap().iter().map(|info| info.generation).collect();
        assert_eq!(kept, (oldest as u64..=newest as u64).collect::<Vec<_>>());
        for (generation, model) in models.iter().enumerate() {
            if generation < oldest {
                let error = store.snapshot(generation as u64).map(drop).unwrap_err();
                assert!(matches!(error, StoreError::NoGeneration { .. }), "{error}");
                continue;
            }
            let snapshot = store.snapshot(generation as u64).unwrap();
            assert_eq!(snapshot.info().roots, model.roots());
            for (space, page) in models.iter().flat_map(Model::pages) {
                assert_eq!(snapshot.read_page(space, page).unwrap(), model.page(space, page));
                assert_eq!(snapshot.read_leaf(space, page * 128).unwrap(), leaf(model, space, page * 128));
            }
        }
        store.verify_all().unwrap();
    }
}

fn leaf(model: &Model, space: u32, leaf: u32) -> [u32; 8] {
    model.leaves.get(&(space, leaf)).copied().unwrap_or([0; 8])
}

#[test]
fn an_open_snapshot_outlives_the_generations_that_are_kept() {
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    commit(&mut store, &[Change::Leaf(2, 1, [1; 8])]).unwrap();
    let snapshot = store.snapshot(1).unwrap();
    for number in 2..20 {
        commit(&mut store, &[Change::Leaf(2, 1, [number; 8])]).unwrap();
        assert_eq!(snapshot.read_leaf(2, 1).unwrap(), [1; 8]);
    }
    assert!(matches!(store.snapshot(1), Err(StoreError::NoGeneration { asked: 1, oldest: 16, newest: 19 })));
    assert!(matches!(store.compact(), Err(StoreError::SnapshotsOpen)));
    assert_eq!(store.read_leaf(2, 1).unwrap(), [19; 8], "a compaction that is refused does no harm");
    drop(snapshot);
    store.compact().unwrap();
    assert_eq!(store.read_leaf(2, 1).unwrap(), [19; 8]);
}

#[test]
fn a_snapshot_of_a_closed_store_reads_the_truth_or_an_error() {
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let changes: Vec<Change> = (0..500).map(|page| Change::Leaf(2, page * 128, [page + 1; 8])).collect();
    commit(&mut store, &changes).unwrap();
    let snapshot = store.snapshot(1).unwrap();
    drop(store);
    let mut store = Store::open_on(disk, &config(), hash()).unwrap();
    for number in 0..5 {
        let changes: Vec<Change> = (0..500).map(|page| Change::Leaf(2, page * 128, [number; 8])).collect();
        commit(&mut store, &changes).unwrap();
    }
    for page in 0..500 {
        match snapshot.read_leaf(2, page * 128) {
            Ok(words) => assert_eq!(words, [page + 1; 8]),
            Err(error) => assert!(matches!(error, StoreError::Storage { .. }), "{error}"),
        }
    }
}

#[test]
fn several_threads_read_what_one_reads() {
    let mut rng = rng(71);
    let mut config = config();
    // So small that bundles come and go.
    config.node_cache_bytes = engram_store::CACHE_BYTES_MIN;
    let mut store = Store::create_on(Disk::default(), &config, hash()).unwrap();
    let mut model = Model::default();
    for _ in 0..3 {
        let mut changes = random_changes(&mut rng, 50);
        changes.extend((0..300).map(|_| Change::Leaf(2, rng.random_range(0..1 << 27), [rng.random(); 8])));
        changes.iter().for_each(|change| model.apply(change));
        commit(&mut store, &changes).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (space, page) in model.pages() {
                    assert_eq!(store.read_page(space, page).unwrap(), model.page(space, page));
                }
            });
        }
    });
}

#[test]
fn keeping_fewer_or_more_generations_changes_no_root() {
    let disk = Disk::default();
    let mut config = config();
    drop(Store::create_on(disk.clone(), &config, hash()).unwrap());
    let mut number = 0;
    for (kept, expected) in [(4, 4), (1, 1), (8, 4), (2, 2), (3, 3)] {
        config.generations_kept = kept;
        let mut store = Store::open_on(disk.clone(), &config, hash()).unwrap();
        for _ in 0..3 {
            number += 1;
            commit(&mut store, &[Change::Leaf(2, 1, [number; 8]), Change::Leaf(9, number, [1; 8])]).unwrap();
        }
        assert_eq!(store.info().unwrap().generations_kept, expected, "{kept} kept");
        for info in store.history().unwrap() {
            let snapshot = store.snapshot(info.generation).unwrap();
            assert_eq!(snapshot.read_leaf(2, 1).unwrap(), [info.generation as u32; 8]);
        }
        store.verify_all().unwrap();
    }
}

#[test]
fn metadata_stays_with_its_generation() {
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    for text in ["first", "", "third"] {
        let mut transaction = store.begin().unwrap();
        transaction.set_metadata(text.into()).unwrap();
        transaction.commit().unwrap();
    }
    commit(&mut store, &[]).unwrap();
    let history = store.history().unwrap();
    let metadata: Vec<&[u8]> = history.iter().map(|info| &*info.metadata).collect();
    assert_eq!(metadata, [&b"first"[..], b"", b"third", b"third"]);
    assert_eq!(store.metadata().unwrap(), b"third");
}
