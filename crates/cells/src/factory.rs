//! Memories of every kind for one configuration.

use std::path::Path;

use crate::{
    adapter::MemoryAdapter, config::MemoryConfig, error::MemoryError, image::MemoryImage, offline::OfflineMemory,
    online::Memory,
};

/// Makes memories.
#[derive(Clone, Debug, Default)]
pub struct MemoryFactory {
    default_config: MemoryConfig,
}

impl MemoryFactory {
    /// Memories of this configuration.
    pub fn new(default_config: MemoryConfig) -> Self {
        Self { default_config }
    }

    /// The configuration.
    pub fn config(&self) -> &MemoryConfig {
        &self.default_config
    }

    /// Online memory of zeros.
    pub fn create_online_memory(&self) -> Memory {
        Memory::new(&self.default_config)
    }

    /// Offline memory that starts as `image`. Errors: as [`OfflineMemory::new`].
    pub fn create_offline_memory(&self, image: &MemoryImage) -> Result<OfflineMemory, MemoryError> {
        OfflineMemory::new(image, &self.default_config)
    }

    /// Memory that outlives the process. Error: always [`MemoryError::NotAvailable`], and nothing is written at `_path`: this
    /// crate knows no disk. The factory of the crate `engram` makes such memory.
    pub fn create_persistent_memory(&self, _path: &Path) -> Result<Box<dyn MemoryAdapter>, MemoryError> {
        Err(MemoryError::NotAvailable { what: "persistent memory" })
    }
}

#[cfg(test)]
mod tests {
    use engram_air::{F, PrimeCharacteristicRing};

    use super::*;
    use crate::adapter::{OfflineMemoryAdapter, OnlineMemoryAdapter};

    #[test]
    fn every_kind_of_memory_answers_alike() {
        let factory = MemoryFactory::default();
        let offline = factory.create_offline_memory(&MemoryImage::new()).unwrap();
        let mut memories: [Box<dyn MemoryAdapter>; 2] = [
            Box::new(OnlineMemoryAdapter { memory: factory.create_online_memory() }),
            Box::new(OfflineMemoryAdapter::new(offline)),
        ];
        for memory in &mut memories {
            memory.write(1, 4, &[F::ONE, F::TWO]).unwrap();
            memory.increment_timestamp().unwrap();
            assert_eq!(memory.read(1, 5, 1).unwrap().1, [F::TWO]);
            assert_eq!(memory.read(1, 5, 2), Err(MemoryError::Misaligned { space: 1, pointer: 5, len: 2 }));
            assert_eq!(memory.write(1, 5, &[]), Err(MemoryError::InvalidAccessSize { len: 0 }));
            assert_eq!(memory.write(0, 5, &[F::ONE]), Err(MemoryError::IdentityReadOnly { space: 0 }));
        }
        let stored = factory.create_persistent_memory(Path::new("memory.redb")).map(|_| ());
        assert_eq!(stored, Err(MemoryError::NotAvailable { what: "persistent memory" }));
    }
}
