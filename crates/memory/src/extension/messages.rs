//! The buses between the list of instructions, the rows that execute them and the ends of the run. Each is beside the one function
//! that writes its message.

use engram_air::{Bus, Ring};

/// The one thread of execution: each row takes it and hands it on.
pub const STEPS: Bus = Bus::permutation(12, "steps", &["step", "time"]);

/// The instructions of the list, each to the row that executes it.
pub const INSTRUCTIONS: Bus = Bus::permutation(13, "instructions", &["step", "extension", "rd", "rs1", "rs2"]);

/// On [`STEPS`]: so many instructions are done, and the next access has this time.
pub fn step_message<T>(step: T, time: T) -> Vec<T> {
    vec![step, time]
}

/// On [`INSTRUCTIONS`]: the instruction after `step` others is the extension's, with these operands.
pub fn instruction_message<T: Ring>(step: T, extension: T, rd: T, rs1: T, rs2: T) -> Vec<T> {
    vec![step, extension, rd, rs1, rs2]
}
