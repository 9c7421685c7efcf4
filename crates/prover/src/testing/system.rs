//! A machine with its memory, to be run, read and proven by tests.

use std::sync::LazyLock;

use engram_memory::{
    MemoryConfig, MemoryController, MemoryIntegrationError, MemoryProof, MemoryProofGenerator,
    proof::{MemoryStatement, ProofError, log_commitment},
};
use engram_rv32im::{
    Instruction, Opcode,
    testing::{elf_file, text_segment},
};
use engram_rv32im_air::registry::ExtensionRegistry;
use engram_verifier::CommittedProgram;

use crate::{RV32IMWithMemory, RunError};

/// A program that does nothing, with the standard extensions.
static IDLE: LazyLock<CommittedProgram> = LazyLock::new(|| {
    const ENTRY: u32 = 0x1_0000;
    let ecall = Instruction { opcode: Opcode::Ecall, rd: 0, rs1: 0, rs2: 0, imm: 0 };
    let elf = elf_file(ENTRY, &[text_segment(ENTRY, &[ecall])]);
    let program = ExtensionRegistry::standard().load(&elf).unwrap_or_else(|error| panic!("{error}"));
    CommittedProgram::new(&program).unwrap_or_else(|error| panic!("{error}"))
});

/// RV32IM on one memory: instructions are executed, memory is read and written from outside, and the log of both is proven.
#[derive(Clone, Debug)]
pub struct IntegratedMemorySystem<'p> {
    machine: RV32IMWithMemory<'p>,
}

impl IntegratedMemorySystem<'static> {
    /// Registers and memory of zeros, with the standard extensions.
    ///
    /// # Errors
    /// The configuration has other spaces than RV32IM's.
    pub fn new(config: &MemoryConfig) -> Result<Self, RunError> {
        Self::on(&IDLE, config)
    }
}

impl<'p> IntegratedMemorySystem<'p> {
    /// At the entry of a program, on its image and with its extensions.
    ///
    /// # Errors
    /// The configuration has other spaces than RV32IM's.
    pub fn on(program: &'p CommittedProgram, config: &MemoryConfig) -> Result<Self, RunError> {
        Ok(Self { machine: RV32IMWithMemory::with_config(program, config)? })
    }

    /// Execute an instruction.
    ///
    /// # Errors
    /// It cannot be executed: see [`crate::RV32IMExecutor::execute`]. Nothing has changed then.
    pub fn execute_instruction(&mut self, instruction: &Instruction) -> Result<(), RunError> {
        self.machine.execute(instruction)
    }

    /// Memory, to be read and written from outside of instructions.
    pub fn memory(&mut self) -> &mut MemoryController {
        self.machine.memory_mut()
    }

    /// A register as it is now, without an access; zero where there is none.
    pub fn register(&self, register: u8) -> u32 {
        self.machine.register(register)
    }

    /// Prove every access so far, whoever made it: that memory is consistent. It says nothing of instructions.
    ///
    /// # Errors
    /// The backend cannot prove.
    pub fn generate_memory_proof(&self) -> Result<MemoryProof, MemoryIntegrationError> {
        let memory = self.machine.memory().memory();
        let (image, log) = memory.clone().into_log();
        Ok(MemoryProofGenerator::new(log, memory.config()).with_image(image).generate_proof()?)
    }

    /// Check that a proof is one of this system's log.
    ///
    /// # Errors
    /// The proof does not hold, or is one of another log.
    pub fn verify_memory_proof(&self, proof: &MemoryProof) -> Result<MemoryStatement, MemoryIntegrationError> {
        let memory = self.machine.memory().memory();
        let statement = proof.verify(memory.config())?;
        let (image, config) = (memory.initial_image(), memory.config());
        if statement.log_commitment != log_commitment(memory.log(), image, config, proof.parameters())? {
            return Err(ProofError::Verify("it is one of another log".into()).into());
        }
        Ok(statement)
    }
}
