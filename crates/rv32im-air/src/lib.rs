//! The RV32IM machine as circuits.
//!
//! [`chip::CHIPS`] lists every table that executes something; each is one function over a row
//! ([`engram_vm::row::RowBuilder`]), which is both its circuit and its witness. [`program`] says what the committed program
//! looks like, [`replay`] turns a run's log into rows, [`segment`] fills the tables, and [`circuits`] is the whole machine in
//! order.

pub mod block;
pub mod calls;
pub mod chip;
pub mod circuits;
pub mod custom;
pub mod instruction;
pub mod misaligned;
pub mod plan;
pub mod program;
pub mod replay;
pub mod row;
pub mod segment;
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tile;
pub mod transfer;
