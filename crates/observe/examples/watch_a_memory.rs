//! Two layouts of the same data are monitored while a program uses them, and the reports say which is cheaper to prove.
//! Run it with `cargo run --release -p engram-observe --example watch_a_memory`.

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{config::MemoryConfig, online::Memory};
use engram_observe::{
    monitor::MemoryPerformanceMonitor,
    prometheus::{CONTENT_TYPE, Labels},
    report::PerformanceReport,
};

/// Counters of one cell each, all of which are read and written.
const COUNTERS: u32 = 256;

/// Add one to each counter; counters are `apart` cells apart.
fn count(apart: u32) -> Result<PerformanceReport, Box<dyn std::error::Error>> {
    let mut memory = Memory::new(&MemoryConfig::default());
    let mut monitor = MemoryPerformanceMonitor::new(memory.config())?;
    for counter in 0..COUNTERS {
        let (_, [value]) = memory.read::<1>(1, counter * apart)?;
        let _ = memory.write(1, counter * apart, [value + F::ONE])?;
        // What the memory has just logged.
        for entry in memory.log().iter().skip(memory.log().len() - 2) {
            monitor.record_operation(entry)?;
        }
    }
    Ok(monitor.get_performance_report())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (close, apart) = (count(1)?, count(16)?);
    for (name, report) in [("side by side", &close), ("16 cells apart", &apart)] {
        let per_access = report.per_access.ok_or("there were accesses")?;
        let space = report.memory_utilization[0];
        println!(
            "{name}: {} accesses, {:.1} cells and {:.1} interactions each; {:.0} % of {} leaves used, {} adapter rows",
            report.total_operations,
            per_access.cells,
            per_access.interactions,
            100.0 * space.of_leaves(),
            space.leaves_touched,
            report.adapter_rows.split_rows() + report.adapter_rows.merge_rows(),
        );
    }
    for report in [&close, &apart] {
        assert_eq!(report.total_operations, u64::from(2 * COUNTERS));
        assert_eq!(report.read_write_ratio.reads_per_write(), Some(1.0));
        assert_eq!(report.memory_utilization[0].cells_touched, u64::from(COUNTERS));
    }
    assert_eq!(close.memory_utilization[0].leaves_touched, u64::from(COUNTERS / 16));
    assert_eq!(apart.memory_utilization[0].leaves_touched, u64::from(COUNTERS));
    // In a log's own proof an access to one cell takes the block of four around it, so nothing is split or merged.
    assert!(close.adapter_rows.is_empty() && apart.adapter_rows.is_empty());
    assert!(close.cells < apart.cells && close.interactions < apart.interactions);

    let text = close.prometheus_text(&Labels::new().with("layout", "side \"by\" side")?);
    let sample = r#"engram_memory_accesses_total{space="1",operation="read",cells="1",layout="side \"by\" side"} 256"#;
    assert!(text.lines().any(|line| line == sample));
    println!("{} lines of {CONTENT_TYPE}, such as", text.lines().count());
    println!("  {sample}");
    Ok(())
}

#[test]
fn the_example_holds() {
    main().unwrap();
}
