//! One interface to memory of every kind, as a trait object, with errors instead of panics.

use engram::{
    AccessAdapterInventory, F, Memory, MemoryAdapter, MemoryConfig, MemoryController, MemoryError, MemoryImage,
    OfflineMemory, OfflineMemoryAdapter, OnlineMemoryAdapter, RecordId,
    circuit::{PrimeCharacteristicRing, PrimeField32},
};

/// A stack that runs on any memory: cell 0 counts its elements, which follow.
fn push(memory: &mut dyn MemoryAdapter, value: u32) -> Result<RecordId, MemoryError> {
    let (_, length) = memory.read(1, 0, 1)?;
    let length = length[0].as_canonical_u32() + 1;
    memory.increment_timestamp()?;
    memory.write(1, length, &[F::from_u32(value)])?;
    memory.write(1, 0, &[F::from_u32(length)])
}

fn main() -> Result<(), MemoryError> {
    let config = MemoryConfig::default();
    let offline = OfflineMemory::new(&MemoryImage::new(), &config)?;
    let memories: [Box<dyn MemoryAdapter>; 3] = [
        Box::new(OnlineMemoryAdapter { memory: Memory::new(&config) }),
        Box::new(MemoryController::new(&config)),
        Box::new(OfflineMemoryAdapter { memory: offline, adapters: AccessAdapterInventory::new() }),
    ];
    for mut memory in memories {
        assert_eq!(push(&mut *memory, 5)?, RecordId(2));
        assert_eq!(push(&mut *memory, 6)?, RecordId(5));
        assert_eq!(memory.read(1, 0, 4)?, (RecordId(6), [2, 5, 6, 0].map(F::from_u32).to_vec()));
        for len in [0, 3, 64, usize::MAX] {
            assert_eq!(memory.read(1, 0, len), Err(MemoryError::InvalidAccessSize { len }));
        }
        assert_eq!(memory.write(9, 0, &[F::ONE]), Err(MemoryError::UnknownSpace { space: 9 }));
    }
    println!("three kinds of memory, one answer");
    Ok(())
}
