//! A report has the counts of the log that it is about, and the tables of its proof.

mod logs;

use std::collections::BTreeSet;

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    address::{ACCESS_SIZES, GAP_BITS},
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    log::MemoryLogEntry,
    log_table,
    offline::OfflineMemory,
    online::Memory,
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
    tables,
};
use engram_observe::{
    adapters::AdapterRows,
    monitor::MemoryPerformanceMonitor,
    report::SpaceUtilization,
    tables::{TableCost, TablePart},
};
use logs::{mixed_config, random_memory, word_config};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(seed: u64) -> (Memory, ChaCha8Rng) {
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let config = if seed.is_multiple_of(2) { mixed_config() } else { word_config() };
    (random_memory(&config, &mut random, 300), random)
}

/// The space and the cells of a read.
fn read(entry: MemoryLogEntry<'_>) -> Option<(u32, usize)> {
    match entry {
        MemoryLogEntry::Read { address_space, len, .. } => Some((address_space, len)),
        _ => None,
    }
}

/// The space and the cells of a write.
fn written(entry: MemoryLogEntry<'_>) -> Option<(u32, usize)> {
    match entry {
        MemoryLogEntry::Write { address_space, data, .. } => Some((address_space, data.len())),
        _ => None,
    }
}

#[test]
fn counts_are_those_of_the_log() {
    for seed in 0..4 {
        let (memory, _) = random(seed);
        let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
        let metrics = &report.metrics;
        let count = |wanted: &dyn Fn(MemoryLogEntry<'_>) -> bool| {
            memory.log().iter().filter(|entry| wanted(*entry)).count() as u64
        };
        let idle: u64 = memory
            .log()
            .iter()
            .map(|entry| match entry {
                MemoryLogEntry::IncrementTimestampBy(increment) => u64::from(increment),
                _ => 0,
            })
            .sum();
        let reads_of = |space| move |entry: MemoryLogEntry<'_>| read(entry).is_some_and(|(found, _)| found == space);
        let writes = count(&|entry| matches!(entry, MemoryLogEntry::Write { .. }));
        let reads = count(&|entry| matches!(entry, MemoryLogEntry::Read { address_space, .. } if address_space > 0));
        assert_eq!((metrics.read_count, metrics.write_count), (reads, writes));
        assert_eq!(metrics.identity_read_count, count(&reads_of(0)));
        assert_eq!(
            (metrics.total_operations, report.total_operations),
            (memory.accesses() as u64, memory.accesses() as u64)
        );
        assert_eq!(metrics.increment_count, count(&|entry| matches!(entry, MemoryLogEntry::IncrementTimestampBy(_))));
        assert_eq!(metrics.idle_time, idle);
        assert_eq!(report.read_write_ratio.reads_per_write(), Some(reads as f64 / writes as f64));
        for (position, cells) in ACCESS_SIZES.into_iter().enumerate() {
            for (space, counts) in &metrics.spaces {
                let reads = |entry: MemoryLogEntry<'_>| read(entry) == Some((*space, cells));
                let writes = |entry: MemoryLogEntry<'_>| written(entry) == Some((*space, cells));
                assert_eq!((counts.reads[position], counts.writes[position]), (count(&reads), count(&writes)));
            }
        }
    }
}

#[test]
fn utilization_is_of_cells_and_not_of_accesses() {
    for seed in 0..4 {
        let (memory, _) = random(seed);
        let config = memory.config();
        let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
        let unit = config.pointer_unit() as u32;
        let mut touched = BTreeSet::new();
        for entry in memory.log().iter() {
            let (space, pointer, len) = match entry {
                MemoryLogEntry::Read { address_space, pointer, len } => (address_space, pointer, len),
                MemoryLogEntry::Write { address_space, pointer, data } => (address_space, pointer, data.len()),
                MemoryLogEntry::IncrementTimestampBy(_) => continue,
            };
            touched.extend((0..len as u32).map(|cell| (space, pointer.wrapping_mul(unit).wrapping_add(cell))));
        }
        let expected = config.normal_spaces().iter().map(|space| {
            let cells: Vec<u32> = touched.iter().filter(|(of, _)| *of == space.number).map(|(_, cell)| *cell).collect();
            let leaves: BTreeSet<u32> = cells.iter().map(|cell| cell / 16).collect();
            SpaceUtilization {
                space: space.number,
                capacity_cells: 1024,
                cells_touched: cells.len() as u64,
                leaves_touched: leaves.len() as u64,
            }
        });
        assert_eq!(report.memory_utilization, expected.collect::<Vec<_>>());
    }
}

