//! The persistent boundary: the leaves of the Merkle trees that a segment touches.
//!
//! A row puts the first message about each of a leaf's words on the memory bus and takes the last one off, and ties the
//! leaf before and the leaf after to the Merkle tree. Each word's first message carries a time of the prover's choice (the
//! time before its first access), so that a first access needs no refresh.
//!
//! Every row must keep:
//! - *the words before are those of the tree before*: the digest before is looked up in the compression table, always.
//! - *the words after are those of the tree after*: the digest after is looked up too, unless the leaf is flagged as
//!   unchanged, and then cells and digest are those before.
//! - *a leaf has one row*: a row takes the message that the leaf's parent puts on the Merkle bus, and there is one such
//!   parent (see [`crate::merkle`]). So each address has exactly one first and one last message.
//! - *an address exists*: the leaf's index comes from the Merkle bus and is below `2^27`, so the pointer, which is made of it
//!   and a constant, is below `2^30`.
//!
//! Nothing bounds the cells: those before are the ones that the tree holds, which were bounded when they were written, and
//! those after are the ones that the last access sent. Nothing bounds the two times, nor needs to: accesses between
//! them strictly increase an integer, so there is one chain of accesses from the first message to the last, whatever
//! its time.

mod columns;
mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::trace;
