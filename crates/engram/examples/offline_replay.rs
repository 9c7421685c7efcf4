//! Replaying a log: what each access found and since when, and the splits and merges between accesses of different sizes.

use std::error::Error;

use engram::{
    AccessAdapterInventory, AddressSpaceConfig, AddressSpaceType, F, Memory, MemoryConfigBuilder, MemoryProofGenerator,
    OfflineMemory, RecordId, circuit::PrimeCharacteristicRing,
};

fn main() -> Result<(), Box<dyn Error>> {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(8);
    let config = MemoryConfigBuilder::new().add_address_space(space).build()?;

    let mut online = Memory::new(&config);
    let _ = online.write::<8>(1, 0, std::array::from_fn(F::from_usize))?;
    let _ = online.write::<1>(1, 5, [F::from_u32(55)])?;
    let _ = online.read::<8>(1, 0)?;
    let _ = online.read::<8>(1, 0)?;
    let cells_after = online.image().clone();
    let (image, log) = online.into_log();

    let mut offline = OfflineMemory::from_log(log.clone(), &config)?;
    let mut adapters = AccessAdapterInventory::new();
    offline.replay(&mut adapters)?;
    // The write of one cell splits 8 into 4 + 4, a 4 into 2 + 2, a 2 into 1 + 1. The read of eight merges them again. The
    // second read finds them whole.
    assert_eq!(adapters.len(), 6);
    let (end, blocks) = offline.finalize::<8>(&mut adapters)?;
    assert_eq!(adapters.len(), 6);
    assert_eq!(end.image, cells_after);

    let found: [F; 8] = [0, 1, 2, 3, 4, 55, 6, 7].map(F::from_u32);
    assert_eq!((blocks[0].cells, blocks[0].timestamp), (found, 4));
    for id in [2, 3].map(RecordId) {
        assert_eq!(end.accesses.cells(id), found);
        // Each follows the access before it at once.
        assert_eq!(end.accesses.get(id).map(|record| record.gap), Some(0));
    }

    // The splits and merges are rows of circuits of their own. Each row and each bus holds.
    MemoryProofGenerator::new(log, &config).with_image(image).check()?;
    println!("{} splits and merges", adapters.len());
    Ok(())
}
