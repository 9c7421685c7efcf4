//! Memories with random logs.
use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    address::ACCESS_SIZES,
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    online::Memory,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The identity space and three normal ones, of block sizes 4, 1 and 16.
pub fn mixed_config() -> MemoryConfig {
    let normal = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_pointer_bits(10);
    MemoryConfigBuilder::new()
        .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
        .add_address_space(normal(1))
        .add_address_space(normal(2).with_block_cells(1).with_cell_kind(CellKind::U16))
        .add_address_space(normal(5).with_block_cells(16))
        .build()
        .unwrap()
}

/// One space of words of two cells.
pub fn word_config() -> MemoryConfig {
    let space = AddressSpaceConfig::new(2, AddressSpaceType::Normal).with_block_cells(8).with_pointer_bits(9);
    MemoryConfigBuilder::new().with_pointer_unit(2).add_address_space(space).build().unwrap()
}

/// A memory on which so many random operations were done, from an image that is not zero.
pub fn random_memory(config: &MemoryConfig, random: &mut ChaCha8Rng, operations: usize) -> Memory {
    let mut image = MemoryImage::new();
    for space in config.normal_spaces() {
        (0..64).for_each(|cell| image.set_cell(space.number, cell, F::from_u32(cell + 7)));
    }
    let mut memory = Memory::with_image(config, image).unwrap();
    for _ in 0..operations {
        match random.random_range(0..10) {
            0 => memory.increment_timestamp_by(random.random_range(0..1 << 16)).unwrap(),
            1 if config.has_identity_space() => {
                let _ = memory.read::<1>(0, random.random_range(0..1 << 30)).unwrap();
            }
            _ => random_access(&mut memory, random),
        }
    }
    memory
}

fn random_access(memory: &mut Memory, random: &mut ChaCha8Rng) {
    let unit = memory.config().pointer_unit();
    let spaces = memory.config().normal_spaces();
    let space = spaces[random.random_range(0..spaces.len())].number;
    let sizes: Vec<usize> = ACCESS_SIZES.into_iter().filter(|&cells| cells >= unit).collect();
    let len = sizes[random.random_range(0..sizes.len())];
    // Small addresses are likelier, so that blocks are met again.
    let places = if random.random_bool(0.7) { 128 / len } else { 1024 / len };
    let pointer = (random.random_range(0..places) * len / unit) as u32;
    if random.random_bool(0.5) {
        memory.read_dynamic(space, pointer, len).unwrap();
    } else {
        let data: Vec<F> = (0..len).map(|_| F::from_u32(random.random_range(0..1 << 16))).collect();
        memory.write_dynamic(space, pointer, &data).unwrap();
    }
}
