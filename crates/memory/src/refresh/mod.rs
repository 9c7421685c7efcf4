//! Refreshes: reads of a block that only shorten the gap between two messages about it.
//!
//! An access or merge shows with one range lookup that fewer than `2^17` ticks passed since the message that it takes. Where more
//! did, a row of this table reads the block in between, a multiple of `2^17` ticks after the message before. There is a table for
//! each size that a block on the bus may have.
//!
//! Every row must keep:
//! - *a refresh goes forward in time*: the timestamp that it gives is an integer below `2^29`, by two range lookups, and the one
//!   that it takes is `2^17 · k` before that, with `k` from 1 to `2^12`, by another. So the timestamp it takes, as an integer, is not
//!   below `-2^29`, and no difference wraps around p.
//! - *a refresh changes nothing*: both messages are written with the same address and cells.
//! - *what is taken is given*: both messages have the same boolean multiplicity.
//!
//! Nothing bounds the address: a refresh of a block that does not exist finds no message to take.

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
