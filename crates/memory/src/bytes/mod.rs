//! The bytes table: two bytes and their bitwise and.
//!
//! A row stands for one value of `x` and of the high half of `y`, and offers the sixteen pairs that the low half of `y`
//! makes, each as often as it is asked for. Only rows that are asked for are there: nothing enumerates the table, because
//! each row shows by itself that what it offers is true.
//!
//! Every row must keep:
//! - *`x` and `y` are bytes*: they are made of eight cells, and of four cells and a constant, that are boolean.
//! - *the third field is their bitwise and*: the and of the high halves is a sum of products of those bits; that of the low
//!   halves is a sum of the bits of `x` that are set in the constant.

mod columns;
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
