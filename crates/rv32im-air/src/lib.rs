//! The RV32IM machine as circuits.
//!
//! [`chip::CHIPS`] lists every table that executes something; each is one function over a row
//! ([`engram_vm::row::RowBuilder`]), which is both its circuit and its witness. [`program`] says what the committed program
//! looks like, [`plan`] which blocks a proof uses, and [`circuits`] is the whole machine in order.
//!
//! This is what a verifier needs to know of the machine. Replaying a run and filling tables is for a prover, in `engram-prover`.

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

pub mod block;
pub mod bulk;
pub mod calls;
pub mod chip;
mod chip_rows;
pub mod circuits;
pub mod custom;
#[allow(clippy::indexing_slicing, reason = "only provers run it")]
pub mod guest;
pub mod instruction;
pub mod misaligned;
pub mod plan;
pub mod program;
pub mod registry;
pub mod row;
pub mod system;
pub mod transfer;
