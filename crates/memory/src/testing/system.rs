//! A memory with registers and instructions, to be run, read, proven and verified.

use engram_air::F;

use crate::{
    address::IDENTITY_SPACE,
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder, SPACE_NUMBER_MAX},
    controller::MemoryController,
    error::{MemoryError, MemoryIntegrationError},
    extension::{
        CELL_LOAD, CELL_STORE, CustomInstruction, CustomInstructionProcessor, CustomProof, CustomStatement,
        ExtensionError, ExtensionRegistry, MemoryExtension, REGISTER_CELLS, REGISTERS, RegisterSpaces,
        standard_extensions,
    },
    image::MemoryImage,
    place::{Place, place},
    proof::{MemoryProof, MemoryStatement},
};

/// The number of the space of registers.
pub const REGISTER_SPACE: u32 = SPACE_NUMBER_MAX;

/// What the system executes. Each is one custom instruction, so that all of them are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemInstruction {
    /// A cell into the first cell of register `register`: [`crate::extension::CellLoad`].
    Load {
        /// Register that changes, below 32.
        register: u8,
        /// Register that holds the pointer, below 32.
        pointer: u8,
        /// Cells further, below 32.
        offset: u8,
    },
    /// The first cell of register `register` into a cell: [`crate::extension::CellStore`].
    Store {
        /// Register that is stored, below 32.
        register: u8,
        /// Register that holds the pointer, below 32.
        pointer: u8,
        /// Cells further, below 32.
        offset: u8,
    },
    /// An instruction of any extension.
    Custom(CustomInstruction),
}

/// Memory, registers and extensions in one: what the tests of an integration run on.
///
/// Beside the configuration's spaces there is a space of 32 registers ([`REGISTER_SPACE`]). Pointers in registers point into the
/// first normal space of the configuration. [`standard_extensions`] are registered.
#[derive(Clone, Debug)]
pub struct IntegratedMemorySystem {
    processor: CustomInstructionProcessor,
}

/// Sets up an [`IntegratedMemorySystem`].
#[derive(Clone, Debug)]
pub struct SystemSetup {
    registry: ExtensionRegistry,
    image: MemoryImage,
}

impl SystemSetup {
    /// A system on this memory, and a space of registers beside it. Errors: the configuration has no room for that space; its
    /// pointers count more than one cell.
    pub fn new(config: &MemoryConfig) -> Result<Self, MemoryIntegrationError> {
        let registers = AddressSpaceConfig::new(REGISTER_SPACE, AddressSpaceType::Normal)
            .with_cell_kind(CellKind::U16)
            .with_block_cells(REGISTER_CELLS)
            .with_pointer_bits((REGISTERS * REGISTER_CELLS as u32).ilog2());
        let mut builder = MemoryConfigBuilder::new()
            .with_access_capacity(config.access_capacity())
            .with_range_bits(config.range_bits())
            .with_pointer_unit(config.pointer_unit())
            .add_address_space(registers);
        if config.has_identity_space() {
            let identity = AddressSpaceConfig::new(IDENTITY_SPACE, AddressSpaceType::Identity);
            builder = builder.add_address_space(identity.with_block_cells(config.pointer_unit()));
        }
        for space in config.normal_spaces() {
            builder = builder.add_address_space(*space);
        }
        let config = builder.build()?;
        // A configuration has a normal space, or it could not be built.
        let data = config.normal_spaces().first().map_or(REGISTER_SPACE, |space| space.number);
        let spaces = RegisterSpaces { registers: REGISTER_SPACE, data };
        Ok(Self { registry: standard_extensions(&config, spaces)?, image: MemoryImage::new() })
    }

    /// With one more extension. Errors: as [`ExtensionRegistry::register`].
    pub fn with_extension(mut self, id: u16, extension: impl MemoryExtension) -> Result<Self, ExtensionError> {
        self.registry.register(id, extension)?;
        Ok(self)
    }

