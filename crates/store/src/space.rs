//! An address space of a store.

/// An address space: an array of words under a Merkle tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its number, unique in its store.
    pub number: u32,
    /// Base-two logarithm of the number of leaves of its tree: [`crate::HEIGHT_MIN`] to [`crate::HEIGHT_MAX`].
    pub height: u32,
}
