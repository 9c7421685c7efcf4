//! The volatile boundary: memory of one segment, without Merkle trees.
//!
//! Words that are not part of a program image start as zero, and what they hold in the end is forgotten. The image's
//! words are a table of committed columns ([`image_circuit`]), whose commitment the verifier derives from the image; it
//! puts each of them on the image bus, and the boundary takes them off.
//!
//! A row of the boundary puts the first message about a word on the memory bus and takes the last one off. Rows must keep:
//! - *an address has one row*: rows that are real come first and are sorted by address, strictly. An address is compared in
//!   two parts, its *block* `2^15 · space + high limb of the pointer`, an integer below `2^17`, and the pointer's low limb, below
//!   `2^15`: from row to row either the block grows, or it stays and the low limb grows. The growth, less one, is looked up
//!   to be below `2^17`; neither part can wrap around p.
//! - *a word outside the image starts as zero*.
//! - *an image word is the first message of its address*: each is put on the bus once, by a table that is required, and only
//!   a real row takes it, as its first cells. So none can be left out or replaced.
//!
//! Nothing bounds the cells and the times, as in the persistent boundary ([`crate::boundary`]).

mod columns;
mod constraints;
mod image_table;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use image_table::{image_circuit, image_columns, image_trace};
pub use trace::trace;
