//! Attacks on rows of the extensions of this crate, beside a rest of the machine that plays along.

use std::collections::BTreeSet;

use crate::testing::Subject;
use engram_air::{BusKind, Circuit, F, PrimeCharacteristicRing};

use super::{
    BULK_LOAD, BULK_STORE, CELL_LOAD, CELL_STORE, CustomInstruction, CustomInstructionProcessor, ExtensionRegistry,
    RegisterSpaces,
    messages::{INSTRUCTIONS, STEPS},
    standard_extensions,
    tables::{EXTENSIONS, RunTables},
};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder},
    image::MemoryImage,
    messages::MEMORY,
};

/// Data cells are of the field, so that what reaches a register is looked up.
fn registry() -> ExtensionRegistry {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
    let builder = MemoryConfigBuilder::new().add_address_space(space(1).with_cell_kind(CellKind::U16));
    let config = builder.add_address_space(space(2)).build().unwrap();
    standard_extensions(&config, RegisterSpaces { registers: 1, data: 2 }).unwrap()
}

/// Two rows of the extension with this id, whose pointers are 0x40 and three further.
fn honest(id: u16) -> Subject {
    let mut image = MemoryImage::new();
    image.set_cell(1, 8, F::from_u32(0x40));
    (0..64).for_each(|cell| image.set_cell(2, 0x40 + cell, F::from_u32(100 + cell)));
    let mut processor = CustomInstructionProcessor::with_image(registry(), image).unwrap();
    for rd in [4, 5] {
        processor.execute_custom_instruction(&CustomInstruction::new(id, rd, 1, 3).unwrap()).unwrap();
    }
    let list = processor.instructions();
    let mut tables = RunTables::new(processor.registry(), processor.memory(), processor.executed(), list).unwrap();
    // The standard extensions have the first ids.
    let position = EXTENSIONS + usize::from(id);
    let trace = tables.witnesses[position].trace.take().unwrap();
    Subject::new(tables.circuits[position].as_ref().clone(), trace)
}

const ALL: [u16; 4] = [BULK_LOAD, BULK_STORE, CELL_LOAD, CELL_STORE];
const BULK: [u16; 2] = [BULK_LOAD, BULK_STORE];
const SECOND: usize = 1;

#[test]
fn every_cell_matters() {
    for id in ALL {
        honest(id).assert_every_cell_matters(2, &[]);
    }
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    for id in ALL {
        honest(id).with(SECOND, &[("real", 2)]).assert_refused_only_by("real is boolean");
    }
}

#[test]
fn a_pointer_between_messages_is_refused() {
    for id in BULK {
        let attack = honest(id).with(SECOND, &[("pointer[0]", 0x44)]);
        attack.assert_refused_only_by("the pointer is a multiple of 16 bytes");
    }
}

/// Past it a pointer would be another one modulo p.
#[test]
fn a_pointer_past_the_highest_is_refused() {
    for id in ALL {
        let attack = honest(id).with(SECOND, &[("pointer[1]", 1 << 14)]);
        attack.assert_refused_only_by("the pointer's high limb is below 2^14");
        let mut attack = honest(id).with(SECOND, &[("pointer[0]", 1 << 16)]);
        if BULK.contains(&id) {
            *attack.cell(SECOND, "low_messages") = F::from_u32(1 << 13);
        }
        attack.assert_refused_only_by("the pointer's low limb is below 2^16");
    }
}

#[test]
fn a_cell_past_its_kind_is_refused() {
    for id in [BULK_LOAD, CELL_LOAD] {
        let attack = honest(id).with(SECOND, &[("data[0]", 1 << 16)]);
        attack.assert_refused_only_by("register: a written cell is below 2^16");
    }
}

#[test]
fn an_access_that_goes_back_in_time_is_refused() {
    for id in ALL {
        for access in ["pointer", "data", "register"] {
            let mut attack = honest(id);
            *attack.cell(SECOND, &format!("{access}.gap")) = F::NEG_ONE;
            attack.assert_refused_only_by(&format!("{access}: gap is below 2^17"));
        }
    }
}

/// Each constraint and each lookup has a test above in which it alone refuses.
#[test]
fn every_constraint_has_a_test_that_breaks_it() {
    let broken = [
        "real is boolean",
        "the pointer is a multiple of 16 bytes",
        "the pointer's high limb is below 2^14",
        "the pointer's low limb is below 2^16",
        "register: a written cell is below 2^16",
        "pointer: gap is below 2^17",
        "data: gap is below 2^17",
        "register: gap is below 2^17",
    ];
    let registry = registry();
    let labels: BTreeSet<&str> = registry.circuits().flat_map(|(_, circuit)| labels(circuit)).collect();
    assert_eq!(labels, BTreeSet::from(broken));
}

fn labels(circuit: &Circuit) -> impl Iterator<Item = &str> {
    let lookups = circuit.interactions.iter().filter(|interaction| interaction.bus.kind == BusKind::Lookup);
    let constraints = circuit.constraints.iter().map(|constraint| constraint.label.as_str());
    constraints.chain(lookups.map(|lookup| lookup.label.as_str()))
}

/// A second instruction, another time or a step that is left out has no column in which it could stand.
#[test]
fn a_row_hands_on_one_step_and_the_time_of_its_accesses() {
    for (id, circuit) in registry().circuits() {
        let on = |bus| circuit.interactions.iter().filter(move |interaction| interaction.bus == bus);
        let steps: Vec<_> = on(STEPS).collect();
        let [taken, handed_on] = steps.as_slice() else { panic!("a row takes the thread once and hands it on once") };
        let column = |name: &str| circuit.column(name).map(|column| column as u32);
        assert_eq!((taken.fields[0].as_column(), taken.fields[1].as_column()), (column("step"), column("time")));
        let rise = |field: usize| (handed_on.fields[field].clone() - taken.fields[field].clone()).as_constant();
        assert_eq!((rise(0), rise(1)), (Some(F::ONE), Some(F::from_u32(3))));
        // What accesses leave is there since their times, one after the other.
        let left = on(MEMORY).skip(1).step_by(2);
        let times: Vec<_> = left.map(|left| left.fields.last().unwrap().clone() - taken.fields[1].clone()).collect();
        let times: Vec<_> = times.iter().map(engram_air::Expr::as_constant).collect();
        assert_eq!(times, [F::ZERO, F::ONE, F::TWO].map(Some));
        // It takes one instruction: of its step, of its id, with its own operands.
        let instructions: Vec<_> = on(INSTRUCTIONS).collect();
        let [instruction] = instructions.as_slice() else { panic!("a row takes one instruction") };
        assert_eq!(instruction.fields[1].as_constant(), Some(F::from_u16(id.number())));
        for (field, name) in [(0, "step"), (2, "rd"), (3, "rs1"), (4, "rs2")] {
            assert_eq!(instruction.fields[field].as_column(), column(name));
        }
        // All of that once, on a row that is real.
        let counted = on(STEPS).chain(on(MEMORY)).chain(on(INSTRUCTIONS));
        for interaction in counted {
            let count = interaction.count.clone();
            let counts_real = count.as_column() == column("real") || (-count).as_column() == column("real");
            assert!(counts_real, "\"{}\" has another count", interaction.label);
        }
    }
}
