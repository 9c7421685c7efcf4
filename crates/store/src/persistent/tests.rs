//! What only a failing disk shows.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder};
use redb::{StorageBackend, backends::InMemoryBackend};

use super::{
    MemoryAdapter, MemoryConfig, MemoryError, PersistentError, PersistentMemory, Poseidon2Tree, Store, StoreError,
    store_config,
};

/// A disk that fails from some moment on.
#[derive(Debug)]
struct FailingDisk {
    disk: InMemoryBackend,
    fails: Arc<AtomicBool>,
}

impl FailingDisk {
    fn check(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::Error::other("the disk is gone")) } else { Ok(()) }
    }
}

impl StorageBackend for FailingDisk {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check()?;
        self.disk.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check()?;
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.disk.write(offset, data)
    }
}

fn memory() -> (PersistentMemory, Arc<AtomicBool>) {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
    let config: MemoryConfig = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
    let fails = Arc::new(AtomicBool::new(false));
    let disk = FailingDisk { disk: InMemoryBackend::new(), fails: fails.clone() };
    let store = Store::create_on(disk, &store_config(&config).unwrap(), Arc::new(Poseidon2Tree)).unwrap();
    (PersistentMemory::of(store, &config), fails)
}

#[test]
fn after_a_failed_commit_nothing_is_read_from_the_file_or_said_of_it() {
    let (mut memory, fails) = memory();
    memory.write(1, 0, &[F::ONE]).unwrap();
    memory.commit().unwrap();
    memory.write(1, 64, &[F::TWO]).unwrap();
    fails.store(true, Ordering::Relaxed);
    assert!(matches!(memory.commit(), Err(PersistentError::Store(StoreError::Storage { .. }))));
    // The disk being back does not help: what is on it is not known.
    fails.store(false, Ordering::Relaxed);
    let entries = memory.log().len();
    for access in [memory.read(1, 0, 1).map(|_| ()), memory.write(1, 32, &[F::ONE]).map(|_| ())] {
        assert!(matches!(access, Err(MemoryError::NotAvailable { .. })), "{access:?}");
    }
    assert!(memory.failure().is_some_and(|failure| failure.contains("the disk is gone")));
    assert_eq!(memory.log().len(), entries);
    for said in [memory.root().map(|_| ()), memory.generation().map(|_| ()), memory.commit()] {
        assert!(matches!(said, Err(PersistentError::Store(StoreError::Poisoned { .. }))), "{said:?}");
    }
}
