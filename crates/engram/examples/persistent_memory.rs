//! Memory on disk: what is committed stays, what is not is lost, and each proof leads from one committed root to the next.

use std::error::Error;

use engram::{
    AddressSpaceConfig, AddressSpaceType, CellKind, F, MemoryAdapter, MemoryConfigBuilder, PersistentError,
    PersistentMemory, circuit::PrimeCharacteristicRing,
};

/// Where an account's balance is.
fn account(number: u32) -> u32 {
    2 * number
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("accounts");
    let space =
        AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_pointer_bits(24);
    let config = MemoryConfigBuilder::new().add_address_space(space).build()?;

    let mut memory = PersistentMemory::create(&path, &config)?;
    memory.write(1, account(7), &[F::from_u32(100)])?;
    memory.commit()?;

    // A transfer, proven: the proof leads from the root in the file to the root that is committed.
    let before = memory.root()?;
    for (number, balance) in [(7, 70), (8, 30)] {
        memory.read(1, account(number), 1)?;
        memory.write(1, account(number), &[F::from_u32(balance)])?;
    }
    let statement = memory.proof_generator()?.generate_proof()?.verify(&config)?;
    assert_eq!(statement.initial_root, before);
    memory.commit_expecting(&statement.final_roots)?;
    assert_eq!(memory.root()?, statement.final_root);

    // Without a commit, a write is lost with the handle.
    memory.write(1, account(8), &[F::from_u32(60000)])?;
    drop(memory);
    let mut memory = PersistentMemory::open(&path, &config)?;
    assert_eq!(memory.root()?, statement.final_root);
    assert_eq!(memory.generation()?, 2);
    assert_eq!(memory.read(1, account(8), 1)?.1, [F::from_u32(30)]);

    // The generation before can still be read.
    let earlier = memory.snapshot(1)?;
    assert_eq!(earlier.root()?, before);
    assert_eq!(earlier.read(1, account(7), 1)?, [F::from_u32(100)]);
    drop(earlier);
    memory.compact()?;

    // A file holds cells of 16 bits.
    let wide = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
    let config = MemoryConfigBuilder::new().add_address_space(wide).build()?;
    let refused = PersistentMemory::create(&folder.path().join("wide"), &config);
    assert!(matches!(refused, Err(PersistentError::FieldCells { space: 1 })));
    println!("generation 2 has root {:?}", statement.final_root);
    Ok(())
}
