//! Online memory: accesses of several sizes, time, the log, images, and the identity space.

use engram::{
    ACCESS_SIZES, F, Memory, MemoryConfig, MemoryError, MemoryImage, MemoryLogEntry, RecordId,
    circuit::PrimeCharacteristicRing,
};

fn main() -> Result<(), MemoryError> {
    let mut image = MemoryImage::new();
    image.set_cell(1, 100, F::from_u32(7));
    let mut memory = Memory::with_image(&MemoryConfig::default(), image)?;

    // An access of N cells starts at a multiple of N.
    let (first, before) = memory.write::<4>(1, 100, [1, 2, 3, 4].map(F::from_u32))?;
    assert_eq!((first, before), (RecordId(0), [7, 0, 0, 0].map(F::from_u32)));
    assert_eq!(memory.read::<2>(1, 102)?.1, [3, 4].map(F::from_u32));
    for size in ACCESS_SIZES {
        let pointer = 96 / size as u32 * size as u32;
        assert_eq!(memory.read_dynamic(1, pointer, size)?.1.len(), size);
    }
    memory.write_dynamic(1, 103, &[F::from_u32(5)])?;
    assert_eq!(memory.image().cell(1, 103), F::from_u32(5));

    // Each access takes one timestamp, and time can rise without one.
    let timestamp = memory.timestamp();
    memory.increment_timestamp()?;
    memory.increment_timestamp_by(10)?;
    assert_eq!(memory.timestamp(), timestamp + 11);

    // Pointer v of the identity space holds v.
    assert_eq!(memory.read::<1>(0, 12345)?.1, [F::from_u32(12345)]);

    // What is refused is named, changes nothing and is not logged.
    let entries = memory.log().len();
    assert_eq!(memory.read::<4>(1, 102), Err(MemoryError::Misaligned { space: 1, pointer: 102, len: 4 }));
    let end = 1 << 29;
    assert_eq!(memory.read::<1>(1, end), Err(MemoryError::AddressOutOfBounds { space: 1, pointer: end, len: 1 }));
    assert_eq!(memory.write::<1>(0, 1, [F::ONE]), Err(MemoryError::IdentityReadOnly { space: 0 }));
    assert_eq!(memory.log().len(), entries);

    let data = [1, 2, 3, 4].map(F::from_u32);
    let entry = MemoryLogEntry::Write { address_space: 1, pointer: 100, data: data[..].into() };
    assert_eq!(memory.log().get(0), Some(entry));
    println!("{} accesses, {} entries in the log", memory.accesses(), memory.log().len());
    Ok(())
}
