//! The hash of these tests, random changes, and a plain map of words to compare a store with.

use std::{collections::BTreeMap, sync::Arc};

use engram_store::{
    Digest, LEAF_WORDS, Leaf, PAGE_WORDS, Space, Store, StoreConfig, StoreError, Transaction, TreeHash,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// BLAKE3, leaves and nodes apart.
pub struct Blake3;

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

pub fn hash() -> Arc<dyn TreeHash> {
    Arc::new(Blake3)
}

/// Spaces smaller than a page, of one tier of bundles, and as high as main memory.
pub const SPACES: [Space; 3] =
    [Space { number: 1, height: 3 }, Space { number: 9, height: 13 }, Space { number: 2, height: 27 }];

pub fn config() -> StoreConfig {
    let mut config = StoreConfig::new(SPACES.to_vec());
    config.generations_kept = 4;
    config.program = [7; 32];
    config
}

/// A generator whose seed a failing test prints.
pub fn rng(seed: u64) -> ChaCha8Rng {
    println!("seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// A plain map of leaves that are not zero, by space and leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub leaves: BTreeMap<(u32, u32), [u32; LEAF_WORDS]>,
}

/// The change that a transaction makes.
#[derive(Clone, Debug)]
pub enum Change {
    Leaf(u32, u32, [u32; LEAF_WORDS]),
    Page(u32, u32, Box<[u32; PAGE_WORDS]>),
}

impl Model {
    pub fn apply(&mut self, change: &Change) {
        let mut set = |space, leaf, words: [u32; LEAF_WORDS]| match words {
            [0, 0, 0, 0, 0, 0, 0, 0] => drop(self.leaves.remove(&(space, leaf))),
            words => drop(self.leaves.insert((space, leaf), words)),
        };
        match change {
            Change::Leaf(space, leaf, words) => set(*space, *leaf, *words),
            Change::Page(space, page, words) => {
                let leaves_max = 1u64 << SPACES.iter().find(|known| known.number == *space).unwrap().height;
                for (position, words) in words.as_chunks::<LEAF_WORDS>().0.iter().enumerate() {
                    let leaf = u64::from(*page) * 128 + position as u64;
                    if leaf < leaves_max {
                        set(*space, leaf as u32, *words);
                    }
                }
            }
        }
    }

    /// The words of a page.
    pub fn page(&self, space: u32, page: u32) -> Option<Box<[u32; PAGE_WORDS]>> {
        let mut words = Box::new([0; PAGE_WORDS]);
        let last = page as u64 * 128 + 127;
        let range = self.leaves.range((space, page * 128)..=(space, last as u32));
        for (&(_, leaf), leaf_words) in range {
            let first = leaf as usize % 128 * LEAF_WORDS;
            words[first..first + LEAF_WORDS].copy_from_slice(leaf_words);
        }
        words.iter().any(|&word| word != 0).then_some(words)
    }

    /// All pages with a leaf that is not zero.
    pub fn pages(&self) -> Vec<(u32, u32)> {
        let mut pages: Vec<_> = self.leaves.keys().map(|&(space, leaf)| (space, leaf / 128)).collect();
        pages.dedup();
        pages
    }

    /// The root of a space, computed leaf by leaf without anything of the store.
    pub fn root(&self, space: Space) -> Digest {
        let mut nodes: BTreeMap<u32, Digest> = self
            .leaves
            .range((space.number, 0)..=(space.number, u32::MAX))
            .map(|(&(_, leaf), words)| {
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                (leaf, Blake3.leaf(&bytes.try_into().unwrap()))
            })
            .collect();
        let mut zero = Blake3.leaf(&[0; 32]);
        for _ in 0..space.height {
            let parents: Vec<u32> = nodes.keys().map(|node| node / 2).collect();
            nodes = parents
                .into_iter()
                .map(|node| {
                    let [left, right] = [2 * node, 2 * node + 1].map(|child| nodes.get(&child).unwrap_or(&zero));
                    (node, Blake3.node(left, right))
                })
                .collect();
            zero = Blake3.node(&zero, &zero);
        }
        nodes.get(&0).copied().unwrap_or(zero)
    }

    pub fn roots(&self) -> Vec<Digest> {
        SPACES.iter().map(|&space| self.root(space)).collect()
    }

    /// Fail unless the store has these words and these roots, and all of it hashes to them.
    pub fn assert_is_in(&self, store: &Store) {
        assert_eq!(store.roots().unwrap(), self.roots());
        let verified = store.verify_all().unwrap();
        assert_eq!(verified.pages, self.pages().len() as u64);
        for (space, page) in self.pages() {
            assert_eq!(store.read_page(space, page).unwrap(), self.page(space, page), "space {space}, page {page}");
        }
    }
}

/// Some random changes: of a few places over and over, and sometimes of new ones; sometimes to zero.
pub fn random_changes(rng: &mut ChaCha8Rng, count_max: usize) -> Vec<Change> {
    let count = rng.random_range(1..=count_max);
    (0..count).map(|_| random_change(rng)).collect()
}

fn random_change(rng: &mut ChaCha8Rng) -> Change {
    let space = SPACES[rng.random_range(0..SPACES.len())];
    let leaves = 1u64 << space.height;
    let leaf = match rng.random_range(0..10) {
        0 => rng.random_range(0..leaves),
        1 => leaves - 1,
        _ => rng.random_range(0..leaves.min(700)),
    } as u32;
    match rng.random_range(0..12) {
        0 => {
            let words = std::array::from_fn(|word| match rng.random_range(0..3) {
                0 if (word as u64) < leaves * LEAF_WORDS as u64 => rng.random(),
                _ => 0,
            });
            Change::Page(space.number, leaf / 128, Box::new(words))
        }
        1 => Change::Page(space.number, leaf / 128, Box::new([0; PAGE_WORDS])),
        2 => Change::Leaf(space.number, leaf, [0; LEAF_WORDS]),
        _ => Change::Leaf(space.number, leaf, std::array::from_fn(|_| rng.random::<u32>() >> rng.random_range(0..32))),
    }
}

/// Put changes into a transaction.
pub fn set(transaction: &mut Transaction, changes: &[Change]) -> Result<(), StoreError> {
    changes.iter().try_for_each(|change| match change {
        Change::Leaf(space, leaf, words) => transaction.set_leaf(*space, *leaf, words),
        Change::Page(space, page, words) => transaction.set_page(*space, *page, words),
    })
}

/// Commit changes.
pub fn commit(store: &mut Store, changes: &[Change]) -> Result<Vec<Digest>, StoreError> {
    let mut transaction = store.begin()?;
    set(&mut transaction, changes)?;
    transaction.commit()
}
