//! Ten thousand random transactions against a plain map, with reopenings in between.

use engram_store::{Snapshot, Store};
use rand::Rng;

use crate::disk::Disk;
use crate::model::{Model, commit, config, hash, random_changes, rng, set};

/// Transactions of the test.
const TRANSACTIONS: u64 = 10_000;

#[test]
fn ten_thousand_transactions_leave_what_a_plain_map_has() {
    let mut rng = rng(20);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut model = Model::default();
    let mut past: Vec<Model> = vec![model.clone()];
    let mut reopened = 0;
    for transaction_number in 1..=TRANSACTIONS {
        let changes = random_changes(&mut rng, 4);
        if rng.random_ratio(1, 10) {
            // Collected and dropped.
            let mut transaction = store.begin().unwrap();
            set(&mut transaction, &changes).unwrap();
        } else {
            commit(&mut store, &changes).unwrap();
            changes.iter().for_each(|change| model.apply(change));
            past.push(model.clone());
            past.drain(..past.len().saturating_sub(4));
        }
        let (space, page) = (2, rng.random_range(0..6));
        assert_eq!(store.read_page(space, page).unwrap(), model.page(space, page), "transaction {transaction_number}");
        if rng.random_ratio(1, 100) {
            drop(store);
            store = Store::open_on(disk.clone(), &config(), hash()).unwrap();
            reopened += 1;
        }
        if rng.random_ratio(1, 400) {
            model.assert_is_in(&store);
            assert_history(&store, &past);
        }
        if transaction_number == TRANSACTIONS / 2 {
            store.compact().unwrap();
            model.assert_is_in(&store);
        }
    }
    assert!(reopened > 50, "{reopened} reopenings");
    model.assert_is_in(&store);
    assert_history(&store, &past);
}

/// The kept generations are the last states of the map.
fn assert_history(store: &Store, past: &[Model]) {
    let history = store.history().unwrap();
    assert_eq!(history.len(), past.len());
    for (info, model) in history.iter().zip(past) {
        assert_eq!(info.roots, model.roots());
        assert_snapshot(&store.snapshot(info.generation).unwrap(), model);
    }
}

fn assert_snapshot(snapshot: &Snapshot, model: &Model) {
    for page in 0..6 {
        assert_eq!(snapshot.read_page(2, page).unwrap(), model.page(2, page), "{:?}", snapshot.info().generation);
    }
    for (space, page) in model.pages() {
        assert_eq!(snapshot.read_page(space, page).unwrap(), model.page(space, page));
    }
}
