//! The roots: where the Merkle trees of all normal spaces meet the public values of a segment.
//!
//! Public values: for each normal space in the order of the [`Layout`](crate::layout::Layout), its root before and then its root
//! after, eight field elements each ([`public_values`] writes them, [`roots_of`] reads them).
//!
//! The table must keep:
//! - *a touched space's tree hangs from its public roots*: the message that its top node takes is written with them.
//! - *an untouched space keeps its root*.
//! - *each root is put on the bus once*: only the first row may do so. With two, each leaf could have two boundary rows, and
//!   so two histories.
//! - *roots are there*: the circuit is required, so that no proof leaves it out together with its public values.

mod constraints;
mod publics;
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
pub use publics::{public_values, roots_of};
pub use trace::trace;
