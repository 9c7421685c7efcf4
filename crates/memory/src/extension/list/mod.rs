//! The list of instructions: one row an instruction, with its word in committed columns.
//!
//! Committed are whether the row is an instruction, and the low and high 16 bits of its word.
//!
//! The table must keep:
//! - *a row's step is its number*: it starts at zero and rises by one.
//! - *instructions come first*: so that a list has one table, and no step is left out.
//! - *fields are those of the word*: the low half is `0x0b + 2^7 rd + 2^12 funct3 + 2^15 rs1[0]`, the high half `rs1[4..1] + 2^4 rs2 +
//!   2^9 funct7`. Each field has its number of bits, so each half is an integer below 2^16 in one way only, and a row whose
//!   word is no custom-0 instruction cannot be.

mod constraints;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use trace::{ListTrace, trace};
