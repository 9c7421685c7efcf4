//! The compression table: two digests into one by the Poseidon2 permutation of width 16
//! (Grassi, Khovratovich, Schofnegger, "Poseidon2", eprint 2023/323), as [`engram_air::poseidon2::compress`] computes it.
//!
//! A row holds one permutation and offers its input and the first half of its output on the compression bus, as often as
//! they are asked for. The rounds are written once ([`rounds`]) and used for the circuit and for the rows.
//!
//! Every row must keep: *the output is the permutation of the input*. A committed cell follows each x^7, which is one
//! constraint of degree 7, so each cell is determined by the input. Rows whose multiplicity is zero are permutations as
//! well, since no selector fits beside degree 7: padding is the permutation of zeros.

mod columns;
mod constraints;
mod recorder;
mod rounds;
#[cfg(test)]
mod tests;
mod trace;

pub use constraints::circuit;
pub use recorder::{Compression, Compressions};
pub use trace::trace;
