//! Splits: a block of N cells falls apart into its halves, so that smaller accesses find them.
//!
//! Every row must keep:
//! - *what is taken is given*: the block and both halves have the same boolean multiplicity.
//! - *no cell is lost, doubled or changed*: the halves are written with the block's own columns, the right one's pointer with
//!   the block's plus half its length. There is nothing that a row could choose.
//! - *the timestamp stays*: all three messages are written with one.

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
