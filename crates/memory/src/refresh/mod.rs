//! Refreshes: reads that only shorten the gap between two accesses of a word.
//!
//! An access shows with one range lookup that fewer than `2^17` ticks passed since the access before. Where more did, a row
//! of this table reads the word in between, a multiple of `2^17` ticks after the access before.
//!
//! Every row must keep:
//! - *a refresh goes forward in time*: the time that it gives is an integer below `2^29`, by two range lookups, and the time
//!   that it takes is `2^17 · k` before that, with `k` from 1 to `2^12`, by another. So the time it takes, as an integer, is not
//!   below `-2^29`, and no difference wraps around p.
//! - *a refresh changes nothing*: both messages are written with the same address and cells.
//! - *what is taken is given*: both messages have the same boolean count.
//!
//! Nothing bounds the address: a refresh of a word that does not exist finds no message to take.

mod columns;
mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::trace;
