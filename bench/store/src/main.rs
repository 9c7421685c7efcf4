//! Committing changed leaves: engram's store beside `nomt`, a Merkle database of its own kind.
//!
//! `cargo run --release --manifest-path bench/store/Cargo.toml -- [FOLDER] [MIB]`
//!
//! Both hold the same number of leaves of 32 random bytes, hash with BLAKE3, and change 100,000 of them, anywhere, in one
//! commit that is synced. They do different jobs: `nomt` maps keys of 32 bytes, which it wants evenly spread, to values; the
//! store has an array under a tree of fixed height, keeps earlier generations, and checks what it reads. So this says what
//! a memory of leaves costs in each, not which is the better database. Each runs in a process of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use engram_store::{Digest, Leaf, Space, Store, StoreConfig, TreeHash};
use nomt::{KeyReadWrite, Nomt, Options, SessionParams, hasher::Blake3Hasher};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Leaves that a commit changes.
const LEAVES_CHANGED: usize = 100_000;
/// Leaves that a commit fills while the image is made.
const LEAVES_FILLED: u32 = 1 << 19;

struct Blake3;

impl TreeHash for Blake3 {
    fn leaf(&self, bytes: &Leaf) -> Digest {
        *blake3::hash(bytes).as_bytes()
    }

    fn node(&self, left: &Digest, right: &Digest) -> Digest {
        let mut both = [0; 64];
        both[..32].copy_from_slice(left);
        both[32..].copy_from_slice(right);
        *blake3::hash(&both).as_bytes()
    }

    fn is_digest(&self, _: &Digest) -> bool {
        true
    }
}

/// Something that commits changed leaves.
trait Memory {
    fn commit(&mut self, leaves: &[(u32, [u32; 8])]);
}

impl Memory for Store {
    fn commit(&mut self, leaves: &[(u32, [u32; 8])]) {
        let mut transaction = self.begin().unwrap();
        leaves.iter().for_each(|(leaf, words)| transaction.set_leaf(2, *leaf, words).unwrap());
        transaction.commit().unwrap();
    }
}

impl Memory for Nomt<Blake3Hasher> {
    fn commit(&mut self, leaves: &[(u32, [u32; 8])]) {
        let session = self.begin_session(SessionParams::default());
        let mut changes: Vec<_> = leaves
            .iter()
            .map(|(leaf, words)| {
                let value: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                (*blake3::hash(&leaf.to_le_bytes()).as_bytes(), KeyReadWrite::Write(Some(value)))
            })
            .collect();
        changes.sort_by_key(|(key, _)| *key);
        changes.iter().for_each(|(key, _)| session.warm_up(*key));
        session.finish(changes).unwrap().commit(self).unwrap();
    }
}

fn open(kind: &str, path: &Path, leaves: u32) -> Box<dyn Memory> {
    if kind == "store" {
        let config = StoreConfig::new(vec![Space { number: 2, height: 27 }]);
        return Box::new(Store::create(path, &config, Arc::new(Blake3)).unwrap());
    }
    let mut options = Options::new();
    options.path(path);
    options.commit_concurrency(2);
    options.warm_up(true);
    // A page of the trie holds up to 126 nodes; twice as many buckets as pages.
    options.hashtable_buckets((leaves / 16).max(64_000));
    // As much memory as the store is given.
    options.page_cache_size(32);
    options.leaf_cache_size(16);
    Box::new(Nomt::<Blake3Hasher>::open(options).unwrap())
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [kind, path, leaves] = arguments.as_slice() {
        return measure(kind, path.as_ref(), leaves.parse().expect("a number of leaves"));
    }
    let folder = arguments.first().map_or_else(env::temp_dir, PathBuf::from);
    let mib: u32 = arguments.get(1).map_or(64, |mib| mib.parse().expect("a number of MiB"));
    for kind in ["store", "nomt"] {
        let folder = tempfile::tempdir_in(&folder).unwrap();
        let path = folder.path().join("memory");
        let leaves = (mib << 15).to_string();
        let program = env::current_exe().unwrap();
        let status =
            Command::new(program).args([kind, path.to_str().expect("the path is text"), &leaves]).status().unwrap();
        assert!(status.success(), "{kind}: {status}");
        println!("{kind}: {} MiB on disk", bytes_under(&path) >> 20);
    }
}

fn measure(kind: &str, path: &Path, leaves: u32) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut memory = open(kind, path, leaves);
    let started = Instant::now();
    for first in (0..leaves).step_by(LEAVES_FILLED as usize) {
        let filled: Vec<_> = (first..leaves.min(first + LEAVES_FILLED)).map(|leaf| (leaf, rng.random())).collect();
        memory.commit(&filled);
    }
    say(&format!("{kind}: fill {} MiB", leaves >> 15), started);
    for _ in 0..5 {
        let mut changed = std::collections::BTreeMap::new();
        while changed.len() < LEAVES_CHANGED {
            changed.insert(rng.random_range(0..leaves), rng.random());
        }
        let changed: Vec<_> = changed.into_iter().collect();
        let started = Instant::now();
        memory.commit(&changed);
        say(&format!("{kind}: commit {LEAVES_CHANGED} leaves of {leaves}"), started);
    }
}

/// What a file or folder takes on disk.
fn bytes_under(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| bytes_under(&entry.unwrap().path())).sum(),
        Err(_) => fs::metadata(path).map_or(0, |data| data.len()),
    }
}

/// Print what was done, how long it took, and the most memory that the process has had.
fn say(what: &str, started: Instant) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown").trim();
    println!("{what}: {:.2} s, peak of memory {peak}", started.elapsed().as_secs_f64());
}
