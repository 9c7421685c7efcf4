//! What tests of the machine share: programs that reach every chip, their tables, an attacker that forges rows,
//! a bench for extensions, and a machine with its memory.

mod assembler;
mod attacker;
pub mod bench;
mod custom_program;
mod every_instruction;
mod row;
mod run;
pub mod system;
mod words;

pub use assembler::{Assembler, ZERO};
pub use attacker::{Attacker, Effort, Forgery, lies};
pub use custom_program::custom_elf;
pub use every_instruction::{EveryInstruction, every_instruction};
pub use row::RowChecks;
pub use run::{Run, Segment};
pub use words::Words;
