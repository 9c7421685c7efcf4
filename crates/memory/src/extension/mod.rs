//! Instructions of one's own on memory, proven: extensions on the RISC-V opcode custom-0.
//!
//! An extension is one function over a row ([`MemoryExtension`]): it reads and writes memory, allocates columns and says what must
//! hold of them. It is executed, turned into a circuit and fills its rows by the same function. Extensions are registered
//! at set-up ([`ExtensionRegistry`]); a [`CustomInstructionProcessor`] executes instruction words and proves the run.
//!
//! ```
//! use engram_air::{F, PrimeCharacteristicRing};
//! use engram_memory::{
//!     config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder},
//!     extension::{BULK_LOAD, CustomInstruction, CustomInstructionProcessor, RegisterSpaces, standard_extensions},
//!     image::MemoryImage,
//! };
//!
//! // Registers in space 1, data in space 2.
//! let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
//! let config = MemoryConfigBuilder::new().add_address_space(space(1)).add_address_space(space(2)).build()?;
//! let registry = standard_extensions(&config, RegisterSpaces { registers: 1, data: 2 })?;
//! // Register 5 points to cell 0x1_0040.
//! let mut image = MemoryImage::new();
//! image.set_cell(1, 5 * 8, F::from_u32(0x40));
//! image.set_cell(1, 5 * 8 + 1, F::ONE);
//! image.set_cell(2, 0x1_0040, F::from_u32(77));
//! let mut processor = CustomInstructionProcessor::with_image(registry.clone(), image)?;
//! processor.execute_custom_instruction(&CustomInstruction::new(BULK_LOAD, 6, 5, 0)?)?;
//! assert_eq!(processor.memory().image().cell(1, 6 * 8), F::from_u32(77));
//! let statement = processor.prove()?.verify(&registry)?;
//! assert_eq!(statement.instructions, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a proof says
//!
//! [`CustomProof::verify`] answers with a [`CustomStatement`]: *the instructions of the committed list, all of them, each once and in
//! order, executed as the registered extensions define them, on a memory with the initial roots, left a memory with the final roots.*
//! The list is a table of instruction words; its commitment is a hash, computed outside of the circuit, of the table's height and
//! of its columns' commitment. Whoever has the list computes it with [`list_commitment`] and compares. It depends on the
//! parameter set, which the proof names.
//!
//! It does not say that a program wrote the list, nor what memory holds: whoever knows the memory compares roots. The proof is not
//! zero-knowledge.
//!
//! # Why
//!
//! - The list's row n puts its instruction on a bus with step n, once ([`list`]). A row of an extension takes the instruction
//!   of its step and id, with its operands. So rows and instructions are one to one.
//! - Each row takes the thread of execution `[step, time]` and hands on `[step + 1, time + accesses]`. The [`connector`] starts it at
//!   `[0, 1]` and ends it at the public values. A cycle would need p rows, so all rows lie on that one path: rows are
//!   in the order of their steps, and none of the list is left out.
//! - A row advances time by at most its number of messages, and all messages of a proof are fewer than p; the verifier checks that
//!   the last time is at most 2^29. So all accesses have distinct times from 1 to below 2^29, in the order of steps, which is what
//!   [`crate::bridge`] asks of a chip's author.
//! - What is written to cells of 16 bits is below 2^16: looked up, or held by such cells before ([`Cells`]). An extension's author
//!   cannot get around it.
//!
//! That an extension's constraints leave no choice is its author's to keep; `testing::bench` (feature `testing`) attacks it.

#[cfg(test)]
mod attacks;
mod bulk;
mod circuit_row;
pub mod connector;
pub mod error;
mod execute;
mod fill;
mod instruction;
pub mod list;
pub mod messages;
mod moves;
mod processor;
mod proof;
mod registers;
mod registry;
mod row;
pub(crate) mod tables;
#[cfg(test)]
mod tests;

pub use bulk::{BulkLoad, BulkStore, MESSAGES_MAX, bulk_load, bulk_store};
pub use error::{CircuitError, ExtensionError, InstructionError};
pub use instruction::{CUSTOM_0, CustomInstruction, EXTENSION_IDS, ExtensionId};
pub use moves::{CellLoad, CellStore};
pub use processor::{CustomInstructionProcessor, INSTRUCTIONS_MAX};
pub use proof::{CustomProof, CustomStatement, list_commitment};
pub use registers::{REGISTER_CELLS, REGISTERS, RegisterSpaces};
pub use registry::{EXTENSIONS_MAX, ExtensionRegistry};
pub use row::{Cells, Checked, InstructionRow, MemoryExtension, Operands};

#[cfg(any(test, feature = "testing"))]
pub(crate) use circuit_row::FRAME_COLUMNS;

use crate::config::MemoryConfig;

/// The id of [`BulkLoad`] among [`standard_extensions`].
pub const BULK_LOAD: u16 = 0;
/// The id of [`BulkStore`].
pub const BULK_STORE: u16 = 1;
/// The id of [`CellLoad`].
pub const CELL_LOAD: u16 = 2;
/// The id of [`CellStore`].
pub const CELL_STORE: u16 = 3;

/// A registry with the extensions of this crate. Errors: a space is not there, or pointers count more than one cell.
pub fn standard_extensions(config: &MemoryConfig, spaces: RegisterSpaces) -> Result<ExtensionRegistry, ExtensionError> {
    let mut registry = ExtensionRegistry::new(config);
    registry.register(BULK_LOAD, BulkLoad { spaces })?;
    registry.register(BULK_STORE, BulkStore { spaces })?;
    registry.register(CELL_LOAD, CellLoad { spaces })?;
    registry.register(CELL_STORE, CellStore { spaces })?;
    Ok(registry)
}
