//! Configuring memory: what can be set, what is set where nothing is said, and what is refused.

use engram::{
    AddressSpaceConfig, AddressSpaceType, CellKind, ConfigError, MemoryConfig, MemoryConfigBuilder, VmConfig,
};

fn main() -> Result<(), ConfigError> {
    let config = MemoryConfigBuilder::new()
        .with_access_capacity(5000)
        .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
        .add_address_space(AddressSpaceConfig::new(1, AddressSpaceType::Normal))
        // 2^20 cells of 16 bits, which most accesses touch eight at a time.
        .add_address_space(
            AddressSpaceConfig::new(2, AddressSpaceType::Normal)
                .with_cell_kind(CellKind::U16)
                .with_block_cells(8)
                .with_pointer_bits(20),
        )
        .with_range_bits(32)
        .build()?;
    assert_eq!((config.access_capacity(), config.range_bits(), config.pointer_unit()), (5000, 32, 1));
    assert!(config.has_identity_space());
    assert_eq!(config.normal_spaces().len(), 2);
    let vm = VmConfig { memory: config, registers: 8 };
    assert_eq!(vm.memory.position(2), Some(1));

    // Without a word: the identity space, one normal space, and room for a million accesses.
    assert_eq!(MemoryConfigBuilder::new().build()?, MemoryConfig::default());

    let normal = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
    let one = |space| MemoryConfigBuilder::new().add_address_space(space).build();
    let refused = [
        (MemoryConfigBuilder::new().with_access_capacity(0).build(), ConfigError::AccessCapacity { capacity: 0 }),
        (
            MemoryConfigBuilder::new().add_address_space(normal(1)).add_address_space(normal(1)).build(),
            ConfigError::DuplicateSpace { space: 1 },
        ),
        (one(normal(1).with_pointer_bits(0)), ConfigError::ZeroSizedSpace { space: 1, pointer_bits: 0 }),
        // A pointer of 31 bits could be the field's modulus.
        (one(normal(1).with_pointer_bits(31)), ConfigError::PointerBits { space: 1, pointer_bits: 31 }),
        (one(normal(1).with_block_cells(3)), ConfigError::BlockCells { space: 1, block_cells: 3 }),
    ];
    for (built, error) in refused {
        println!("refused: {error}");
        assert_eq!(built, Err(error));
    }
    Ok(())
}
