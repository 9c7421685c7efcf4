//! The compression table: two digests into one by the Poseidon2 permutation of width 16
//! (Grassi, Khovratovich, Schofnegger, "Poseidon2", eprint 2023/323), as [`engram_air::poseidon2::compress`] computes it.
//!
//! A row holds one permutation and offers on the compression bus its input and the first half of its output plus that of
//! its input, as often as they are asked for. The rounds are written once, in `rounds`, and used for the circuit and for
//! the rows.
//!
//! The sum matters: a permutation alone can be run backwards, from a digest to a leaf that was never there.
//!
//! Every row must keep: *the digest is that of the input*. A committed cell follows each x^7, which is one
//! constraint of degree 7, so each cell is determined by the input. Rows whose multiplicity is zero are permutations as
//! well, since no selector fits beside degree 7: padding is the permutation of zeros.

mod columns;
mod constraints;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod recorder;
mod rounds;
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
pub use recorder::{Compression, Compressions};
pub use trace::trace;
