//! What is read back from a file is what the trace had, and what the trace has is what memory did.

mod logs;

use std::io::{self, Write};

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};
use engram_memory::{
    config::MemoryConfig,
    error::MemoryError,
    log::{MemoryLog, MemoryLogEntry, RecordId},
    online::Memory,
};
use engram_observe::{
    debugger::MemoryDebugger,
    error::{TraceError, WriteError},
    formats::parquet::{ParquetTraceWriter, ROW_GROUP_ROWS_MAX},
    generator::MemoryTraceGenerator,
    record::{Operation, TraceRecord},
    trace::MemoryTrace,
};
use logs::{mixed_config, random_memory, word_config};
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn random_trace(seed: u64, operations: usize) -> MemoryTrace {
    println!("seed {seed}");
    let config = if seed.is_multiple_of(2) { mixed_config() } else { word_config() };
    let memory = random_memory(&config, &mut ChaCha8Rng::seed_from_u64(seed), operations);
    let mut debugger = MemoryDebugger::new(memory);
    debugger.enable_tracing_from_start();
    debugger.get_memory_trace().unwrap()
}

fn from_csv(bytes: &[u8]) -> Vec<TraceRecord> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = "record,timestamp,operation,space,space_name,pointer,len,gap,splits,merges,before,after";
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), names);
    let records = reader.records().map(|line| {
        let line = line.unwrap();
        assert_eq!(line.len(), 12);
        let integer = |column: usize| line[column].parse::<u32>().unwrap();
        let integers = |column: usize| line[column].split(' ').map(|cell| cell.parse().unwrap()).collect();
        let operations = [Operation::IdentityRead, Operation::Read, Operation::Write];
        TraceRecord {
            record: integer(0),
            timestamp: integer(1),
            operation: operations.into_iter().find(|operation| operation.name() == &line[2]).unwrap(),
            space: integer(3),
            space_name: line[4].to_owned().into(),
            pointer: integer(5),
            len: integer(6),
            gap: integer(7),
            splits: integer(8),
            merges: integer(9),
            before: integers(10),
            after: integers(11),
        }
    });
    records.collect()
}

fn from_json_lines(bytes: &[u8]) -> Vec<TraceRecord> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The records, and the rows of each row group.
fn from_parquet(bytes: &[u8]) -> (Vec<TraceRecord>, Vec<i64>) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let groups = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    (reader.get_row_iter(None).unwrap().map(|row| record_of(&row.unwrap())).collect(), groups)
}

fn record_of(row: &Row) -> TraceRecord {
    let field = |name: &str| row.get_column_iter().find(|(of, _)| *of == name).unwrap().1;
    let integer = |name: &str| match field(name) {
        Field::UInt(value) => *value,
        other => panic!("{name} is {other:?}"),
    };
    let element = |element: &Field| match element {
        Field::UInt(value) => *value,
        other => panic!("an element is {other:?}"),
    };
    let integers = |name: &str| match field(name) {
        Field::ListInternal(list) => list.elements().iter().map(element).collect::<Vec<u32>>(),
        other => panic!("{name} is {other:?}"),
    };
    let operation = match field("operation") {
        Field::Str(name) => serde_json::from_value(name.as_str().into()).unwrap(),
        other => panic!("operation is {other:?}"),
    };
    let space_name = match field("space_name") {
        Field::Str(name) => name.clone().into(),
        other => panic!("space_name is {other:?}"),
    };
    TraceRecord {
        record: integer("record"),
        timestamp: integer("timestamp"),
        operation,
        space: integer("space"),
        space_name,
        pointer: integer("pointer"),
        len: integer("len"),
        gap: integer("gap"),
        splits: integer("splits"),
        merges: integer("merges"),
        before: integers("before"),
        after: integers("after"),
    }
}

