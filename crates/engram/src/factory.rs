//! Memories of every kind for one configuration.

use std::path::Path;

use engram_memory::{
    config::MemoryConfig, error::MemoryError, image::MemoryImage, offline::OfflineMemory, online::Memory,
};
use engram_store::{PersistentError, PersistentMemory};

/// Makes memories, in RAM and on disk.
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

    /// Offline memory that starts as `image`.
    ///
    /// # Errors
    /// As for [`OfflineMemory::new`].
    pub fn create_offline_memory(&self, image: &MemoryImage) -> Result<OfflineMemory, MemoryError> {
        OfflineMemory::new(image, &self.default_config)
    }

    /// The memory in the file at `path`, which is made, with zeros, where there is none.
    ///
    /// # Errors
    /// As for [`PersistentMemory::open_or_create`]: spaces of field cells, for example, which no file can hold.
    pub fn create_persistent_memory(&self, path: impl AsRef<Path>) -> Result<PersistentMemory, PersistentError> {
        PersistentMemory::open_or_create(path.as_ref(), self.config())
    }
}

#[cfg(test)]
mod tests {
    use engram_air::{F, PrimeCharacteristicRing};
    use engram_memory::{
        adapter::{MemoryAdapter, OfflineMemoryAdapter, OnlineMemoryAdapter},
        config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder},
    };

    use super::*;

    #[test]
    fn every_kind_of_memory_answers_alike() {
        let identity = AddressSpaceConfig::new(0, AddressSpaceType::Identity);
        let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
        let config = MemoryConfigBuilder::new().add_address_space(identity).add_address_space(space).build().unwrap();
        let factory = MemoryFactory::new(config);
        let folder = tempfile::tempdir().unwrap();
        let offline = factory.create_offline_memory(&MemoryImage::new()).unwrap();
        let mut memories: [Box<dyn MemoryAdapter>; 3] = [
            Box::new(OnlineMemoryAdapter { memory: factory.create_online_memory() }),
            Box::new(OfflineMemoryAdapter::new(offline)),
            Box::new(factory.create_persistent_memory(folder.path().join("memory")).unwrap()),
        ];
        for memory in &mut memories {
            memory.write(1, 4, &[F::ONE, F::TWO]).unwrap();
            memory.increment_timestamp().unwrap();
            assert_eq!(memory.read(1, 5, 1).unwrap().1, [F::TWO]);
            assert_eq!(memory.read(1, 5, 2), Err(MemoryError::Misaligned { space: 1, pointer: 5, len: 2 }));
            assert_eq!(memory.write(1, 5, &[]), Err(MemoryError::InvalidAccessSize { len: 0 }));
            assert_eq!(memory.write(0, 5, &[F::ONE]), Err(MemoryError::IdentityReadOnly { space: 0 }));
        }
        assert!(MemoryFactory::default().create_persistent_memory(folder.path().join("default")).is_ok());
        let field = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
        let config = MemoryConfigBuilder::new().add_address_space(field).build().unwrap();
        let stored = MemoryFactory::new(config).create_persistent_memory(folder.path().join("field"));
        assert!(matches!(stored, Err(PersistentError::FieldCells { space: 1 })));
    }
}
