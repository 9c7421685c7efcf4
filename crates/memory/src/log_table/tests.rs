use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{AccessTable, ROWS_MAX, circuit, constraints::WAIT_MAX, tables, trace};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    offline::OfflineMemory,
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
    testing::Subject,
};

fn config() -> MemoryConfig {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
    let builder = MemoryConfigBuilder::new().add_address_space(space(1).with_cell_kind(CellKind::U16));
    let builder = builder.add_address_space(space(2).with_cell_kind(CellKind::U16).with_block_cells(2));
    builder.add_address_space(space(3)).build().unwrap()
}

/// The spaces have blocks of four cells, and space 2 of two.
const READ: AccessTable = AccessTable::Read { cells: 4, block_cells: 4 };
const WRITE: AccessTable = AccessTable::Write { cells: 4, block_cells: 4, kind: CellKind::Field };
const WRITE_U16: AccessTable = AccessTable::Write { cells: 4, block_cells: 4, kind: CellKind::U16 };
const NARROW_READ: AccessTable = AccessTable::Read { cells: 2, block_cells: 4 };
const NARROW_WRITE: AccessTable = AccessTable::Write { cells: 1, block_cells: 4, kind: CellKind::Field };
const NARROW_WRITE_U16: AccessTable = AccessTable::Write { cells: 1, block_cells: 2, kind: CellKind::U16 };
const TABLES: [AccessTable; 6] = [READ, WRITE, WRITE_U16, NARROW_READ, NARROW_WRITE, NARROW_WRITE_U16];

/// Two accesses with a wait of eight between them, and a third after a wait that needs a row of its own.
fn honest(table: AccessTable) -> Subject {
    let config = config();
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config).unwrap().with_narrow_accesses();
    let space = match table {
        AccessTable::Write { kind: CellKind::U16, .. } => 2,
        _ => 3,
    };
    // At the second place of a block that is narrowly accessed.
    let first = if table.is_narrow() { 8 + table.cells() as u32 } else { 8 };
    for (pointer, wait) in [(first, 0), (16, 8), (first, 600)] {
        memory.increment_timestamp_by(wait).unwrap();
        match table {
            AccessTable::Read { cells, .. } => memory.read_dynamic(space, pointer, cells, &mut adapters).unwrap().0,
            AccessTable::Write { cells, .. } => {
                memory.write(space, pointer, &vec![F::from_u32(pointer); cells], &mut adapters).unwrap()
            }
        };
    }
    let range = SharedVariableRangeCheckerChip::new(&config);
    let trace = trace(&config, table, memory.accesses(), &range).unwrap();
    assert!(!table.is_narrow() || adapters.is_empty());
    Subject::new(circuit(&config, table), trace)
}

/// Row 2 only waits; there is no padding.
const FIRST: usize = 0;
const SECOND: usize = 1;
const THIRD: usize = 3;

#[test]
fn times_and_waits_are_those_of_the_log() {
    for table in TABLES {
        let subject = honest(table);
        subject.assert_accepted();
        let timestamp = subject.circuit.column("timestamp").unwrap();
        let timestamps: Vec<u32> = (0..4).map(|row| subject.trace.row(row)[timestamp].as_canonical_u32()).collect();
        assert_eq!(timestamps, [1, 10, 10 + WAIT_MAX + 1, 611]);
        assert_eq!(subject.trace.height(), 4);
    }
}

#[test]
fn tables_are_those_of_the_spaces() {
    // Accesses of one cell and of two are narrow in two spaces, and those of one cell in blocks of two in the third.
    assert_eq!(tables(&config()).len(), (3 + 2) + (3 + 2) + 4 * 3);
    assert_eq!(tables(&MemoryConfig::default()).len(), 6 * 2);
    let words = MemoryConfigBuilder::new().with_pointer_unit(2).build().unwrap();
    assert_eq!(tables(&words).len(), 5 * 2);
    let names: std::collections::BTreeSet<String> =
        tables(&config()).into_iter().map(|table| circuit(&config(), table).name).collect();
    assert_eq!(names.len(), 22);
}

#[test]
fn times_of_the_highest_table_are_below_the_limit() {
    assert!(ROWS_MAX as u64 * u64::from(WAIT_MAX + 1) < 1 << 29);
}

