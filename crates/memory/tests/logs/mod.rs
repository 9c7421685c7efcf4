//! Random logs, beside a plain map that says what each access must find.

#![allow(dead_code, reason = "each test file is a crate of its own and uses some of these")]

use std::collections::HashMap;

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    address::ACCESS_SIZES,
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    online::Memory,
};
use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

fn normal(number: u32) -> AddressSpaceConfig {
    AddressSpaceConfig::new(number, AddressSpaceType::Normal)
}

/// Three normal spaces that differ in everything, and the identity space.
pub fn mixed_config() -> MemoryConfig {
    MemoryConfigBuilder::new()
        .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
        .add_address_space(normal(1).with_pointer_bits(7))
        .add_address_space(normal(2).with_cell_kind(CellKind::U16).with_block_cells(1))
        .add_address_space(normal(9).with_block_cells(16).with_pointer_bits(30))
        .build()
        .unwrap()
}

/// Words of two cells of 16 bits, as RV32IM has them.
pub fn word_config() -> MemoryConfig {
    MemoryConfigBuilder::new()
        .with_pointer_unit(2)
        .add_address_space(normal(1).with_cell_kind(CellKind::U16).with_block_cells(2).with_pointer_bits(5))
        .add_address_space(normal(2).with_cell_kind(CellKind::U16).with_block_cells(8).with_pointer_bits(30))
        .build()
        .unwrap()
}

/// Memory after random accesses. Each is compared with a plain map of cells.
pub fn random_memory(config: &MemoryConfig, random: &mut ChaCha8Rng, accesses: usize) -> Memory {
    memory_with_pauses(config, random, accesses, 1000)
}

/// The same, with time rising by up to `pause` now and then.
pub fn memory_with_pauses(config: &MemoryConfig, random: &mut ChaCha8Rng, accesses: usize, pause: u32) -> Memory {
    let mut image = MemoryImage::new();
    let mut model: HashMap<(u32, u32), F> = HashMap::new();
    let unit = config.pointer_unit() as u32;
    for space in config.normal_spaces() {
        for _ in 0..random.random_range(0..8) {
            let (cell, value) = (random.random_range(0..48), F::from_u32(random.random_range(0..1 << 16)));
            image.set_cell(space.number, cell, value);
            model.insert((space.number, cell), value);
        }
    }
    let mut memory = Memory::with_image(config, image).unwrap();
    let sizes: Vec<usize> = ACCESS_SIZES.into_iter().filter(|&size| size >= unit as usize).collect();
    while memory.accesses() < accesses {
        if random.random_bool(0.05) {
            memory.increment_timestamp_by(random.random_range(0..=pause)).unwrap();
        }
        if config.has_identity_space() && random.random_bool(0.05) {
            let pointer = random.random_range(0..F::ORDER);
            assert_eq!(memory.read_dynamic(0, pointer, 1).unwrap().1, [F::from_u32(pointer)]);
            continue;
        }
        let space = config.normal_spaces().choose(random).unwrap();
        let len = *sizes.choose(random).unwrap();
        // Few addresses, at the start and at the end of the space, so that accesses of all sizes meet.
        let cells = (1u64 << space.pointer_bits) * u64::from(unit);
        let window = [0, cells - 64][random.random_range(0..2)] as u32;
        let cell = window + random.random_range(0..64 / len as u32) * len as u32;
        let before: Vec<F> = (cell..cell + len as u32)
            .map(|cell| model.get(&(space.number, cell)).copied().unwrap_or(F::ZERO))
            .collect();
        if random.random_bool(0.5) {
            let (_, found) = memory.read_dynamic(space.number, cell / unit, len).unwrap();
            assert_eq!(found, before);
        } else {
            let values = if space.cell_kind == CellKind::U16 { 1 << 16 } else { F::ORDER };
            let data: Vec<F> = (0..len).map(|_| F::from_u32(random.random_range(0..values))).collect();
            let (_, found) = memory.write_dynamic(space.number, cell / unit, &data).unwrap();
            assert_eq!(found, before);
            model.extend((cell..).zip(data).map(|(cell, value)| ((space.number, cell), value)));
        }
    }
    for ((space, cell), value) in model {
        assert_eq!(memory.image().cell(space, cell), value);
    }
    memory
}

/// The field's modulus as a constant of its type.
trait Order {
    const ORDER: u32;
}

impl Order for F {
    const ORDER: u32 = engram_air::field::MODULUS;
}
