//! A VM's execution context: registers, program counter and memory, and a proof of what the program did to memory.

use std::error::Error;

use engram::{
    ContextInstruction, F, MemoryConfig, MemoryError, OpCode, VmConfig, VmExecutionContext,
    circuit::PrimeCharacteristicRing,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut context = VmExecutionContext::new(&VmConfig { memory: MemoryConfig::default(), registers: 4 });
    context.registers[0] = F::from_u32(42);
    let store = ContextInstruction { opcode: OpCode::Store, address_space: 1, pointer: 0x1000, register: 0 };
    let load = ContextInstruction { opcode: OpCode::Load, register: 3, ..store };
    for instruction in [store, load] {
        context.execute_instruction(&instruction)?;
    }
    assert_eq!(context.registers[3], F::from_u32(42));
    assert_eq!(context.program_counter, 8);

    // A register that is not there is an error, and the program counter stays.
    let unknown = context.execute_instruction(&ContextInstruction { register: 4, ..load });
    assert_eq!(unknown, Err(MemoryError::UnknownRegister { register: 4, registers: 4 }));
    assert_eq!(context.program_counter, 8);

    // The tables of a proof: each access with what it found, and how long that had been there.
    let finalized = context.memory.clone().finalize()?;
    assert_eq!(finalized.accesses().len(), 2);
    assert_ne!(finalized.memory().roots_before, finalized.memory().roots_after);

    let statement = context.memory.generate_memory_proof()?.verify(&MemoryConfig::default())?;
    assert_eq!(statement.final_roots, finalized.memory().roots_after);
    println!("proven: root {:?} became {:?}", statement.initial_root, statement.final_root);
    Ok(())
}
