//! Adapters that forge a history, in a whole proof in which everything else agrees with them: only the bus is left to refuse.

use engram_air::{F, PrimeCharacteristicRing, Trace, check::Report};
use engram_stark::{engine::Witness, engine::check_witnesses};

use super::circuits;
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    image::MemoryImage,
    log::MemoryLog,
    log_table::{self, AccessTable},
    messages::MEMORY,
    offline::{AccessRecords, FinalMemory, OfflineMemory},
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
};

fn config() -> MemoryConfig {
    let identity = AddressSpaceConfig::new(0, AddressSpaceType::Identity);
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_block_cells(16);
    MemoryConfigBuilder::new().add_address_space(identity).add_address_space(space).build().unwrap()
}

/// Cells of the smallest accesses: no table of the log takes larger blocks for them, so they need adapters.
const PART: u32 = 4;

/// A read of so many parts.
fn read(part: u32, parts: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_read(1, part * PART, (parts * PART) as usize);
    log
}

/// A write of one part.
fn write(part: u32, value: u32) -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_write(1, part * PART, &[0, 1, 2, 3].map(|cell| F::from_u32(value + 100 * cell)));
    log
}

/// An entry that takes time and does nothing.
fn idle() -> MemoryLog {
    let mut log = MemoryLog::new();
    log.push_read(0, 0, 1);
    log
}

fn replayed(logs: &[MemoryLog]) -> FinalMemory {
    let mut adapters = AccessAdapterInventory::new();
    let mut memory = OfflineMemory::new(&MemoryImage::new(), &config()).unwrap().with_narrow_accesses();
    logs.iter().flat_map(MemoryLog::iter).for_each(|entry| memory.apply(entry, &mut adapters).unwrap());
    memory.finish(adapters)
}

/// A proof's tables, from accesses of one history in which all but the log's are those of another.
struct Forgery {
    circuits: Vec<std::sync::Arc<engram_air::Circuit>>,
    witnesses: Vec<Witness>,
}

impl Forgery {
    /// Writes are those of `log`; reads and all else are those of `told`.
    fn new(log: &[MemoryLog], told: &[MemoryLog]) -> Self {
        let config = config();
        let (memory, logged) = (replayed(told), replayed(log));
        let range = SharedVariableRangeCheckerChip::new(&config);
        let trace = |table: AccessTable, accesses: &AccessRecords| Witness {
            trace: log_table::trace(&config, table, accesses, &range),
            ..Default::default()
        };
        let mut witnesses: Vec<Witness> = log_table::tables(&config)
            .into_iter()
            .map(|table| match table {
                AccessTable::Read { .. } => trace(table, &memory.accesses),
                AccessTable::Write { .. } => trace(table, &logged.accesses),
            })
            .collect();
        witnesses.extend(memory.segment.witnesses(&range));
        witnesses.extend(range.witnesses());
        Self { circuits: circuits(&config).into_iter().map(std::sync::Arc::new).collect(), witnesses }
    }

    fn table(&mut self, name: &str) -> (&mut Trace, impl Fn(&str) -> usize) {
        let index = self.circuits.iter().position(|circuit| circuit.name == name).unwrap();
        let circuit = self.circuits[index].clone();
        let trace = self.witnesses[index].trace.as_mut().unwrap_or_else(|| panic!("{name} has no rows"));
        (trace, move |column: &str| circuit.column(column).unwrap())
    }

    fn add(&mut self, table: &str, row: usize, column: &str, value: F) {
        let (trace, column_of) = self.table(table);
        trace.row_mut(row)[column_of(column)] += value;
    }

    fn check(&self) -> Result<(), Box<Report>> {
        check_witnesses(&self.circuits, &self.witnesses)
    }

    /// Nothing but the memory bus refuses.
    fn assert_refused_by_the_bus(&self) {
        let report = self.check().expect_err("the history is forged");
        assert!(report.constraints.is_empty(), "{report}");
        assert!(report.total <= report.messages.len(), "all failures are seen: {report}");
        assert!(report.messages.iter().all(|failure| failure.bus == MEMORY), "{report}");
    }
}

