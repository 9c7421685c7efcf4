//! What a machine of one's own needs besides memory: a committed program, a thread of execution with its clock, and segments.
//!
//! Each row that executes an instruction asks [`ROM`] for it, takes the thread `[pc, timestamp]` off [`EXECUTION`] and puts it back at the
//! next program counter and timestamp. The [`connector`] is the two ends of the thread, and says in public where they are
//! ([`Ends`]). A run that is cut goes on where the segment before ended: at its final program counter and on its final roots.
//! `examples/stack_machine.rs` is such a machine.
//!
//! For a machine on RV32IM's memory, of words of two 16-bit cells, rows can be written once for circuit, trace and
//! execution: [`row::RowBuilder`], with a [`frame::Frame`] or a [`path::Path`].

pub use engram_vm::{
    connector::{self, EXECUTION, Ends, FIRST_TIMESTAMP, HALT},
    frame, path,
    rom::{self, ROM},
    row,
};
