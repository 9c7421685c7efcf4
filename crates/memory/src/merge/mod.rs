//! Merges: two halves become a block of N cells, so that larger accesses find it. It is there as long as the later half.
//!
//! Every row must keep:
//! - *what is taken is given*: the block and both halves have the same boolean multiplicity.
//! - *no cell is lost, doubled or changed*: the halves are written with the block's own columns, the right one's pointer with
//!   the block's plus half its length.
//! - *time does not go back*: each half is there for `age` longer than the block. One age is zero, as their product is. So the
//!   lookup of their sum shows that both are below `2^17`.
//! - *the timestamp does not wrap*: the block's is an integer below `2^29`, by two lookups.
//!
//! The last one cannot be left out. Ages alone would let a block climb by 2^17 a merge, each time with a half that a chain of
//! splits and merges provides out of nothing, up to p and round to a time before its own past. What was overwritten could be
//! read again.

#[cfg(test)]
mod climbing;
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
