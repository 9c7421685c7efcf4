//! The only door to the STARK backend: keys, proofs and commitments of circuits that are data.
//!
//! A list of [`engram_air::Circuit`]s has a [`engine::ProvingKey`] and a [`engine::VerifyingKey`]. One filled table a circuit, a
//! [`engine::Witness`], is proven, and the proof is checked, encoded and read back here. No other crate names a type of the
//! backend, so that another backend is a swap of this crate.
//!
//! # Messages do not collide
//!
//! The backend writes a message of n fields on bus b as a polynomial: the fields are its coefficients below degree n, and
//! b + 1 is its coefficient at degree n. A bus's number is far below the field's order, so b + 1 is not zero, and the polynomial has
//! degree n. Messages of different lengths therefore have polynomials of different degrees, and messages of one length on
//! different buses have different leading coefficients. Two messages have one polynomial only if bus, length and all fields
//! are the same. So messages of several lengths may share a bus, as those of blocks of several sizes do.

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

mod backend;
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it, and what it gets wrong does not verify"
)]
mod device;
pub mod engine;
pub mod limits;
pub mod parameters;
#[allow(clippy::arithmetic_side_effects, reason = "only provers run it")]
mod proving;

pub use engine::{
    Committed, EngineError, ProvingKey, StarkProof, VerifyingKey, Witness, check_witnesses, keygen, verifying_key,
};
pub use parameters::Parameters;
