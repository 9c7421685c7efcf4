//! The only door to the STARK backend: keys, proofs and commitments of circuits that are data.
//!
//! A list of [`engram_air::Circuit`]s has a [`engine::ProvingKey`] and a [`engine::VerifyingKey`]. One filled table a circuit, a
//! [`engine::Witness`], is proven, and the proof is checked, encoded and read back here. No other crate names a type of the
//! backend, so that another backend is a swap of this crate.

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
pub mod parameters;

pub use engine::{
    Committed, EngineError, ProvingKey, StarkProof, VerifyingKey, Witness, check_witnesses, keygen, verifying_key,
};
pub use parameters::Parameters;
