//! Bytes of a proof that somebody changed: they are no proof, or one that does not hold, and never a panic.

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfigBuilder},
    extension::{
        BULK_LOAD, CustomInstruction, CustomInstructionProcessor, CustomProof, RegisterSpaces, standard_extensions,
    },
    image::MemoryImage,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Bytes that are changed, each alone.
const CHANGES: usize = 60;

#[test]
fn a_changed_byte_is_refused() {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_pointer_bits(10);
    let config = MemoryConfigBuilder::new().add_address_space(space(1)).add_address_space(space(2)).build().unwrap();
    let registry = standard_extensions(&config, RegisterSpaces { registers: 1, data: 2 }).unwrap();
    let mut image = MemoryImage::new();
    image.set_cell(2, 3, F::TWO);
    let mut processor = CustomInstructionProcessor::with_image(registry.clone(), image).unwrap();
    processor.execute_custom_instruction(&CustomInstruction::new(BULK_LOAD, 1, 0, 0).unwrap()).unwrap();
    let bytes = processor.prove().unwrap().encode();
    CustomProof::decode(&bytes).unwrap().verify(&registry).unwrap();
    let seed = 11;
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut decoded = 0;
    for change in 0..CHANGES {
        // The first ones hit the parameter set, the shape and the public values.
        let position = if change < 20 { change * 7 } else { random.random_range(0..bytes.len()) };
        let mut changed = bytes.clone();
        changed[position] ^= 1 << random.random_range(0..8);
        if let Ok(proof) = CustomProof::decode(&changed) {
            decoded += 1;
            assert!(proof.verify(&registry).is_err(), "byte {position} of {} can be changed", bytes.len());
        }
    }
    assert!(decoded > 0, "some changes are seen by the verifier alone");
    for length in [0, 1, 2, bytes.len() / 2, bytes.len() - 1] {
        assert!(CustomProof::decode(&bytes[..length]).is_err());
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(CustomProof::decode(&longer).is_err());
}