#[test]
fn every_format_gives_back_what_was_written() {
    for seed in 0..8 {
        let trace = random_trace(seed, [0, 1, 10, 700][seed as usize / 2]);
        let records: Vec<TraceRecord> = trace.records().collect();
        assert_eq!(records.len(), trace.len());
        let csv = trace.write_csv(vec![]).unwrap();
        assert_eq!(from_csv(&csv), records);
        let json_lines = trace.write_json_lines(vec![]).unwrap();
        assert_eq!(from_json_lines(&json_lines), records);
        let parquet = trace.write_parquet(vec![]).unwrap();
        assert_eq!(from_parquet(&parquet).0, records);
        let again = random_trace(seed, [0, 1, 10, 700][seed as usize / 2]);
        assert_eq!(again.write_csv(vec![]).unwrap(), csv);
        assert_eq!(again.write_json_lines(vec![]).unwrap(), json_lines);
        assert_eq!(again.write_parquet(vec![]).unwrap(), parquet);
    }
}

/// Several row groups, and integers that Parquet keeps as negative ones.
#[test]
fn a_long_file_of_large_integers_is_read_back() {
    let record = |record: u32| TraceRecord {
        record: u32::MAX - record,
        timestamp: record,
        operation: Operation::Read,
        space: 0x8000_0000,
        space_name: ["", "a name, with a comma"][record as usize % 2].into(),
        pointer: record.wrapping_mul(0x9e37_79b9),
        len: 1,
        gap: u32::MAX,
        splits: 0,
        merges: 31,
        before: vec![],
        after: vec![u32::MAX; record as usize % 3],
    };
    let mut writer = ParquetTraceWriter::new(vec![]).unwrap();
    let records: Vec<TraceRecord> = (0..ROW_GROUP_ROWS_MAX as u32 + 5).map(record).collect();
    records.iter().for_each(|record| writer.write(record).unwrap());
    let (read, groups) = from_parquet(&writer.finish().unwrap());
    assert_eq!(groups, [ROW_GROUP_ROWS_MAX as i64, 5]);
    assert!(read == records);
}

/// An output that takes only so many bytes.
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::Error::other("the disk is full"));
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let trace = random_trace(0, 200);
    let csv = trace.write_csv(vec![]).unwrap().len();
    let json_lines = trace.write_json_lines(vec![]).unwrap().len();
    let parquet = trace.write_parquet(vec![]).unwrap().len();
    for room in [0, 1, 1000] {
        assert!(matches!(trace.write_csv(Full { room }), Err(WriteError::Csv(_) | WriteError::Output(_))));
        let lines = trace.write_json_lines(Full { room });
        assert!(matches!(lines, Err(WriteError::JsonLines(_) | WriteError::Output(_))));
        assert!(matches!(trace.write_parquet(Full { room }), Err(WriteError::Parquet(_) | WriteError::Output(_))));
    }
    assert!(trace.write_csv(Full { room: csv - 1 }).is_err() && trace.write_csv(Full { room: csv }).is_ok());
    assert!(trace.write_json_lines(Full { room: json_lines - 1 }).is_err());
    assert!(trace.write_json_lines(Full { room: json_lines }).is_ok());
    assert!(trace.write_parquet(Full { room: parquet - 1 }).is_err());
    assert!(trace.write_parquet(Full { room: parquet }).is_ok());
}

/// Each access in a trace found what memory answered when it was made, and left what memory held then.
#[test]
fn a_trace_tells_what_memory_answered() {
    for seed in 0..6 {
        let trace = random_trace(seed, 300);
        let config = trace.config().clone();
        let source = random_memory(&config, &mut ChaCha8Rng::seed_from_u64(seed), 300);
        let mut memory = Memory::with_image(&config, source.initial_image().clone()).unwrap();
        let mut records = trace.records();
        let integers = |cells: Vec<F>| cells.iter().map(|cell| cell.as_canonical_u32()).collect::<Vec<_>>();
        for entry in source.log().iter() {
            let timestamp = memory.timestamp();
            let (operation, place, before, after) = match entry {
                MemoryLogEntry::IncrementTimestampBy(increment) => {
                    memory.increment_timestamp_by(increment).unwrap();
                    continue;
                }
                MemoryLogEntry::Read { address_space, pointer, len } => {
                    let found = integers(memory.read_dynamic(address_space, pointer, len).unwrap().1);
                    let operation = if address_space == 0 { Operation::IdentityRead } else { Operation::Read };
                    (operation, (address_space, pointer), found.clone(), found)
                }
                MemoryLogEntry::Write { address_space, pointer, data } => {
                    let found = memory.write_dynamic(address_space, pointer, &data).unwrap().1;
                    (Operation::Write, (address_space, pointer), integers(found), integers(data.to_vec()))
                }
            };
            let record = records.next().unwrap();
            assert_eq!(record.record as usize, memory.accesses() - 1);
            assert_eq!((record.operation, record.timestamp), (operation, timestamp));
            assert_eq!((record.space, record.pointer), place);
            assert_eq!(record.len as usize, after.len());
            assert_eq!((record.before, record.after), (before, after));
        }
        assert_eq!(records.next(), None);
    }
}

