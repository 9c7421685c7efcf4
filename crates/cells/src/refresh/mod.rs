//! Refreshes: reads of a block that only shorten the gap between two messages about it.
//!
//! An access or merge shows with one lookup that fewer than `2^17` steps passed since the message that it takes. Where more
//! did, rows of this table read the block every `2^17` steps in between. It is the refresh of
//! [`engram_memory::refresh`], for blocks of N cells.
//!
//! Every row must keep:
//! - *a refresh goes forward in time*: the time it takes is `2^17` before the time it gives, which is an integer below `2^29`.
//! - *a refresh changes nothing*: both messages are written with the same address and cells.
//! - *what is taken is given*: both messages have the same boolean count.

mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::trace;