    /// With cells that are there from the start.
    pub fn with_image(self, image: MemoryImage) -> Self {
        Self { image, ..self }
    }

    /// The system. Error: cells that the configuration does not have, or that are not of their space's kind.
    pub fn build(self) -> Result<IntegratedMemorySystem, MemoryError> {
        let processor = CustomInstructionProcessor::with_image(self.registry, self.image)?;
        Ok(IntegratedMemorySystem { processor })
    }
}

impl IntegratedMemorySystem {
    /// All zero, with the extensions of this crate. Errors: as [`SystemSetup::new`].
    pub fn new(config: &MemoryConfig) -> Result<Self, MemoryIntegrationError> {
        Ok(SystemSetup::new(config)?.build()?)
    }

    /// Execute an instruction. One that is refused changes nothing. Errors: as
    /// [`CustomInstructionProcessor::execute_custom_instruction`].
    pub fn execute_instruction(&mut self, instruction: &SystemInstruction) -> Result<(), ExtensionError> {
        let custom = match *instruction {
            SystemInstruction::Load { register, pointer, offset } => {
                CustomInstruction::new(CELL_LOAD, register, pointer, offset)?
            }
            SystemInstruction::Store { register, pointer, offset } => {
                CustomInstruction::new(CELL_STORE, register, pointer, offset)?
            }
            SystemInstruction::Custom(custom) => custom,
        };
        self.processor.execute_custom_instruction(&custom)
    }

    /// Look at `N` cells, without an access. Errors: as [`crate::online::Memory::read`].
    pub fn read_memory<const N: usize>(&self, space: u32, pointer: u32) -> Result<[F; N], MemoryError> {
        let memory = self.processor.memory();
        Ok(match place(memory.config(), space, pointer, N)? {
            Place::Identity(value) => [value; N],
            Place::Normal { cell, .. } => std::array::from_fn(|index| memory.image().cell(space, cell + index as u32)),
        })
    }

    /// Look at a register's eight cells. Error: there is none with this number.
    pub fn read_register(&self, register: u8) -> Result<[F; REGISTER_CELLS], MemoryError> {
        if u32::from(register) >= REGISTERS {
            let (register, registers) = (register.into(), REGISTERS as usize);
            return Err(MemoryError::UnknownRegister { register, registers });
        }
        self.read_memory(REGISTER_SPACE, u32::from(register) * REGISTER_CELLS as u32)
    }

    /// Memory's controller, to be read and written from outside of instructions. After that only
    /// [`Self::generate_memory_proof`] proves what was done.
    pub fn memory(&mut self) -> &mut MemoryController {
        self.processor.controller_mut()
    }

    /// What executes.
    pub fn processor(&self) -> &CustomInstructionProcessor {
        &self.processor
    }

    /// Prove every access so far, whoever made it: that memory is consistent. It says nothing of instructions.
    pub fn generate_memory_proof(&self) -> Result<MemoryProof, MemoryIntegrationError> {
        // A controller of its own, as the proof uses it up.
        let memory = self.processor.memory().clone();
        let config = memory.config().clone();
        let (image, log) = memory.into_log();
        Ok(crate::proof::MemoryProofGenerator::new(log, &config).with_image(image).generate_proof()?)
    }

    /// Check a proof of [`Self::generate_memory_proof`]'s kind on this system's memory.
    pub fn verify_memory_proof(&self, proof: &MemoryProof) -> Result<MemoryStatement, MemoryIntegrationError> {
        Ok(proof.verify(self.processor.registry().config())?)
    }

    /// Prove the instructions so far. Error: memory was used from outside, or the backend cannot prove.
    pub fn prove(&self) -> Result<CustomProof, ExtensionError> {
        self.processor.prove()
    }

    /// Check a proof of [`Self::prove`]'s kind with this system's extensions.
    pub fn verify(&self, proof: &CustomProof) -> Result<CustomStatement, MemoryIntegrationError> {
        Ok(proof.verify(self.processor.registry())?)
    }
}

