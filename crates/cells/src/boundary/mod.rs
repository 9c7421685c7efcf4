//! The boundary: the leaves of the Merkle trees that accesses touch.
//!
//! A row puts the first message about each of a leaf's blocks on the memory bus and takes the last one off, and ties the
//! leaf before and the leaf after to the Merkle tree. It is the boundary of [`engram_memory::boundary`], for blocks of any
//! power of two. Each block's first message carries a time of the prover's choice.
//!
//! Every row must keep:
//! - *the cells before are those of the tree before*: the digest before is looked up in the compression table, always.
//! - *the cells after are those of the tree after*: the digest after is looked up too, unless the leaf is flagged as
//!   unchanged, and then cells and digest are those before.
//! - *a leaf has one row*: a row takes the message that the leaf's parent puts on the Merkle bus, and there is one such
//!   parent (see [`engram_memory::merkle`]). So each cell has exactly one first and one last message.
//! - *an address exists*: a pointer is made of the leaf's index and a constant, and is below `2^30`.
//!
//! A table's blocks need not have the size of the row's space: whatever their size, they cover each cell of the leaf once at
//! first and once at last.

mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::trace;
