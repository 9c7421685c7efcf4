//! Roots and nodes against a computation of their own, on small histories.

use engram_store::{Store, StoreError};

use crate::{
    disk::Disk,
    model::{Blake3, Change, Model, SPACES, commit, config, hash, random_changes, rng, set},
};
use engram_store::TreeHash;

#[test]
fn a_new_store_has_the_roots_of_zeros() {
    let store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    Model::default().assert_is_in(&store);
    assert_eq!(store.generation().unwrap(), 0);
}

#[test]
fn each_commit_leads_to_the_roots_of_its_words() {
    let mut rng = rng(1);
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    let mut model = Model::default();
    for generation in 1..=60 {
        let changes = random_changes(&mut rng, 20);
        changes.iter().for_each(|change| model.apply(change));
        assert_eq!(commit(&mut store, &changes).unwrap(), model.roots(), "generation {generation}");
        model.assert_is_in(&store);
    }
}

#[test]
fn nodes_in_the_cache_do_not_outlive_a_commit_of_many() {
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    // More bundles than a commit hands to the cache.
    let leaves: Vec<u32> = (0..600).map(|bundle| bundle << 14).collect();
    for word in 1..4 {
        let changes: Vec<Change> = leaves.iter().map(|&leaf| Change::Leaf(2, leaf, [word; 8])).collect();
        commit(&mut store, &changes).unwrap();
        for &leaf in &leaves {
            assert_eq!(store.read_leaf(2, leaf).unwrap(), [word; 8], "leaf {leaf}");
        }
    }
}

#[test]
fn the_nodes_of_a_path_hash_to_the_root() {
    let mut rng = rng(2);
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    let changes: Vec<Change> = (0..40).flat_map(|_| random_changes(&mut rng, 10)).collect();
    let roots = commit(&mut store, &changes).unwrap();
    for (space, root) in SPACES.iter().zip(roots) {
        let last = ((1u64 << space.height) - 1) as u32;
        for leaf in [0, 1, 7, 300 & last, last] {
            let words = store.read_leaf(space.number, leaf).unwrap();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let mut digest = Blake3.leaf(&bytes.try_into().unwrap());
            for height in 0..space.height {
                let index = leaf >> height;
                assert_eq!(store.node(space.number, height, index).unwrap(), digest, "height {height}, index {index}");
                let sibling = store.node(space.number, height, index ^ 1).unwrap();
                digest = match index % 2 {
                    0 => Blake3.node(&digest, &sibling),
                    _ => Blake3.node(&sibling, &digest),
                };
            }
            assert_eq!(digest, root);
        }
    }
}

#[test]
fn a_commit_to_another_root_than_expected_changes_nothing() {
    let mut rng = rng(3);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut model = Model::default();
    let changes = random_changes(&mut rng, 20);
    changes.iter().for_each(|change| model.apply(change));
    commit(&mut store, &changes).unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.set_leaf(2, 5, &[1; 8]).unwrap();
    let error = transaction.commit_expecting(&model.roots()).unwrap_err();
    assert!(matches!(error, StoreError::UnexpectedRoot { space: 2, .. }), "{error}");
    assert_eq!(store.generation().unwrap(), 1);
    model.assert_is_in(&store);
    let change = Change::Leaf(2, 5, [1; 8]);
    model.apply(&change);
    let mut transaction = store.begin().unwrap();
    set(&mut transaction, &[change]).unwrap();
    assert_eq!(transaction.commit_expecting(&model.roots()).unwrap(), model.roots());
    drop(store);
    model.assert_is_in(&Store::open_on(disk, &config(), hash()).unwrap());
}

#[test]
fn a_place_outside_a_space_is_refused() {
    let mut store = Store::create_on(Disk::default(), &config(), hash()).unwrap();
    let outside = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::Outside { .. })), "{result:?}");
    };
    outside(store.read_page(1, 1).map(drop));
    outside(store.read_page(2, 1 << 20).map(drop));
    outside(store.read_leaf(9, 1 << 13).map(drop));
    outside(store.node(2, 27, 1).map(drop));
    assert!(matches!(store.node(2, 28, 0), Err(StoreError::NoHeight { .. })));
    assert!(matches!(store.root(3), Err(StoreError::UnknownSpace { space: 3 })));
    let mut transaction = store.begin().unwrap();
    outside(transaction.set_page(9, 1 << 6, &[0; 1024]));
    outside(transaction.set_leaf(1, 8, &[0; 8]));
    let mut words = [0; 1024];
    words[64] = 1;
    outside(transaction.set_page(1, 0, &words));
    assert!(matches!(transaction.set_metadata(vec![0; 4097]), Err(StoreError::Limit { .. })));
}
