//! The volatile boundary: memory of one proof, without Merkle trees. It starts as zeros, and what it holds in the end is
//! forgotten.
//!
//! There is a table for each normal space. A row puts the first message about a block of the space's size on the memory bus,
//! of zeros, and takes the last one off. Rows must keep:
//! - *a block has one row*: real rows come first and are sorted by the block's number, strictly. Numbers have two limbs of at
//!   most 15 bits. From row to row either the high limb grows, or it stays and the low limb grows. The growth, less one, is
//!   looked up to be below `2^15`; no limb can wrap around p.
//! - *an address exists*: limbs are below what the space's number of blocks needs. The pointer is the number times a constant.
//! - *blocks do not overlap*: all rows of a space are of one size, as they are in one table.
//!
//! Nothing bounds the cells and the times, as in the persistent [`crate::boundary`].

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