/// The tables that are filled for a proof over the log are the ones that the report counts.
#[test]
fn tables_are_those_of_a_proof() {
    for seed in 0..4 {
        let (memory, _) = random(seed);
        let config = memory.config().clone();
        let range = SharedVariableRangeCheckerChip::new(&config);
        let replay = OfflineMemory::new(memory.initial_image(), &config).unwrap();
        let (mut replay, mut adapters) = (replay.with_narrow_accesses(), AccessAdapterInventory::new());
        for entry in memory.log().iter() {
            if !matches!(entry, MemoryLogEntry::IncrementTimestampBy(_)) {
                replay.apply(entry, &mut adapters).unwrap();
            }
        }
        let circuits = tables::circuits(config.layout());
        let finalized = replay.finalize_blocks(&mut adapters);
        let rows = AdapterRows::of(&adapters);
        let log_tables = log_table::tables(&config).into_iter().filter_map(|table| {
            let name = log_table::circuit(&config, table).name;
            let trace = log_table::trace(&config, table, &finalized.accesses, &range)?;
            Some((name, trace.height() as u64, trace.width() as u64))
        });
        let log_tables: Vec<(String, u64, u64)> = log_tables.collect();
        let filled = finalized.segment.witnesses(&range);
        let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
        let counted = report.tables.iter().filter(|table| table.part == TablePart::Log);
        let counted: Vec<_> = counted.map(|table| (table.name.clone(), table.rows, table.columns)).collect();
        assert_eq!(counted, log_tables);
        let mut counted = report.tables.iter().filter(|table| table.part == TablePart::Memory);
        for (circuit, witness) in circuits.iter().zip(&filled) {
            let Some(trace) = &witness.trace else { continue };
            let table = counted.next().unwrap();
            assert_eq!((&table.name, table.rows as usize), (&circuit.name, trace.height()));
            assert_eq!((table.columns as usize, table.cells as usize), (trace.width(), trace.values().len()));
            assert_eq!(table.interactions as usize, trace.height().max(16) * circuit.interactions.len());
        }
        assert_eq!(counted.next(), None);
        assert_eq!(report.adapter_rows, rows);
        assert_eq!(report.cells, report.tables.iter().map(|table| table.cells).sum::<u64>());
        assert_eq!(report.interactions, report.tables.iter().map(|table| table.interactions).sum::<u64>());
        let accesses = (report.metrics.read_count + report.metrics.write_count) as f64;
        let per_access = report.per_access.unwrap();
        assert_eq!((per_access.cells * accesses).round() as u64, report.cells);
        assert_eq!((per_access.interactions * accesses).round() as u64, report.interactions);
    }
}

/// Three reads of a block: four rows, each with real, space, pointer, timestamp, four cells, gap and three digits of a wait, and with
/// the old message, the new one and a lookup of the gap.
#[test]
fn the_logs_rows_are_counted() {
    let mut memory = Memory::new(&MemoryConfig::default());
    for block in 0..3 {
        let _ = memory.read::<4>(1, 4 * block).unwrap();
    }
    let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
    let log: Vec<&TableCost> = report.tables.iter().filter(|table| table.part == TablePart::Log).collect();
    let expected = TableCost {
        part: TablePart::Log,
        name: "read 4".into(),
        rows: 4,
        columns: 12,
        cells: 48,
        interactions: 16 * 3,
    };
    assert_eq!(log, [&expected]);
    // Each row asks for a gap of 17 bits.
    let range = SharedVariableRangeCheckerChip::new(memory.config());
    range.check(0, GAP_BITS).unwrap();
    let filled = range.witnesses().into_iter().filter_map(|witness| witness.trace).collect::<Vec<_>>();
    let counted = report.tables.iter().filter(|table| table.part == TablePart::RangeChecker);
    let counted: Vec<(u64, u64)> = counted.map(|table| (table.rows, table.columns)).collect();
    assert_eq!(counted, filled.iter().map(|trace| (trace.height() as u64, trace.width() as u64)).collect::<Vec<_>>());
    assert_eq!(counted.len(), 1);
    assert!(report.adapter_rows.is_empty());
    assert_eq!((report.read_write_ratio.reads_per_write(), report.read_write_ratio.read_share()), (None, 1.0));
}

