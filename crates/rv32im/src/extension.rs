//! Custom instructions: what an extension of the instruction set is asked, and what it may touch.
//!
//! They lie on the opcode that RISC-V leaves to extensions, custom-0 (0x0b), in the R format. An extension has an id,
//! `8 * funct7 + funct3`, below [`EXTENSION_IDS`]. An instruction of an id that a program was not loaded with is illegal.

use std::any::Any;
use std::fmt::Debug;

use thiserror::Error;

use crate::access::{Access, AccessError};

/// Ids of extensions are below this.
pub const EXTENSION_IDS: u16 = 1 << 10;

/// The extensions that a program may use.
///
/// An instruction of an extension reads `rs1` and `rs2`, may write `rd`, and loads and stores aligned words. Which words it
/// accesses, in which order, and what it leaves depend on nothing but what it reads.
pub trait Extensions: Any + Debug + Send + Sync {
    /// The name of the extension with this id, as the mnemonic of its instructions; `None` where there is no such extension.
    fn name(&self, id: u16) -> Option<&str>;

    /// Executes one instruction of the extension `id`, which has a name. What it changes takes effect when it returns
    /// `Ok` and none of its accesses was refused; else nothing changes.
    ///
    /// # Errors
    /// Why the instruction cannot be executed, which is the guest's fault.
    fn execute(&self, id: u16, guest: &mut dyn GuestAccess) -> Result<(), Refusal>;
}

/// What one custom instruction may touch.
pub trait GuestAccess {
    /// The first operand: the register `rs1`.
    fn rs1(&self) -> u32;

    /// The second operand: the register `rs2`.
    fn rs2(&self) -> u32;

    /// Sets the register `rd` when the instruction is done; register 0 discards it. An extension does this in every instruction
    /// or in none. In none, `rd` keeps its value.
    fn set_rd(&mut self, value: u32);

    /// The word `offset_words` words after the address `base`, as this instruction has left it so far.
    ///
    /// # Errors
    /// `base` is not a multiple of 4; the guest may not load there; the address is above 2^32.
    fn load(&mut self, base: u32, offset_words: u32) -> Result<u32, Refusal>;

    /// Stores a word `offset_words` words after the address `base`.
    ///
    /// # Errors
    /// `base` is not a multiple of 4; the guest may not store there; the address is above 2^32.
    fn store(&mut self, base: u32, offset_words: u32, word: u32) -> Result<(), Refusal>;
}

/// Why a custom instruction cannot be executed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The extension does not accept the operands, or the words at them.
    #[error("{reason}")]
    Operands {
        /// Why not.
        reason: String,
    },
    /// The base address of an access is not a multiple of 4.
    #[error("the address {address:#010x} is not a multiple of 4")]
    Misaligned {
        /// The base address.
        address: u32,
    },
    /// The guest may not access the word.
    #[error("{access} failed: {error}")]
    Access {
        /// Load or store.
        access: Access,
        /// The address and why.
        error: AccessError,
    },
    /// The host does not have the word. Not the guest's doing.
    #[error("stored memory failed on the host: {message}")]
    Host {
        /// The host's reason.
        message: String,
    },
}

/// No extensions: every custom instruction is illegal.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExtensions;

impl Extensions for NoExtensions {
    fn name(&self, _: u16) -> Option<&str> {
        None
    }

    fn execute(&self, id: u16, _: &mut dyn GuestAccess) -> Result<(), Refusal> {
        Err(Refusal::Operands { reason: format!("there is no extension {id}") })
    }
}
