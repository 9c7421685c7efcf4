//! Memory on disk: what [`crate::PersistentMemory`] hands out, and the parts it is made of.

pub use engram_store::{
    PersistentSnapshot, Poseidon2Tree, StateError, StateFile, StateReader, digest_bytes, digest_of,
};
pub use engram_store::{Store, StoreConfig, StoreError, TreeHash};
