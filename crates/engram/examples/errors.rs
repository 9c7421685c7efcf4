//! Errors: every failure says what, where, and what to do, and converts into the error of whoever integrates memory.

use engram::{
    AddressSpaceConfig, AddressSpaceType, CellKind, F, Memory, MemoryConfigBuilder, MemoryIntegrationError, MemoryLog,
    MemoryProof, circuit::PrimeCharacteristicRing, generate_memory_proof,
};

fn run(access_capacity: usize, pointer: u32, value: u32) -> Result<F, MemoryIntegrationError> {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_pointer_bits(8);
    let config = MemoryConfigBuilder::new().with_access_capacity(access_capacity).add_address_space(space).build()?;
    let mut memory = Memory::new(&config);
    let _ = memory.write::<1>(1, pointer, [F::from_u32(value)])?;
    let (_, [cell]) = memory.read::<1>(1, pointer)?;
    Ok(cell)
}

fn main() -> Result<(), MemoryIntegrationError> {
    assert_eq!(run(10, 255, 7)?, F::from_u32(7));
    let far = run(10, 256, 7);
    assert_eq!(far, Err(MemoryIntegrationError::AddressOutOfBounds { address_space: 1, pointer: 256 }));
    assert!(matches!(run(0, 0, 7), Err(MemoryIntegrationError::InvalidConfiguration(_))));
    assert!(matches!(run(1, 0, 7), Err(MemoryIntegrationError::TimestampError(_))));
    assert!(matches!(run(10, 0, 1 << 16), Err(MemoryIntegrationError::BusError(_))));

    // A log that is not possible has no proof, and bytes that are none are no proof.
    let config = MemoryConfigBuilder::new().build()?;
    let mut odd = MemoryLog::new();
    odd.push_read(1, 0, 3);
    let refused = generate_memory_proof(odd, &config).map_err(MemoryIntegrationError::from);
    assert_eq!(refused, Err(MemoryIntegrationError::InvalidAccessSize(3)));
    let bytes = MemoryProof::decode(b"not a proof").map_err(MemoryIntegrationError::from);
    assert!(matches!(bytes, Err(MemoryIntegrationError::ProofGenerationError(_))));

    for error in [far.map(|_| ()), refused.map(|_| ()), bytes.map(|_| ())].into_iter().filter_map(Result::err) {
        println!("{error}");
    }
    Ok(())
}
