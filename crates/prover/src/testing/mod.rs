//! What tests of the machine share: programs that reach every chip, their tables, and an attacker that forges rows.

mod assembler;
mod attacker;
mod custom_program;
mod every_instruction;
mod row;
mod run;
mod words;

pub use assembler::{Assembler, ZERO};
pub use attacker::{Attacker, Effort, Forgery};
pub use custom_program::custom_elf;
pub use every_instruction::{EveryInstruction, every_instruction};
pub use row::RowChecks;
pub use run::{Run, Segment};
pub use words::Words;
