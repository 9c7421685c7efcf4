//! What every machine on engram's memory shares: rows that are written once and read as circuit and as witness
//! ([`row`]), words of two 16-bit limbs ([`word`]), the frame around an instruction ([`frame`]), the committed program
//! ([`rom`]) and the ends of a segment ([`connector`]).
//!
//! Nothing here knows which instruction set it serves.

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

pub mod address;
pub mod compare;
pub mod connector;
pub mod divide;
pub mod extension;
pub mod frame;
pub mod multiply;
pub mod path;
pub mod rom;
pub mod row;
pub mod shift;
pub mod word;
