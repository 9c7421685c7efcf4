//! The log's own tables: one row an access, in the order of their times, with the access in committed columns.
//!
//! There is a table for reads of each size, and one for writes of each size to spaces of each cell kind. A row says whether it is
//! an access, its space, its pointer, the cells that it found or left, and its time.
//!
//! An access of fewer cells than a block of its space, and than [`crate::address::NARROW_BLOCK_CELLS`], is *narrow*: its row takes the
//! block whole and says at which place in it the access is. So it needs no split, nor a merge afterwards. Such accesses
//! have tables of their own, by the size of the block.
//!
//! Every row must keep:
//! - *timestamps increase from row to row, and do not wrap*: each is larger by one and a wait of three digits of base 7, so by at most
//!   343 = 7^3. A table has at most 2^20 rows, which the verifier checks, so all timestamps are integers from 1 to below 2^29. Rows
//!   that are no access bridge longer waits.
//! - *each access goes forward in time*: by [`crate::access`]. A narrow one lets the whole block go forward.
//! - *a narrow access is at one place, and a narrow write changes the cells there and no others*.
//! - *what is written to cells of 16 bits is below 2^16*: looked up. A table of writes shows that the spaces of its rows are
//!   those of its cell kind.
//!
//! Two accesses of different tables may have one timestamp. They have no cell in common then, as each cell's accesses go strictly
//! forward, so their order does not matter.

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

pub(crate) use constraints::ROWS_MAX;
pub use constraints::{AccessTable, circuit, tables};
pub use trace::trace;
