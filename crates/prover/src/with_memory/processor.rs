//! Custom instructions on a memory, without a program around them.

use engram_memory::{Layout, MemoryConfig, MemoryController, MemoryImage};
use engram_rv32im::{Instruction, Opcode};
use engram_rv32im_air::registry::ExtensionRegistry;

use super::{
    RunError,
    controlled::{Controlled, check_room},
    executor::decoded,
};
use crate::replay::{ReplayError, replay_custom};

/// Carries out custom instructions, each by the extension that is registered for its id, on a memory of RV32IM's layout.
///
/// Memory's log can be proven by itself. That instructions made its accesses is proven of a program that has them:
/// [`crate::prove()`].
#[derive(Clone, Debug)]
pub struct CustomInstructionProcessor {
    extensions: ExtensionRegistry,
    memory: MemoryController,
}

impl CustomInstructionProcessor {
    /// On registers and memory of zeros, with a log of at most 2^28 accesses.
    pub fn new(extensions: ExtensionRegistry) -> Self {
        Self { extensions, memory: MemoryController::new(MemoryConfig::rv32im()) }
    }

    /// On registers and memory that start as `image`, with a log of this configuration's capacity.
    ///
    /// # Errors
    /// The configuration has other spaces than RV32IM's, or the image does not fit them.
    pub fn with_image(
        extensions: ExtensionRegistry,
        config: &MemoryConfig,
        image: MemoryImage,
    ) -> Result<Self, RunError> {
        if config.layout() != Layout::rv32im() {
            return Err(RunError::Layout);
        }
        Ok(Self { extensions, memory: MemoryController::with_image(config, image)? })
    }

    /// Carry out an instruction.
    ///
    /// # Errors
    /// It is no custom instruction; no extension has its id; the extension refuses it, or a word that it accesses does not exist; or
    /// memory's log has no room for it. Nothing has changed then.
    pub fn execute_custom_instruction(&mut self, instruction: &Instruction) -> Result<(), RunError> {
        let decoded = decoded(0, instruction, &self.extensions)?;
        let Some(custom) = &decoded.custom else {
            return Err(RunError::WrongKind { opcode: instruction.opcode, wanted: Opcode::Custom.name() });
        };
        check_room(&self.memory, custom.accesses())?;
        let step = custom.step(0, *instruction, self.memory.memory().timestamp());
        let mut memory = Controlled::new(&mut self.memory);
        let replayed = replay_custom(custom, &mut memory, &mut vec![], step);
        memory.answer(replayed.map(|_| ()).map_err(|refused| ReplayError::Refused { pc: 0, refused }))
    }

    /// The extensions.
    pub fn extensions(&self) -> &ExtensionRegistry {
        &self.extensions
    }

    /// Registers and memory, with the log of everything that was done.
    pub fn memory(&self) -> &MemoryController {
        &self.memory
    }

    /// The memory alone, to finalize it.
    pub fn into_memory(self) -> MemoryController {
        self.memory
    }
}
