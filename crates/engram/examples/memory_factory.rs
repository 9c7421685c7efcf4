//! One factory for memory of every kind, and one behaviour.

use std::error::Error;

use engram::{
    AddressSpaceConfig, AddressSpaceType, CellKind, F, MemoryAdapter, MemoryConfigBuilder, MemoryError, MemoryFactory,
    MemoryImage, OfflineMemoryAdapter, OnlineMemoryAdapter, circuit::PrimeCharacteristicRing,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("memory");
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
    let factory = MemoryFactory::new(MemoryConfigBuilder::new().add_address_space(space).build()?);

    let offline = factory.create_offline_memory(&MemoryImage::new())?;
    let memories: [Box<dyn MemoryAdapter>; 3] = [
        Box::new(OnlineMemoryAdapter { memory: factory.create_online_memory() }),
        Box::new(OfflineMemoryAdapter::new(offline)),
        Box::new(factory.create_persistent_memory(&path)?),
    ];
    for mut memory in memories {
        memory.write(1, 4, &[1, 2, 3, 4].map(F::from_u32))?;
        memory.increment_timestamp()?;
        assert_eq!(memory.read(1, 6, 2)?.1, [3, 4].map(F::from_u32));
        assert_eq!(memory.read(1, 7, 2), Err(MemoryError::Misaligned { space: 1, pointer: 7, len: 2 }));
        let wide = memory.write(1, 0, &[F::from_u32(1 << 16)]);
        assert_eq!(wide, Err(MemoryError::CellOutOfRange { space: 1, cell: 0, value: 1 << 16 }));
    }
    // Nothing was committed: the file is there, and its cells are zero.
    let mut memory = factory.create_persistent_memory(&path)?;
    assert_eq!(memory.read(1, 4, 4)?.1, [F::ZERO; 4]);
    println!("three kinds of memory, one of them at generation {}", memory.generation()?);
    Ok(())
}
