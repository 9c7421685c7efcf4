//! A process that commits is killed, with a signal that it cannot catch, at random moments.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use engram_store::{Store, StoreError};
use rand::Rng;

use crate::model::{Change, commit, config, hash, rng};

/// The store that the child is to write to.
const PATH: &str = "ENGRAM_STORE_TEST_PATH";
/// Kills of the test.
const KILLS: usize = 40;

/// The changes that lead to a generation: every leaf that any of them touches tells the generation.
fn changes_to(generation: u64) -> Vec<Change> {
    let words = [generation as u32; 8];
    let mut changes: Vec<Change> = (0..40).map(|place| Change::Leaf(2, place * 777, words)).collect();
    changes.push(Change::Leaf(1, 3, words));
    changes.push(Change::Page(9, generation as u32 % 64, Box::new([generation as u32; 1024])));
    changes
}

/// Fail unless the store is as its generation left it, whole.
fn assert_whole(store: &Store) -> u64 {
    let generation = store.generation().unwrap();
    for change in changes_to(generation).iter().filter(|_| generation > 0) {
        match change {
            Change::Leaf(space, leaf, words) => assert_eq!(store.read_leaf(*space, *leaf).unwrap(), *words),
            Change::Page(space, page, words) => {
                assert_eq!(store.read_page(*space, *page).unwrap().as_ref(), Some(words))
            }
        }
    }
    store.verify_all().unwrap();
    generation
}

#[test]
#[ignore = "the child process of the tests below, which start it"]
fn child_that_commits_until_it_is_killed() {
    let path = env::var(PATH).expect("the tests below set the path");
    let path = Path::new(&path);
    let mut store = match Store::open(path, &config(), hash()) {
        Err(StoreError::Missing { .. }) => Store::create(path, &config(), hash()).unwrap(),
        other => other.unwrap(),
    };
    let mut out = std::io::stdout();
    for generation in store.generation().unwrap() + 1.. {
        commit(&mut store, &changes_to(generation)).unwrap();
        writeln!(out, "\nacknowledged {generation}").unwrap();
        out.flush().unwrap();
        if generation % 16 == 0 {
            store.compact().unwrap();
        }
    }
}

fn start_child(path: &Path) -> Child {
    let name = "a_process_is_killed::child_that_commits_until_it_is_killed";
    Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_store_that_another_process_has_open_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let mut child = start_child(&path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let has_committed = lines.any(|line| line.unwrap().starts_with("acknowledged "));
    let opened = Store::open(&path, &config(), hash()).map(drop);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(has_committed);
    assert!(matches!(opened, Err(StoreError::AlreadyOpen)), "{opened:?}");
    Store::open(&path, &config(), hash()).unwrap();
}

#[test]
fn what_was_acknowledged_survives_each_kill() {
    let mut rng = rng(90);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory");
    let mut acknowledged = 0;
    let mut kills_after_a_commit = 0;
    for kill in 0..KILLS {
        let mut child = start_child(&path);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok())
                .last()
        });
        thread::sleep(Duration::from_micros(rng.random_range(0..250_000)));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success() && status.code().is_none(), "the child ended by itself: {status}");
        if let Some(last) = reader.join().unwrap() {
            acknowledged = last;
            kills_after_a_commit += 1;
        }
        match Store::open(&path, &config(), hash()) {
            Ok(store) => {
                let generation = assert_whole(&store);
                let range = acknowledged..=acknowledged + 1;
                assert!(range.contains(&generation), "kill {kill}: {generation} of {range:?}");
                // A commit may have come to its end before its acknowledgement was read.
                acknowledged = generation;
            }
            // Killed while it created the store.
            Err(StoreError::Missing { .. }) if acknowledged == 0 => {}
            Err(StoreError::Unfinished) if acknowledged == 0 => fs::remove_file(&path).unwrap(),
            Err(error) => panic!("kill {kill}: {error}"),
        }
    }
    println!("{acknowledged} generations, {kills_after_a_commit} kills after a commit");
    assert!(kills_after_a_commit > KILLS / 4, "{kills_after_a_commit}");
}