/// A part is written twice, and then read in a block of two, and at the end in a block of four.
fn log() -> [MemoryLog; 4] {
    [write(0, 1), write(1, 2), write(1, 3), read(0, 2)]
}

#[test]
fn the_honest_history_is_accepted() {
    Forgery::new(&log(), &log()).check().unwrap();
}

#[test]
fn a_merge_of_a_stale_half_is_refused() {
    let told = [write(0, 1), write(1, 2), idle(), read(0, 2)];
    Forgery::new(&log(), &told).assert_refused_by_the_bus();
}

#[test]
fn a_merge_of_a_half_that_is_yet_to_be_written_is_refused() {
    let log = [write(0, 1), write(1, 2), read(0, 2), write(1, 3)];
    let told = [write(0, 1), write(1, 3), read(0, 2), idle()];
    Forgery::new(&log, &told).assert_refused_by_the_bus();
}

#[test]
fn a_split_that_hands_on_another_time_is_refused() {
    for table in ["split 8", "split 16"] {
        let mut forgery = Forgery::new(&log(), &log());
        forgery.add(table, 0, "timestamp", F::ONE);
        forgery.assert_refused_by_the_bus();
    }
}

#[test]
fn a_split_that_changes_a_cell_is_refused() {
    let mut forgery = Forgery::new(&log(), &log());
    forgery.add("split 8", 0, "cells[1]", F::ONE);
    forgery.assert_refused_by_the_bus();
}

/// A block is split where it does not lie: its halves overlap others, and leave a gap.
#[test]
fn an_adapter_in_another_place_is_refused() {
    for table in ["split 8", "split 16", "merge 8", "merge 16"] {
        for column in ["pointer", "space"] {
            let mut forgery = Forgery::new(&log(), &log());
            forgery.add(table, 0, column, F::ONE);
            forgery.assert_refused_by_the_bus();
        }
    }
}

#[test]
fn a_missing_adapter_is_refused() {
    for table in ["split 8", "split 16"] {
        let mut forgery = Forgery::new(&log(), &log());
        forgery.add(table, 0, "real", F::NEG_ONE);
        forgery.assert_refused_by_the_bus();
    }
}

/// A split and a merge that feed each other, at an address that is touched and at one that is not, change nothing.
#[test]
fn adapters_alone_may_go_in_circles() {
    for pointer in [0, 8, 1 << 20] {
        let mut forgery = Forgery::new(&log(), &log());
        let range = SharedVariableRangeCheckerChip::new(&config());
        for (name, timestamps) in [("split 8", vec!["timestamp"]), ("merge 8", vec!["timestamp_low"])] {
            let (trace, column_of) = forgery.table(name);
            let row = (trace.row(0).len(), trace.height());
            let mut values = trace.values().to_vec();
            values.extend(vec![F::ZERO; row.0]);
            let cells = [("real", 1), ("space", 1), ("pointer", pointer), ("cells[0]", 7), ("cells[1]", 8)];
            for (column, value) in cells.into_iter().chain(timestamps.into_iter().map(|timestamp| (timestamp, 99))) {
                values[row.0 * row.1 + column_of(column)] = F::from_u32(value);
            }
            *trace = Trace::from_rows(values, row.0);
        }
        // The new merge asks for the ranges of its age and timestamp.
        let asked = [(0, 17), (99, 17), (0, 12)];
        asked.into_iter().for_each(|(value, bits)| range.count(value, bits));
        let index = forgery.circuits.iter().position(|circuit| circuit.name == "range").unwrap();
        let mut extra = forgery.circuits[index].as_ref().clone();
        extra.name = "range, rest".into();
        forgery.circuits.push(extra.into());
        let [wide, _] = range.witnesses();
        forgery.witnesses.push(wide);
        forgery.check().unwrap();
    }
}
