//! `bulk_load` and `bulk_store`: 16 bytes a message between data and registers.
//!
//! One instruction moves one message: eight cells of 16 bits, in one access on each side. The adapters split and merge blocks
//! where a space has others. More messages are more instructions: [`bulk_load`] and [`bulk_store`] write them.

use super::{
    error::ExtensionError,
    instruction::{CustomInstruction, ExtensionId},
    registers::{REGISTER_CELLS, REGISTERS, RegisterSpaces},
    row::{InstructionRow, MemoryExtension},
};

/// Most messages of [`bulk_load`] and [`bulk_store`].
pub const MESSAGES_MAX: usize = REGISTERS as usize;

/// Register rd becomes the 16 bytes at the pointer in rs1 and `16 rs2` bytes further; here rs2 is a number and names no register.
/// Refused: a pointer that is no multiple of 16 bytes, at 2^30 or above, or past the end of the space.
#[derive(Clone, Copy, Debug)]
pub struct BulkLoad {
    /// Where registers and data are.
    pub spaces: RegisterSpaces,
}

/// The 16 bytes at the pointer in rs1 and `16 rs2` bytes further become register rd; likewise.
#[derive(Clone, Copy, Debug)]
pub struct BulkStore {
    /// Where registers and data are.
    pub spaces: RegisterSpaces,
}

impl MemoryExtension for BulkLoad {
    fn name(&self) -> &str {
        "bulk load"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let source = self.spaces.message_pointer(row);
        let register = RegisterSpaces::register(row, row.operands().rd);
        let message = row.read::<REGISTER_CELLS>("data", self.spaces.data, source);
        row.write("register", self.spaces.registers, register, message);
    }
}

impl MemoryExtension for BulkStore {
    fn name(&self) -> &str {
        "bulk store"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let destination = self.spaces.message_pointer(row);
        let register = RegisterSpaces::register(row, row.operands().rd);
        let message = row.read::<REGISTER_CELLS>("register", self.spaces.registers, register);
        row.write("data", self.spaces.data, destination, message);
    }
}

/// The instructions that load `count` messages, 1 to 32, from the pointer in `pointer` on into the registers from `first` on;
/// `id` is that of [`BulkLoad`]. Errors: registers past 31; a message before the last would be loaded into `pointer`.
pub fn bulk_load(
    id: ExtensionId,
    first: u8,
    pointer: u8,
    count: usize,
) -> Result<Vec<CustomInstruction>, ExtensionError> {
    let instructions = messages(id, first, pointer, count)?;
    let but_last = &instructions[..count - 1];
    match but_last.iter().any(|instruction| instruction.rd() == pointer) {
        true => Err(ExtensionError::PointerOverwritten { register: pointer }),
        false => Ok(instructions),
    }
}

/// The instructions that store the `count` registers, 1 to 32, from `first` on to the pointer in `pointer` and on; `id` is that of
/// [`BulkStore`]. Error: registers past 31.
pub fn bulk_store(
    id: ExtensionId,
    first: u8,
    pointer: u8,
    count: usize,
) -> Result<Vec<CustomInstruction>, ExtensionError> {
    messages(id, first, pointer, count)
}

fn messages(id: ExtensionId, first: u8, pointer: u8, count: usize) -> Result<Vec<CustomInstruction>, ExtensionError> {
    if count == 0 || count > MESSAGES_MAX || usize::from(first) + count > MESSAGES_MAX {
        return Err(ExtensionError::Count { register: first, count });
    }
    let of = |message| Ok(CustomInstruction::new(id.number(), first + message, pointer, message)?);
    // At most 32, as checked above.
    (0..count as u8).map(of).collect()
}
