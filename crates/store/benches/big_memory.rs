//! What a big memory costs: filling an image of 1 GiB, committing 100,000 changed leaves of it, opening it again and reading
//! 10,000 random words, with the peak of the process's memory after each.
//!
//! `cargo bench -p engram-store --bench big_memory -- [FOLDER] [MIB]`
//!
//! Each step runs in a process of its own, so that its peak is its own. The file stays in the kernel's cache: these are
//! the costs of hashing and copying, and of syncing, not of a cold disk.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use engram_store::{Digest, Leaf, PAGE_WORDS, Space, Store, StoreConfig, TreeHash};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Leaves that the commit changes.
const LEAVES_CHANGED: usize = 100_000;
/// Words that are read.
const WORDS_READ: usize = 10_000;
/// Pages filled by one commit: 16 MiB.
const PAGES_A_COMMIT: u32 = 4096;

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

fn main() {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [step, path, pages] = match arguments.as_slice() {
        [step, path, pages] => [step, path, pages],
        _ => return run_all(arguments.first().map(PathBuf::from), arguments.get(1)),
    };
    let (path, pages): (&Path, u32) = (path.as_ref(), pages.parse().expect("a number of pages"));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let config = StoreConfig::new(vec![Space { number: 2, height: 27 }]);
    let started = Instant::now();
    match step.as_str() {
        "fill" => {
            let mut store = Store::create(path, &config, Arc::new(Blake3)).unwrap();
            for first in (0..pages).step_by(PAGES_A_COMMIT as usize) {
                let mut transaction = store.begin().unwrap();
                for page in first..pages.min(first + PAGES_A_COMMIT) {
                    let words: [u32; PAGE_WORDS] = std::array::from_fn(|_| rng.random());
                    transaction.set_page(2, page, &words).unwrap();
                }
                transaction.commit().unwrap();
            }
            say(&format!("fill {} MiB", pages / 256), started);
        }
        "scattered" | "together" => {
            let mut store = Store::open(path, &config, Arc::new(Blake3)).unwrap();
            say("open", started);
            let first = rng.random_range(0..pages * 128 - LEAVES_CHANGED as u32);
            for round in ["first", "second"] {
                let started = Instant::now();
                let mut transaction = store.begin().unwrap();
                for number in 0..LEAVES_CHANGED as u32 {
                    let leaf = if step == "together" { first + number } else { rng.random_range(0..pages * 128) };
                    transaction.set_leaf(2, leaf, &std::array::from_fn(|_| rng.random())).unwrap();
                }
                let touched = transaction.pages_touched();
                transaction.commit().unwrap();
                say(&format!("{round} commit of {LEAVES_CHANGED} leaves, {step}, {touched} pages"), started);
            }
        }
        "read" => {
            let store = Store::open(path, &config, Arc::new(Blake3)).unwrap();
            say("open", started);
            let started = Instant::now();
            let mut sum = 0;
            for _ in 0..WORDS_READ {
                let leaf = rng.random_range(0..pages * 128);
                sum ^= store.read_leaf(2, leaf).unwrap()[rng.random_range(0..8)];
            }
            say(&format!("read {WORDS_READ} random words (sum {sum:08x})"), started);
        }
        "verify" => {
            let store = Store::open(path, &config, Arc::new(Blake3)).unwrap();
            let started = Instant::now();
            println!("{:?}", store.verify_all().unwrap());
            say("recompute all", started);
        }
        other => panic!("no such step: {other}"),
    }
}

fn run_all(folder: Option<PathBuf>, mib: Option<&String>) {
    let folder = folder.unwrap_or_else(env::temp_dir);
    let pages: u32 = mib.map_or(1024, |mib| mib.parse().expect("a number of MiB")) * 256;
    let folder = tempfile::tempdir_in(folder).unwrap();
    let path = folder.path().join("memory");
    for step in ["fill", "read", "together", "scattered", "read", "verify"] {
        let path = path.to_str().expect("the path is text");
        let status = Command::new(env::current_exe().unwrap()).args([step, path, &pages.to_string()]).status().unwrap();
        assert!(status.success(), "{step}: {status}");
        println!("    file: {} MiB", fs::metadata(path).unwrap().len() >> 20);
    }
}

/// Print what was done, how long it took, and the most memory that the process has had.
fn say(what: &str, started: Instant) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown").trim();
    println!("{what}: {:.2} s, peak of memory {peak}", started.elapsed().as_secs_f64());
}
