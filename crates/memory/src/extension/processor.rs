//! Executing custom instructions on memory, and proving that they were.

use super::{
    error::ExtensionError,
    fill::Executed,
    instruction::CustomInstruction,
    proof::{self, CustomProof},
    registry::ExtensionRegistry,
    tables::RunTables,
};
use crate::{
    address::TIMESTAMP_BITS, controller::MemoryController, error::MemoryError, image::MemoryImage, online::Memory,
    proof::ProofError,
};

/// Most instructions of a run.
pub const INSTRUCTIONS_MAX: usize = 1 << 20;

/// Executes custom instructions, each by the extension that is registered for its id, and proves the run.
#[derive(Clone, Debug)]
pub struct CustomInstructionProcessor {
    registry: ExtensionRegistry,
    memory: MemoryController,
    executed: Vec<Executed>,
}

impl CustomInstructionProcessor {
    /// Memory of zeros, nothing executed.
    pub fn new(registry: ExtensionRegistry) -> Self {
        let memory = MemoryController::new(registry.config());
        Self { registry, memory, executed: vec![] }
    }

    /// Memory that starts as `image`. Errors: as [`Memory::with_image`].
    pub fn with_image(registry: ExtensionRegistry, image: MemoryImage) -> Result<Self, MemoryError> {
        let memory = MemoryController::with_image(registry.config(), image)?;
        Ok(Self { registry, memory, executed: vec![] })
    }

    /// Execute an instruction. One that is refused changes nothing. Errors: no extension has its id; the extension refuses it; an
    /// access is not possible; there were [`INSTRUCTIONS_MAX`] already.
    pub fn execute_custom_instruction(&mut self, instruction: &CustomInstruction) -> Result<(), ExtensionError> {
        let id = instruction.extension_id();
        let extension = self.registry.get(id).ok_or(ExtensionError::UnknownExtension { id })?;
        if self.executed.len() >= INSTRUCTIONS_MAX {
            return Err(ExtensionError::TooManyInstructions { instructions_max: INSTRUCTIONS_MAX });
        }
        let time = self.memory.memory().timestamp();
        let first_access = extension.execute(instruction, &mut self.memory)?;
        let step = self.executed.len() as u32;
        self.executed.push(Executed { instruction: *instruction, step, time, first_access });
        Ok(())
    }

    /// Execute an instruction word. Errors: its opcode is not custom-0; as [`Self::execute_custom_instruction`].
    pub fn execute_word(&mut self, word: u32) -> Result<(), ExtensionError> {
        self.execute_custom_instruction(&CustomInstruction::decode(word)?)
    }

    /// Execute instructions in order. At the first that is refused, its error; those before it are done.
    pub fn execute_all(&mut self, instructions: &[CustomInstruction]) -> Result<(), ExtensionError> {
        instructions.iter().try_for_each(|instruction| self.execute_custom_instruction(instruction))
    }

    /// The extensions and the configuration.
    pub fn registry(&self) -> &ExtensionRegistry {
        &self.registry
    }

    /// Memory now.
    pub fn memory(&self) -> &Memory {
        self.memory.memory()
    }

    /// Memory's controller, to be read and written from outside. After that the instructions alone are no history of memory:
    /// [`Self::prove`] refuses, while [`MemoryController::generate_memory_proof`] proves the whole log.
    pub fn controller_mut(&mut self) -> &mut MemoryController {
        &mut self.memory
    }

    /// The instructions that were executed, in order.
    pub fn instructions(&self) -> impl ExactSizeIterator<Item = CustomInstruction> + '_ {
        self.executed.iter().map(|executed| executed.instruction)
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn executed(&self) -> &[Executed] {
        &self.executed
    }

    /// Replay the run and prove it. What the proof says is in [`crate::extension`]. Error: memory was used from
    /// outside, or the backend cannot prove.
    pub fn prove(&self) -> Result<CustomProof, ExtensionError> {
        Ok(proof::prove(self.tables()?)?)
    }

    /// Replay the run and check every row and bus of its tables, without a proof: it says which constraint fails where.
    pub fn check(&self) -> Result<(), ExtensionError> {
        self.tables()?.check().map_err(|report| ProofError::Rows(report.to_string()).into())
    }

    fn tables(&self) -> Result<RunTables, ExtensionError> {
        let (timestamp, expected) = (self.memory().timestamp(), self.expected_timestamp());
        if timestamp != expected {
            return Err(ExtensionError::OutsideAccess { timestamp, expected });
        }
        RunTables::new(&self.registry, self.memory(), &self.executed, self.instructions())
    }

    /// Memory's time if only instructions let it rise.
    fn expected_timestamp(&self) -> u32 {
        let accesses = |executed: &Executed| {
            self.registry.get(executed.instruction.extension_id()).map_or(0, |extension| extension.accesses)
        };
        // Below 2^29, as each access took a time below it.
        let expected = 1 + self.executed.iter().map(accesses).sum::<u32>();
        debug_assert!(expected <= 1 << TIMESTAMP_BITS);
        expected
    }
}
