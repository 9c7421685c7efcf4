//! The memory of an RV32IM program on disk: what a run leaves is what the next one starts on.
//!
//! [`StateFile`] joins the machine's memory ([`engram_memory`]) and a store ([`engram_store`]): the store's hash is the
//! machine's, so that the root in the file is the root that proofs name. It hands out pages and tree nodes as they are needed, to the executor
//! and to the replay, and takes the pages that a run changed once the run, and if it is proven its proof, is done.

#![forbid(unsafe_code)]

mod hash;
mod state_file;

pub use hash::{Poseidon2Tree, digest_bytes, digest_of};
pub use state_file::{STATE_SPACE, StateError, StateFile, StateReader};
