//! A memory is traced while a matrix is transposed; the trace is written in three formats, and what it shows is what was done.
//! Run it with `cargo run --release -p engram-observe --example trace_a_memory`.

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{config::MemoryConfig, online::Memory};
use engram_observe::{analysis::adapter_sources::AdapterCause, debugger::MemoryDebugger, record::TraceRecord};

/// Rows and columns of the matrix; each entry is a cell.
const SIDE: u32 = 16;
/// Where the transposed matrix starts.
const RESULT: u32 = 0x1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut debugger = MemoryDebugger::new(Memory::new(&MemoryConfig::default()));
    let memory = debugger.memory_mut();
    for entry in (0..SIDE * SIDE).step_by(4) {
        let _ = memory.write(1, entry, std::array::from_fn::<F, 4, _>(|cell| F::from_u32(entry + cell as u32)))?;
    }
    debugger.enable_tracing();
    for column in 0..SIDE {
        for row in 0..SIDE {
            let (_, [value]) = debugger.memory_mut().read::<1>(1, row * SIDE + column)?;
            let _ = debugger.memory_mut().write(1, RESULT + column * SIDE + row, [value])?;
        }
    }

    let trace = debugger.get_memory_trace()?;
    let records: Vec<TraceRecord> = trace.records().collect();
    assert_eq!(records.len() as u32, 2 * SIDE * SIDE);
    assert_eq!(records[3].after, [SIDE], "the second entry of the first column goes to the first row");

    let csv = String::from_utf8(trace.write_csv(vec![])?)?;
    assert_eq!(csv.lines().count(), records.len() + 1);
    let json_lines = trace.write_json_lines(vec![])?;
    let read: Result<Vec<TraceRecord>, _> =
        serde_json::Deserializer::from_slice(&json_lines).into_iter::<TraceRecord>().collect();
    assert_eq!(read?, records);
    let parquet = trace.write_parquet(vec![])?;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    println!(
        "{} accesses: CSV {} bytes, JSON lines {}, Parquet {}",
        records.len(),
        csv.len(),
        json_lines.len(),
        parquet.len()
    );
    csv.lines().take(3).for_each(|line| println!("  {line}"));

    let analysis = debugger.analyze_access_patterns()?;
    let blocks = u64::from(SIDE * SIDE / 4);
    assert_eq!(analysis.blocks_touched, 2 * blocks);
    // Reads and writes take turns.
    assert_eq!((analysis.runs.reads.runs, analysis.runs.reads.longest), (u64::from(SIDE * SIDE), 1));
    // A read's block comes back one column later, after 16 blocks of the matrix and the four or so of the result between.
    let hits = |blocks| analysis.reuse.hits(blocks) as f64 / analysis.reuse.total() as f64;
    println!(
        "a cache of 8 blocks holds {:.0} % of what is touched, one of 24 {:.0} %",
        100.0 * hits(8),
        100.0 * hits(24)
    );
    assert!(hits(8) < 0.5 && hits(24) > 0.7);
    // Single cells in blocks of four: each block is split into cells once, and merged again at the end.
    for source in &analysis.adapters.by_size {
        println!("space {}, {:?}: {:?}", source.space, source.cause, source.cost);
        let (splits, merges) = if source.cause == AdapterCause::End { (0, 6 * blocks) } else { (6 * blocks, 0) };
        assert_eq!((source.cost.splits, source.cost.merges), (splits, merges));
    }
    assert_eq!(analysis.adapters.by_size.len(), 2);
    Ok(())
}

#[test]
fn the_example_holds() {
    main().unwrap();
}
