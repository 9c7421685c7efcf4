//! The persistent boundary: the leaves of the Merkle trees that a segment touches.
//!
//! A row puts the first message about each of a leaf's blocks on the memory bus and takes the last one off, and ties the
//! leaf before and the leaf after to the Merkle tree. There is a table for each block size that a space has. Each block's first
//! message carries a timestamp of the prover's choice (the one before its first access), so that a first access needs no refresh.
//!
//! Every row must keep:
//! - *the cells before are those of the tree before*: the digest before is looked up in the compression table, always.
//! - *the cells after are those of the tree after*: the digest after is looked up too, unless the leaf is flagged as
//!   unchanged, and then cells and digest are those before.
//! - *a leaf has one row*: a row takes the message that the leaf's parent puts on the Merkle bus, and there is one such
//!   parent (see [`crate::merkle`]). So each cell has exactly one first and one last message.
//! - *an address exists*: the leaf's index comes from the Merkle bus and is below `2^27`, so the pointer, which is made of it
//!   and a constant, is below `2^30`, as the layout's pointers are.
//!
//! A table's blocks need not have the size of the row's space: whatever their size, they cover each cell of the leaf once at
//! first and once at last.
//!
//! Nothing bounds the cells: those before are the ones that the tree holds, which were bounded when they were written, and
//! those after are the ones that the last access sent. Nothing bounds the two timestamps, nor needs to: the messages between them
//! are one path from the first to the last (see the crate's page).

mod constraints;
#[cfg(test)]
mod tests;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod trace;

pub use constraints::circuit;
pub use trace::trace;
