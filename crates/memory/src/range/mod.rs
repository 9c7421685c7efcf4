//! The range tables: integers below a power of two.
//!
//! A row of the wide table stands for a block of [`BLOCK`] values `16 b ..= 16 b + 15` of one width from 4 to 17 bits, and
//! offers each of them as often as it is asked for. Only blocks that are asked for have a row: nothing enumerates the
//! table, because each row shows by itself that its values are below `2^width`.
//!
//! Every row must keep: *the block's values have at most the row's width*. The block's number is made of base-4 digits, and
//! each digit has a limit: how many of its bits the width covers, 0, 1 or 2. A digit is below 4 to the power of half its
//! limit; a digit has a limit above 0 only where the digit below it has limit 2; and the width is 4 plus the sum of the
//! limits. A row of zeros offers 0 to 15 with 4 bits, which is true.
//!
//! The narrow table has one row, with widths 0 to 3 as constants. All it says is true.

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

pub use columns::BLOCK;
pub use constraints::{circuit, narrow_circuit};
pub use trace::{narrow_trace, trace};