#[test]
fn tracing_starts_when_it_is_enabled() {
    let mut debugger = MemoryDebugger::new(Memory::new(&MemoryConfig::default()));
    assert_eq!(debugger.get_memory_trace().map(|_| ()), Err(TraceError::Disabled));
    let _ = debugger.memory_mut().write::<1>(1, 3, [F::from_u32(9)]).unwrap();
    debugger.memory_mut().increment_timestamp().unwrap();
    debugger.enable_tracing();
    assert!(debugger.get_memory_trace().unwrap().is_empty());
    let _ = debugger.memory_mut().read::<4>(1, 0).unwrap();
    debugger.enable_tracing();
    let trace = debugger.get_memory_trace().unwrap();
    let records: Vec<TraceRecord> = trace.records().collect();
    // The write before split the block of four in two, and its right half in two; the read merges them.
    let record = TraceRecord {
        record: 1,
        timestamp: 3,
        operation: Operation::Read,
        space: 1,
        space_name: "".into(),
        pointer: 0,
        len: 4,
        gap: 1,
        splits: 0,
        merges: 2,
        before: vec![0, 0, 0, 9],
        after: vec![0, 0, 0, 9],
    };
    assert_eq!((records, trace.closing().count()), (vec![record], 0));
    assert_eq!(trace.adapter_rows(RecordId(0)).split_rows(), 0);
    debugger.enable_tracing_from_start();
    let trace = debugger.get_memory_trace().unwrap();
    assert_eq!(trace.len(), 2);
    assert_eq!(trace.adapter_rows(RecordId(0)).splits, [0, 1, 1, 0, 0, 0]);
}

#[test]
fn a_log_that_is_not_possible_is_refused_at_its_entry() {
    let mut generator = MemoryTraceGenerator::new(&MemoryConfig::default());
    generator.enable();
    let read = |pointer, len| MemoryLogEntry::Read { address_space: 1, pointer, len };
    let entries = [read(0, 4), MemoryLogEntry::IncrementTimestampBy(1), read(2, 4)];
    let (log, possible): (MemoryLog, MemoryLog) =
        (entries.into_iter().collect(), entries.into_iter().take(2).collect());
    let error = MemoryError::Misaligned { space: 1, pointer: 2, len: 4 };
    assert_eq!(generator.generate_trace(&log).map(|_| ()), Err(TraceError::Entry { entry: 2, error }));
    generator.enable_from(3);
    let past = TraceError::StartPastEnd { start: 3, entries: 2 };
    assert_eq!(generator.generate_trace(&possible).map(|_| ()), Err(past));
    generator.enable_from(2);
    assert!(generator.generate_trace(&possible).unwrap().is_empty());
    generator.disable();
    assert_eq!(generator.generate_trace(&possible).map(|_| ()), Err(TraceError::Disabled));
    let mut image = engram_memory::image::MemoryImage::new();
    image.set_cell(9, 0, F::ONE);
    let mut generator = MemoryTraceGenerator::new(&MemoryConfig::default()).with_image(image);
    generator.enable();
    let unknown = TraceError::Image(MemoryError::UnknownSpace { space: 9 });
    assert_eq!(generator.generate_trace(&log).map(|_| ()), Err(unknown));
}
