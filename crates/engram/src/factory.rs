//! Memories of every kind for one configuration.

use std::path::Path;

use engram_cells::{
    config::MemoryConfig, error::MemoryError, factory, image::MemoryImage, offline::OfflineMemory, online::Memory,
};
use engram_state::{PersistentError, PersistentMemory};

/// Makes memories, in RAM and on disk.
///
/// `engram-cells` has a factory that knows no disk; this is the one that does.
#[derive(Clone, Debug, Default)]
pub struct MemoryFactory {
    in_ram: factory::MemoryFactory,
}

impl MemoryFactory {
    /// Memories of this configuration.
    pub fn new(default_config: MemoryConfig) -> Self {
        Self { in_ram: factory::MemoryFactory::new(default_config) }
    }

    /// The configuration.
    pub fn config(&self) -> &MemoryConfig {
        self.in_ram.config()
    }

    /// Online memory of zeros.
    pub fn create_online_memory(&self) -> Memory {
        self.in_ram.create_online_memory()
    }

    /// Offline memory that starts as `image`.
    ///
    /// # Errors
    /// As for [`OfflineMemory::new`].
    pub fn create_offline_memory(&self, image: &MemoryImage) -> Result<OfflineMemory, MemoryError> {
        self.in_ram.create_offline_memory(image)
    }

    /// The memory in the file at `path`, which is made, with zeros, where there is none.
    ///
    /// # Errors
    /// As for [`PersistentMemory::open_or_create`]: spaces of field cells, for example, which no file can hold.
    pub fn create_persistent_memory(&self, path: impl AsRef<Path>) -> Result<PersistentMemory, PersistentError> {
        PersistentMemory::open_or_create(path.as_ref(), self.config())
    }
}
