//! A straight path of instructions on one row.
//!
//! In a block operands, immediates and program counters are constants. A single instruction is a path of length one whose
//! operands are columns, looked up in the program. Values live in an arena, so what is known of a value (that it
//! is a constant, which bits it can have, its bytes, its limbs once normal) is found again wherever the value is used again.
//! Registers and words of memory that the path uses are *locations*: taken off the memory bus once, changed
//! in place, and put back once.

mod arena;
mod bits;
mod compare;
mod location;
mod open;
mod part;
mod place;
mod pointer;
mod sum;
mod value;

#[cfg(test)]
mod tests;

pub use arena::{Operand, Path};
pub use bits::Bitwise;
pub use compare::Condition;
pub use place::{OFFSET_BYTES_MAX, Place, Width};
pub use value::WordId;