#[cfg(test)]
mod tests {
    use engram_air::PrimeCharacteristicRing;

    use super::*;
    use crate::{extension::BULK_STORE, proof::ProofError};

    fn config() -> MemoryConfig {
        MemoryConfigBuilder::new().with_access_capacity(1000).build().unwrap()
    }

    fn system() -> IntegratedMemorySystem {
        let mut image = MemoryImage::new();
        image.set_cell(REGISTER_SPACE, 3 * 8, F::from_u32(0x1000));
        image.set_cell(1, 0x1005, F::from_u32(42));
        SystemSetup::new(&config()).unwrap().with_image(image).build().unwrap()
    }

    #[test]
    fn instructions_run_and_are_proven() {
        let mut system = system();
        system.execute_instruction(&SystemInstruction::Load { register: 4, pointer: 3, offset: 5 }).unwrap();
        system.execute_instruction(&SystemInstruction::Store { register: 4, pointer: 3, offset: 0 }).unwrap();
        let bulk = CustomInstruction::new(BULK_STORE, 4, 3, 2).unwrap();
        system.execute_instruction(&SystemInstruction::Custom(bulk)).unwrap();
        assert_eq!(system.read_memory::<2>(1, 0x1000).unwrap(), [42, 0].map(F::from_u32));
        assert_eq!(system.read_memory::<1>(1, 0x1010).unwrap(), [F::from_u32(42)]);
        assert_eq!(system.read_register(4).unwrap()[0], F::from_u32(42));
        let statement = system.verify(&system.prove().unwrap()).unwrap();
        let memory = system.verify_memory_proof(&system.generate_memory_proof().unwrap()).unwrap();
        assert_eq!(statement.initial_roots, memory.initial_roots);
        assert_eq!(statement.final_roots, memory.final_roots);
        assert_eq!(statement.instructions, 3);
    }

    #[test]
    fn accesses_from_outside_are_proven_as_a_log_only() {
        let mut system = IntegratedMemorySystem::new(&config()).unwrap();
        let _ = system.memory().write::<1>(1, 0x1000, [F::from_u32(42)]).unwrap();
        system.memory().increment_timestamp().unwrap();
        assert_eq!(system.read_memory::<1>(1, 0x1000).unwrap(), [F::from_u32(42)]);
        let proof = system.generate_memory_proof().unwrap();
        system.verify_memory_proof(&proof).unwrap();
        assert_eq!(
            proof.verify(&config()).map(|_| ()).map_err(|error| matches!(error, ProofError::Verify(_))),
            Err(true)
        );
        assert!(matches!(system.prove(), Err(ExtensionError::OutsideAccess { timestamp: 3, expected: 1 })));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut system = system();
        let far = SystemInstruction::Load { register: 32, pointer: 3, offset: 0 };
        assert!(matches!(system.execute_instruction(&far), Err(ExtensionError::Instruction(_))));
        let unknown = MemoryError::UnknownRegister { register: 32, registers: 32 };
        assert_eq!(system.read_register(32), Err(unknown));
        assert_eq!(system.read_memory::<1>(9, 0), Err(MemoryError::UnknownSpace { space: 9 }));
        let words = MemoryConfigBuilder::new().with_pointer_unit(2).build().unwrap();
        let refused = IntegratedMemorySystem::new(&words).map(|_| ());
        assert!(matches!(refused, Err(MemoryIntegrationError::InvalidConfiguration(_))), "{refused:?}");
        let taken = AddressSpaceConfig::new(REGISTER_SPACE, AddressSpaceType::Normal);
        let taken = MemoryConfigBuilder::new().add_address_space(taken).build().unwrap();
        let refused = IntegratedMemorySystem::new(&taken).map(|_| ());
        assert!(matches!(refused, Err(MemoryIntegrationError::InvalidConfiguration(_))), "{refused:?}");
    }
}
