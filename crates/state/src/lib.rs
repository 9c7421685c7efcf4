//! Memory on disk, under the hash that proofs name: a program's, and that of any configured spaces.
//!
//! What a run leaves is what the next one starts on: [`StateFile`] joins the machine's memory ([`engram_memory`]) and a store
//! ([`engram_store`]). The store's hash is the machine's, so that the root in the file is the root that proofs name. It hands out
//! pages and tree nodes as they are needed, to the executor and to the replay, and takes the pages that a run changed once the
//! run, and if it is proven its proof, is done.
//!
//! [`PersistentMemory`] does the same for the address spaces of a configuration ([`engram_memory`]), for machines of other kinds.

mod hash;
mod persistent;
mod state_file;

pub use hash::{Poseidon2Tree, digest_bytes, digest_of};
pub use persistent::{PersistentError, PersistentMemory, PersistentSnapshot};
pub use state_file::{StateError, StateFile, StateReader};
