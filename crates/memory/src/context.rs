//! What a VM's executor holds: memory, program counter, registers.

use engram_air::{F, PrimeCharacteristicRing};

use crate::{config::VmConfig, controller::MemoryController, error::MemoryError, log::RecordId};

/// How far the program counter goes with each instruction.
pub const PROGRAM_COUNTER_STEP: u32 = 4;

/// What an instruction of the context does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpCode {
    /// Memory's cell into the register.
    Load,
    /// The register into memory's cell.
    Store,
}

/// An instruction that moves one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContextInstruction {
    /// What it does.
    pub opcode: OpCode,
    /// Address space.
    pub address_space: u32,
    /// Pointer.
    pub pointer: u32,
    /// The register's number.
    pub register: usize,
}

/// The state of an execution. A VM with more instructions reads and writes its parts.
#[derive(Clone, Debug)]
pub struct VmExecutionContext {
    /// Memory.
    pub memory: MemoryController,
    /// Address of the next instruction.
    pub program_counter: u32,
    /// Registers: as many as the configuration says.
    pub registers: Vec<F>,
}

impl VmExecutionContext {
    /// All zero, at timestamp 1.
    pub fn new(config: &VmConfig) -> Self {
        Self {
            memory: MemoryController::new(&config.memory),
            program_counter: 0,
            registers: vec![F::ZERO; config.registers],
        }
    }

    /// Move a cell, increase the timestamp by one more, and go on to the next instruction. An instruction that is refused changes
    /// nothing, except where the timestamps end just after its access: then only the increase is refused.
    ///
    /// # Errors
    /// As for [`crate::online::Memory`]; there is no such register.
    pub fn execute_instruction(&mut self, instruction: &ContextInstruction) -> Result<RecordId, MemoryError> {
        let &ContextInstruction { opcode, address_space, pointer, register } = instruction;
        let registers = self.registers.len();
        let slot = self.registers.get_mut(register).ok_or(MemoryError::UnknownRegister { register, registers })?;
        let id = match opcode {
            OpCode::Load => {
                let (id, [value]) = self.memory.read::<1>(address_space, pointer)?;
                *slot = value;
                id
            }
            OpCode::Store => self.memory.write::<1>(address_space, pointer, [*slot])?.0,
        };
        self.memory.increment_timestamp()?;
        self.program_counter = self.program_counter.wrapping_add(PROGRAM_COUNTER_STEP);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_goes_from_register_to_memory_and_back() {
        let mut context = VmExecutionContext::new(&VmConfig::default());
        context.registers[3] = F::from_u32(42);
        let store = ContextInstruction { opcode: OpCode::Store, address_space: 1, pointer: 0x1000, register: 3 };
        assert_eq!(context.execute_instruction(&store), Ok(RecordId(0)));
        let load = ContextInstruction { opcode: OpCode::Load, register: 4, ..store };
        assert_eq!(context.execute_instruction(&load), Ok(RecordId(1)));
        assert_eq!((context.registers[4], context.program_counter), (F::from_u32(42), 8));
        assert_eq!(context.memory.memory().timestamp(), 5);
        let far = ContextInstruction { register: 32, ..load };
        let unknown = MemoryError::UnknownRegister { register: 32, registers: 32 };
        assert_eq!(context.execute_instruction(&far), Err(unknown));
        let elsewhere = ContextInstruction { address_space: 7, ..load };
        assert_eq!(context.execute_instruction(&elsewhere), Err(MemoryError::UnknownSpace { space: 7 }));
        assert_eq!(context.program_counter, 8);
    }
}
