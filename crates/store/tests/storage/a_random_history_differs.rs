//! Ten thousand random transactions against a plain map, with reopenings in between.

use std::collections::VecDeque;

use engram_store::{Snapshot, Store};
use rand::Rng;

use crate::disk::Disk;
use crate::model::{Change, Model, commit, config, hash, random_changes, rng, set};

/// Transactions of the test.
const TRANSACTIONS: u64 = 10_000;

#[test]
fn ten_thousand_transactions_leave_what_a_plain_map_has() {
    let mut rng = rng(20);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut model = Model::default();
    let mut past = Past::default();
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
            past.push(changes);
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
            assert_history(&store, &past.models());
        }
        if transaction_number == TRANSACTIONS / 2 {
            store.compact().unwrap();
            model.assert_is_in(&store);
        }
    }
    assert!(reopened > 50, "{reopened} reopenings");
    model.assert_is_in(&store);
    assert_history(&store, &past.models());
}

/// The states of the map that a store keeps, as the oldest of them and the changes since.
#[derive(Default)]
struct Past {
    oldest: Model,
    since: VecDeque<Vec<Change>>,
}

impl Past {
    fn push(&mut self, changes: Vec<Change>) {
        self.since.push_back(changes);
        if self.since.len() as u64 == config().generations_kept {
            self.since.pop_front().unwrap().iter().for_each(|change| self.oldest.apply(change));
        }
    }

    fn models(&self) -> Vec<Model> {
        let mut models = vec![self.oldest.clone()];
        for changes in &self.since {
            let mut model = models[models.len() - 1].clone();
            changes.iter().for_each(|change| model.apply(change));
            models.push(model);
        }
        models
    }
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
