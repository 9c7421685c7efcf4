use engram_air::{F, PrimeCharacteristicRing, Trace};
use engram_memory::testing::Subject;

use super::{circuit, public_values, trace};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfigBuilder},
    image::MemoryImage,
    offline::{AccessAdapterInventory, OfflineMemory},
};

/// The first space is unchanged, the second is changed, the third is untouched.
fn honest() -> Subject {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
    let builder = MemoryConfigBuilder::new().add_address_space(space(1)).add_address_space(space(2));
    let config = builder.add_address_space(space(5).with_pointer_bits(4)).build().unwrap();
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config).unwrap();
    memory.read(1, 3, 1, &mut adapters).unwrap();
    memory.write(2, 0, &[F::TWO], &mut adapters).unwrap();
    let end = memory.finalize_blocks(&mut adapters);
    let publics = public_values(&end.roots_before, &end.roots_after);
    Subject { publics, ..Subject::new(circuit(&config), trace(&config, &end)) }
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(1, &[]);
}

#[test]
fn the_table_cannot_be_left_out() {
    assert!(honest().circuit.required);
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    honest().with(0, &[("touched[0]", 2)]).assert_refused_only_by("touched is boolean");
}

#[test]
fn a_second_root_of_a_space_is_refused() {
    let honest = honest();
    let row = honest.trace.row(0);
    let twice = Trace::from_rows([row, row].concat(), row.len());
    Subject { trace: twice, ..honest }.assert_refused_only_by("only the first row has touched spaces");
}

#[test]
fn an_untouched_space_with_another_root_is_refused() {
    let mut attack = honest();
    *attack.publics.last_mut().unwrap() += F::ONE;
    attack.assert_refused_only_by("an untouched space keeps its root");
    honest().with(0, &[("touched[1]", 0)]).assert_refused_only_by("an untouched space keeps its root");
}