#[test]
fn every_cell_matters() {
    let waits = "a row that is no access may say anything about one";
    let free = |columns: &[&'static str]| columns.iter().map(|&column| (column, waits)).collect::<Vec<_>>();
    let cells = ["cells[0]", "cells[1]", "cells[2]", "cells[3]"];
    let read = [&["space", "pointer", "gap"][..], &cells].concat();
    honest(READ).assert_every_cell_matters(4, &free(&read));
    honest(NARROW_READ).assert_every_cell_matters(4, &free(&read));
    // The space of a row that is no access is zero, and none is selected.
    let previous = ["previous[0]", "previous[1]", "previous[2]", "previous[3]"];
    let write = [&["pointer", "gap"][..], &cells, &previous].concat();
    honest(WRITE).assert_every_cell_matters(4, &free(&write));
    honest(WRITE_U16).assert_every_cell_matters(4, &free(&write));
    // A narrow write that is none leaves all cells as they are.
    let narrow = free(&["pointer", "gap", "written[0]"]);
    honest(NARROW_WRITE).assert_every_cell_matters(4, &narrow);
    honest(NARROW_WRITE_U16).assert_every_cell_matters(4, &narrow);
    for table in TABLES {
        // Without the row that waits, nothing is free.
        honest(table).assert_every_cell_matters(2, &[]);
    }
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    honest(READ).with(FIRST, &[("real", 2)]).assert_refused_only_by("real is boolean");
}

#[test]
fn a_narrow_access_at_two_places_is_refused() {
    honest(NARROW_READ).with(FIRST, &[("at[0]", 1)]).assert_refused_only_by("real is boolean");
    // Two of one place less one of another are one in all.
    let mut attack = honest(NARROW_READ).with(FIRST, &[("at[1]", 2)]);
    *attack.cell(FIRST, "at[0]") = F::NEG_ONE;
    attack.assert_refused_only_by("a place is the access's or not");
}

#[test]
fn a_narrow_write_of_another_place_or_cell_is_refused() {
    let label = "a narrow write changes its own cells alone";
    for table in [NARROW_WRITE, NARROW_WRITE_U16] {
        // The cell beside changes too; the cell itself becomes another; what was written is said to have been written elsewhere.
        honest(table).with(FIRST, &[("cells[0]", 7)]).assert_refused_only_by(label);
        honest(table).with(FIRST, &[("cells[1]", 7)]).assert_refused_only_by(label);
        honest(table).with(FIRST, &[("at[1]", 0), ("at[0]", 1)]).assert_refused_only_by(label);
    }
    // What is written is not what stands there afterwards.
    let attack = honest(NARROW_WRITE).with(FIRST, &[("written[0]", 3)]);
    attack.assert_refused_only_by("a narrow write changes its own cells alone");
}

#[test]
fn a_false_selection_is_refused() {
    // Two of space 1 less one of space 2 select space 0, which is that of no write.
    let mut attack = honest(WRITE_U16).with(FIRST, &[("selected[0]", 2), ("space", 0)]);
    *attack.cell(FIRST, "selected[1]") = F::NEG_ONE;
    attack.assert_refused_only_by("selected is boolean");
    let attack = honest(WRITE_U16).with(FIRST, &[("selected[0]", 1), ("space", 3)]);
    attack.assert_refused_only_by("an access has one space");
    // Space 3 has field cells: among writes of 16 bits it would be taken for one whose cells are looked up, and the reverse.
    honest(WRITE_U16).with(FIRST, &[("space", 3)]).assert_refused_only_by("the space is the selected one");
    honest(WRITE).with(FIRST, &[("space", 2)]).assert_refused_only_by("the space is the selected one");
}

#[test]
fn a_cell_past_its_kind_is_refused() {
    let attack = honest(WRITE_U16).with(SECOND, &[("cells[1]", 1 << 16)]);
    attack.assert_refused_only_by("a written cell is below 2^16");
    let attack = honest(NARROW_WRITE_U16).with(SECOND, &[("cells[0]", 1 << 16), ("written[0]", 1 << 16)]);
    attack.assert_refused_only_by("a written cell is below 2^16");
    honest(WRITE).with(SECOND, &[("cells[1]", 1 << 16)]).assert_accepted();
}

#[test]
fn an_access_that_goes_back_in_time_is_refused() {
    for gap in [F::NEG_ONE, F::from_u32(1 << 17), -F::from_u32(1 << 17)] {
        let mut attack = honest(READ);
        *attack.cell(THIRD, "gap") = gap;
        attack.assert_refused_only_by("gap is below 2^17");
    }
}

#[test]
fn a_time_that_does_not_rise_is_refused() {
    let attack = honest(READ).with(FIRST, &[("timestamp", 2)]).with(SECOND, &[("wait[0]", 0), ("wait[1]", 1)]);
    attack.assert_refused_only_by("the timestamp starts at one and the wait");
    let attack = honest(READ).with(THIRD, &[("timestamp", 612)]);
    attack.assert_refused_only_by("the timestamp rises by one and the wait");
    // The third access has the time of the row before: it would wait less than nothing.
    let mut attack = honest(READ).with(THIRD, &[("wait[0]", 0), ("wait[1]", 0), ("wait[2]", 0), ("timestamp", 353)]);
    *attack.cell(THIRD, "wait[0]") = F::NEG_ONE;
    attack.assert_refused_only_by("a digit of the wait is below 7");
}
