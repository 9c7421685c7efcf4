//! The two ends of a run of custom instructions.
//!
//! Public values: the number of instructions, and the time after the last access. Time starts at one.
//!
//! The table must keep:
//! - *there is one thread of execution*: only the first row starts and ends it.
//! - *the ends are there*: the circuit is required, so that no proof leaves them out together with their public values.
//!
//! The verifier checks that the last time is at most 2^29. Each row of an extension lets time rise by the number of its accesses, which is
//! at most its number of messages, and all messages of a proof are fewer than p. So times in between are integers from 1 on that
//! rise from step to step, and every access has one below 2^29.

mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::{public_values, trace};
