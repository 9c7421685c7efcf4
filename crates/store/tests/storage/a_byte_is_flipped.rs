//! Every byte of a small store's file, flipped: the store is refused with an error that says where, or the byte was of no
//! use, or the file is what it was a commit ago.

use engram_store::{Store, StoreError};
use rand::Rng;

use crate::{
    disk::Disk,
    model::{Change, Model, SPACES, commit, config, hash, rng},
};

/// A small store, closed: its bytes, and the words of each generation.
fn small() -> (Vec<u8>, Vec<Model>) {
    let mut rng = rng(50);
    let disk = Disk::default();
    let mut store = Store::create_on(disk.clone(), &config(), hash()).unwrap();
    let mut models = vec![Model::default()];
    for number in 0..3 {
        let mut model = models[number].clone();
        let words = |rng: &mut rand_chacha::ChaCha8Rng| std::array::from_fn(|_| rng.random());
        let changes: Vec<Change> =
            SPACES.iter().map(|space| Change::Leaf(space.number, number as u32 * 2, words(&mut rng))).collect();
        commit(&mut store, &changes).unwrap();
        changes.iter().for_each(|change| model.apply(change));
        models.push(model);
    }
    store.close().unwrap();
    (disk.bytes(), models)
}

#[derive(Debug, Default)]
struct Outcomes {
    refused: usize,
    harmless: usize,
    older: usize,
}

/// Open a store and read all of it. It must be a state that there was, or an error.
fn look(bytes: Vec<u8>, models: &[Model], place: &str, outcomes: &mut Outcomes) {
    let opened = Store::open_on(Disk::with(bytes), &config(), hash());
    let read = opened.and_then(|store| {
        let generation = store.generation()? as usize;
        // What is read without an error is right, whatever else is damaged.
        for (space, page) in models[generation].pages() {
            assert_eq!(store.read_page(space, page)?, models[generation].page(space, page), "{place}");
        }
        store.verify_all()?;
        models[generation].assert_is_in(&store);
        Ok(generation)
    });
    match read {
        Ok(generation) if generation + 1 == models.len() => outcomes.harmless += 1,
        Ok(_) => outcomes.older += 1,
        Err(StoreError::Poisoned { .. }) => panic!("{place}: poisoned without a write"),
        Err(_) => outcomes.refused += 1,
    }
}

#[test]
fn each_flipped_byte_is_harmless_or_refused() {
    let (bytes, models) = small();
    let mut rng = rng(51);
    let mut outcomes = Outcomes::default();
    // Much of a new file is room that nothing uses: of bytes of zeros among zeros, one in 256 is enough.
    let is_used = |at: usize| bytes[at.saturating_sub(8)..(at + 8).min(bytes.len())].iter().any(|&byte| byte != 0);
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| is_used(at) || at % 256 == 0).collect();
    println!("{} of {} bytes", places.len(), bytes.len());
    for at in places {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << rng.random_range(0..8);
        look(flipped, &models, &format!("byte {at}"), &mut outcomes);
    }
    println!("{outcomes:?}");
    assert!(outcomes.refused > 1000 && outcomes.harmless > 100, "{outcomes:?}");
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let (bytes, models) = small();
    let mut outcomes = Outcomes::default();
    for length in (0..bytes.len()).step_by(4096).chain([1, 8, 100, bytes.len() - 1]) {
        look(bytes[..length].to_vec(), &models, &format!("length {length}"), &mut outcomes);
    }
    println!("{outcomes:?}");
    assert!(outcomes.refused > 0, "{outcomes:?}");
}
