//! Circuits as data.
//!
//! A circuit is data: columns with names, constraints with labels, and messages on buses, all over [`Expr`].
//! It is built once with [`CircuitBuilder`] and then read by everything that needs it: key generation and proving (the crate
//! `engram-stark`), the row-by-row checker that names what failed ([`check`]), and the price table ([`price`]).
//! Nothing here knows a proof system.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

pub mod builder;
pub mod bus;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod check;
pub mod circuit;
pub mod columns;
pub mod count;
pub mod expr;
pub mod field;
pub mod poseidon2;
#[allow(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "only provers run it")]
pub mod price;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
pub mod tape;
pub mod trace;
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "only provers run it")]
pub mod vector;

pub use builder::CircuitBuilder;
pub use bus::{Bus, BusKind};
pub use circuit::Circuit;
pub use count::Count;
pub use expr::{Expr, Ring};
pub use field::{F, Field, PrimeCharacteristicRing, PrimeField32};
pub use trace::Trace;
