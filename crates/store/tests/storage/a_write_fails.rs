//! A disk that is full, or fails at the n-th write, sync, change of length or read.

use engram_store::{Store, StoreError};

use crate::{
    disk::{Disk, Failure, UNSYNCED, crash_image},
    model::{Change, Model, commit, config, hash, random_changes, rng},
};

/// A store with a generation on a disk, the words in it, and changes for the next.
fn prepared(seed: u64) -> (Disk, Store, Model, Vec<Change>) {
    let mut rng = rng(seed);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut model = Model::default();
    let changes = random_changes(&mut rng, 30);
    commit(&mut store, &changes).unwrap();
    changes.iter().for_each(|change| model.apply(change));
    let next = (0..20).flat_map(|_| random_changes(&mut rng, 30)).collect();
    (disk, store, model, next)
}

/// Let a commit fail so, and look at the handle and at what opens afterwards. Returns whether the failure came to pass.
fn assert_survives(failure: Failure, stays_broken: bool) -> bool {
    let (disk, mut store, before, changes) = prepared(40);
    let mut after = before.clone();
    changes.iter().for_each(|change| after.apply(change));
    disk.fail(failure, stays_broken);
    let committed = commit(&mut store, &changes);
    if !disk.has_failed() {
        committed.unwrap();
        after.assert_is_in(&store);
        return false;
    }
    let acknowledged = committed.is_ok();
    match committed {
        // A failure after the point of no return, of something that does not matter.
        Ok(roots) => assert_eq!(roots, after.roots(), "{failure:?}"),
        Err(error) => {
            assert!(matches!(error, StoreError::Storage { .. }), "{failure:?}: {error}");
            let poisoned = store.begin().map(drop).unwrap_err();
            assert!(matches!(poisoned, StoreError::Poisoned { .. }), "{failure:?}: {poisoned}");
            assert!(matches!(store.read_leaf(2, 0), Err(StoreError::Poisoned { .. })));
        }
    }
    drop(store);
    // The process goes on and opens again, or the machine stops as well: a failed sync leaves open what is on the disk.
    let mut rng = rng(42);
    let crashed = UNSYNCED.map(|unsynced| crash_image(&[], &disk.calls(), unsynced, &mut rng));
    for bytes in crashed.into_iter().chain([disk.bytes()]) {
        let store = Store::open_on(Disk::with(bytes), &config(), hash()).unwrap();
        match store.generation().unwrap() {
            1 if !acknowledged => before.assert_is_in(&store),
            2 => after.assert_is_in(&store),
            other => panic!("{failure:?}: generation {other}"),
        }
    }
    true
}

/// Every n until the commit needs fewer such calls. Returns how many failed.
fn all_of(failure: impl Fn(usize) -> Failure) -> usize {
    for stays_broken in [false, true] {
        for nth in 0.. {
            if !assert_survives(failure(nth), stays_broken) {
                if stays_broken {
                    return nth;
                }
                break;
            }
        }
    }
    unreachable!()
}

#[test]
fn any_write_may_fail() {
    assert!(all_of(Failure::Write) > 10);
}

#[test]
fn any_sync_may_fail() {
    assert!(all_of(Failure::Sync) >= 2);
}

#[test]
fn any_change_of_length_may_fail() {
    assert!(all_of(Failure::SetLength) >= 1);
}

#[test]
fn a_disk_may_be_full() {
    let (disk, ..) = prepared(40);
    let bytes = disk.bytes().len() as u64;
    assert!(assert_survives(Failure::Full(bytes), true), "the commit needs more room than there is");
    for bytes in [0, bytes / 2, bytes - 4096, bytes + 4096] {
        assert!(assert_survives(Failure::Full(bytes), false));
    }
}

#[test]
fn any_read_may_fail() {
    let (disk, store, model, _) = prepared(41);
    drop(store);
    let bytes = disk.bytes();
    let mut failed = 0;
    for nth in 0.. {
        let disk = Disk::with(bytes.clone());
        disk.fail(Failure::Read(nth), false);
        match Store::open_on(disk.clone(), &config(), hash()).and_then(|store| store.verify_all()) {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, StoreError::Storage { .. }), "read {nth}: {error}"),
        }
        failed += 1;
        model.assert_is_in(&Store::open_on(Disk::with(disk.bytes()), &config(), hash()).unwrap());
    }
    assert!(failed > 5, "{failed} reads");
}

#[test]
fn any_call_of_a_creation_may_fail() {
    let whole = Disk::default();
    drop(Store::create_on(whole.clone(), &config(), hash()).unwrap());
    let [writes, syncs, lengths, _] = whole.counts();
    for (kind, count) in
        [(Failure::Write as fn(usize) -> Failure, writes), (Failure::Sync, syncs), (Failure::SetLength, lengths)]
    {
        for nth in 0..count {
            let disk = Disk::default();
            disk.fail(kind(nth), true);
            if let Err(error) = Store::create_on(disk.clone(), &config(), hash()) {
                assert!(matches!(error, StoreError::Storage { .. } | StoreError::Io { .. }), "{error}");
            }
            match Store::open_on(Disk::with(disk.bytes()), &config(), hash()) {
                Ok(store) => Model::default().assert_is_in(&store),
                Err(error) => {
                    let typed = matches!(error, StoreError::Unfinished | StoreError::NotAStore { .. });
                    assert!(typed, "{:?}: {error}", kind(nth));
                }
            }
        }
    }
}
