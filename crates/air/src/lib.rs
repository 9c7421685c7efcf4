//! The only door to the STARK backend.
//!
//! A circuit is data: columns with names, constraints with labels, and messages on buses, all over [`Expr`].
//! It is built once with [`CircuitBuilder`] and then read by everything that needs it: key generation and proving
//! ([`engine`]), the row-by-row checker that names what failed ([`check`]), and the price table ([`price`]).
//! No other crate names a type of the backend, so that another backend is a swap of this crate.

pub mod backend;
pub mod builder;
pub mod bus;
pub mod check;
pub mod circuit;
pub mod columns;
mod device;
pub mod engine;
pub mod expr;
pub mod field;
pub mod parameters;
pub mod poseidon2;
pub mod price;
pub mod tape;
pub mod trace;
pub mod vector;

pub use builder::CircuitBuilder;
pub use bus::{Bus, BusKind};
pub use circuit::Circuit;
pub use expr::{Expr, Ring};
pub use field::{F, Field, PrimeCharacteristicRing, PrimeField32};
pub use trace::Trace;
