//! The integration tests of a memory system in one: instructions run, memory is read, everything is proven and verified:
//! `cargo run --release -p engram-memory --features testing --example integrated_memory_system`.

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    config::MemoryConfigBuilder,
    extension::{BULK_STORE, CustomInstruction, ExtensionError},
    image::MemoryImage,
    testing::system::{IntegratedMemorySystem, REGISTER_SPACE, SystemInstruction, SystemSetup},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = MemoryConfigBuilder::new().with_access_capacity(1000).build()?;

    // Instructions, with register 1 pointing to cell 0x1000.
    let mut image = MemoryImage::new();
    image.set_cell(REGISTER_SPACE, 8, F::from_u32(0x1000));
    image.set_cell(1, 0x1003, F::from_u32(42));
    let mut system = SystemSetup::new(&config)?.with_image(image).build()?;
    system.execute_instruction(&SystemInstruction::Load { register: 2, pointer: 1, offset: 3 })?;
    system.execute_instruction(&SystemInstruction::Store { register: 2, pointer: 1, offset: 0 })?;
    system.execute_instruction(&SystemInstruction::Custom(CustomInstruction::new(BULK_STORE, 2, 1, 4)?))?;
    assert_eq!(system.read_register(2)?[0], F::from_u32(42));
    assert_eq!(system.read_memory::<1>(1, 0x1000)?, [F::from_u32(42)]);
    assert_eq!(system.read_memory::<2>(1, 0x1020)?, [F::from_u32(42), F::ZERO]);
    let statement = system.verify(&system.prove()?)?;
    assert_eq!(statement.instructions, 3);
    println!("{} instructions proven, {} accesses", statement.instructions, statement.last_time - 1);

    // The same accesses as a log by itself lead from the same roots to the same roots.
    let memory = system.verify_memory_proof(&system.generate_memory_proof()?)?;
    assert_eq!(memory.initial_roots, statement.initial_roots);
    assert_eq!(memory.final_roots, statement.final_roots);
    println!("{} accesses proven as a log", system.processor().memory().accesses());

    // Accesses from outside are proven as a log, and not as instructions.
    let mut system = IntegratedMemorySystem::new(&config)?;
    let _ = system.memory().write::<1>(1, 0x1000, [F::from_u32(42)])?;
    system.memory().increment_timestamp()?;
    let proof = system.generate_memory_proof()?;
    system.verify_memory_proof(&proof)?;
    assert!(matches!(system.prove(), Err(ExtensionError::OutsideAccess { .. })));
    println!("an access from outside proven as a log");
    Ok(())
}
