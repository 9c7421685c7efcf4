//! Memory that outlives the process: pages, tree nodes and roots on disk, crash-safe.
//!
//! A [`Store`] is one file. It holds the words of some address spaces, each under a Merkle tree of its own, and the roots of
//! these trees for the last generations. A commit replaces all of it in one transaction: after a crash the file
//! has the state before the commit or the state after it. What is read is checked against the root, page by page, because
//! the checksum of a file is no proof of what is in it.
//!
//! A store knows no field: a digest is 32 bytes, and the hash is a parameter, [`TreeHash`]. [`Poseidon2Tree`] is the hash that proofs
//! name, so that the root in a file is the root in a proof. Two things stand on it:
//!
//! - [`StateFile`]: what a program's run leaves for the next one. It hands out pages and tree nodes as they are needed, to the
//!   emulator and to the replay, and takes the pages that a run changed once the run, and if it is proven its proof, is done.
//! - [`PersistentMemory`]: the address spaces of any configuration, for machines of other kinds.
//!
//! What a store does not do:
//!
//! - It cannot know whether the file as a whole is an older copy of itself. Who needs that keeps the roots elsewhere, in a
//!   proof for example, and compares them with [`Store::roots`] after opening.
//! - The database below, `redb`, may panic on a file whose checksums fit but whose structure no `redb` wrote, and on one that
//!   somebody changes while it is open. Words read without an error are right even then. From somebody who is not trusted,
//!   take an export and import it: that is read by this crate alone.
//! - Opening reads the whole file, to compare its checksums: without that, `redb` panics on files that are merely damaged.
//!
//! ```
//! use std::sync::Arc;
//! use engram_store::{Digest, Leaf, Space, Store, StoreConfig, StoreError, TreeHash};
//!
//! struct Blake3;
//! impl TreeHash for Blake3 {
//!     fn leaf(&self, bytes: &Leaf) -> Digest { blake3::hash(bytes).into() }
//!     fn node(&self, left: &Digest, right: &Digest) -> Digest { blake3::hash(&[*left, *right].concat()).into() }
//!     fn is_digest(&self, _: &Digest) -> bool { true }
//! }
//!
//! # fn main() -> Result<(), StoreError> {
//! # let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("memory");
//! let config = StoreConfig::new(vec![Space { number: 2, height: 27 }]);
//! let mut store = Store::create(&path, &config, Arc::new(Blake3))?;
//! let mut transaction = store.begin()?;
//! transaction.set_leaf(2, 5, &[1, 2, 3, 4, 5, 6, 7, 8])?;
//! let roots = transaction.commit()?;
//! store.close()?;
//!
//! let store = Store::open(&path, &config, Arc::new(Blake3))?;
//! assert_eq!(store.roots()?, roots);
//! assert_eq!(store.read_leaf(2, 5)?[0], 1);
//! # Ok(())
//! # }
//! ```

mod bundle;
mod config;
mod error;
mod format;
mod geometry;
mod hash;
mod opening;
mod page;
mod pending;
mod persistent;
mod poseidon2_tree;
mod snapshot;
mod space;
mod state_file;
mod store;
mod transaction;
mod transfer;
mod undo;
mod verified;
mod verify;
mod verify_earlier;
mod view;
mod writer;

pub use config::{
    CACHE_BYTES_MIN, GENERATION_LAST, GENERATIONS_MAX, HEIGHT_MAX, HEIGHT_MIN, METADATA_BYTES_MAX, SPACES_MAX,
    StoreConfig,
};
pub use error::{Limit, StoreError};
pub use format::FORMAT_VERSION;
pub use hash::{Digest, LEAF_BYTES, Leaf, TreeHash};
pub use page::{LEAF_WORDS, PAGE_LEAVES, PAGE_WORDS, PageWords};
pub use persistent::{PersistentError, PersistentMemory, PersistentSnapshot};
pub use poseidon2_tree::{Poseidon2Tree, digest_bytes, digest_of};
pub use snapshot::{GenerationInfo, Snapshot};
pub use space::Space;
pub use state_file::{StateError, StateFile, StateReader};
pub use store::{Store, StoreInfo};
pub use transaction::Transaction;
pub use transfer::EXPORT_VERSION;
pub use verify::Verified;