#[test]
fn nothing_done_is_a_report_too() {
    let report = MemoryPerformanceMonitor::new(&MemoryConfig::default()).unwrap().get_performance_report();
    assert_eq!((report.total_operations, report.per_access, report.adapter_rows), (0, None, AdapterRows::default()));
    // The roots have a row whatever was done.
    assert_eq!(report.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["roots"]);
}

/// A report in between changes nothing that comes after.
#[test]
fn a_report_is_a_snapshot() {
    let (memory, _) = random(6);
    let mut monitor = MemoryPerformanceMonitor::with_image(memory.config(), memory.initial_image()).unwrap();
    for (index, entry) in memory.log().iter().enumerate() {
        monitor.record_operation(entry).unwrap();
        if index == 100 {
            assert_eq!(monitor.get_performance_report(), monitor.get_performance_report());
        }
    }
    let whole = MemoryPerformanceMonitor::of_memory(&memory).unwrap();
    assert_eq!(monitor.get_performance_report(), whole.get_performance_report());
    assert_eq!(monitor.metrics(), whole.metrics());
}

/// What a memory refuses, the monitor refuses, and counts nothing.
#[test]
fn what_a_memory_refuses_is_not_counted() {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_pointer_bits(8);
    let identity = AddressSpaceConfig::new(0, AddressSpaceType::Identity);
    let config = MemoryConfigBuilder::new()
        .with_access_capacity(200)
        .add_address_space(space)
        .add_address_space(identity)
        .build();
    let config = config.unwrap();
    for seed in 0..20 {
        println!("seed {seed}");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut memory = Memory::new(&config);
        let mut monitor = MemoryPerformanceMonitor::new(&config).unwrap();
        let mut refused = 0;
        for _ in 0..500 {
            let (address_space, pointer) = (random.random_range(0..3), random.random_range(0..260));
            let len = [0, 1, 2, 3, 4, 8, 32, 64, usize::MAX][random.random_range(0..9)];
            let data = vec![F::ONE; len.min(100)];
            let (entry, answer) = match random.random_range(0..9) {
                0 => {
                    let increment = [1, 1 << 20, 1 << 26, u32::MAX][random.random_range(0..4)];
                    let answer = memory.increment_timestamp_by(increment);
                    (MemoryLogEntry::IncrementTimestampBy(increment), answer)
                }
                1..=4 => {
                    let answer = memory.read_dynamic(address_space, pointer, len).map(|_| ());
                    (MemoryLogEntry::Read { address_space, pointer, len }, answer)
                }
                _ => {
                    let answer = memory.write_dynamic(address_space, pointer, &data).map(|_| ());
                    (MemoryLogEntry::Write { address_space, pointer, data: data[..].into() }, answer)
                }
            };
            let before = monitor.metrics().clone();
            let recorded = monitor.record_operation(entry);
            if let Err(error) = &recorded {
                refused += 1;
                assert_eq!(monitor.metrics(), &before);
                // Where several things are wrong, either may be named.
                let used_up = matches!(error, MemoryError::TimestampOverflow { .. });
                assert!(used_up && answer.is_err() || recorded == answer);
            } else {
                assert_eq!(recorded, answer);
            }
        }
        assert!(refused > 100);
        assert_eq!(monitor.metrics().total_operations, memory.accesses() as u64);
        assert_eq!(MemoryPerformanceMonitor::of_memory(&memory).unwrap().metrics(), monitor.metrics());
    }
}

#[test]
fn the_end_of_time_counts_idle_time_too() {
    let mut monitor = MemoryPerformanceMonitor::new(&MemoryConfig::default()).unwrap();
    let read = MemoryLogEntry::Read { address_space: 1, pointer: 0, len: 4 };
    monitor.record_operation(MemoryLogEntry::IncrementTimestampBy((1 << 29) - 2)).unwrap();
    monitor.record_operation(read).unwrap();
    let late = Err(MemoryError::TimestampOverflow { timestamp: 1 << 29, increment: 1 });
    assert_eq!(monitor.record_operation(read), late);
    assert_eq!(monitor.record_operation(MemoryLogEntry::IncrementTimestampBy(1)), late);
    assert_eq!((monitor.metrics().read_count, monitor.metrics().increment_count), (1, 1));
}
