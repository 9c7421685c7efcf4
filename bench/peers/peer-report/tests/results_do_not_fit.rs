//! The committed results could belong to other programs, or the table to other results.

use std::fs;
use std::path::{Path, PathBuf};

use peer_report::{Record, Tool};

/// engram's guests load the two arguments of `exit` on top.
const EXTRA_INSTRUCTIONS: u64 = 2;

fn results() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../results")
}

fn records() -> Vec<Record> {
    peer_report::read(&results().join("raw.jsonl")).unwrap()
}

#[test]
fn the_table_is_made_of_the_raw_output() {
    let table = fs::read_to_string(results().join("table.md")).unwrap();
    assert_eq!(table, peer_report::table::markdown(&records()), "run `run.sh --pairs 0`");
}

#[test]
fn both_tools_executed_the_same() {
    for record in records() {
        let same_guest = |other: &&Record| (&other.guest, &other.size) == (&record.guest, &record.size);
        for other in records().iter().filter(same_guest) {
            let extra = |record: &Record| if record.tool == Tool::Engram { EXTRA_INSTRUCTIONS } else { 0 };
            assert_eq!(
                record.instructions - extra(&record),
                other.instructions - extra(other),
                "{} and {} executed {} {} differently",
                record.contestant(),
                other.contestant(),
                record.guest,
                record.size
            );
        }
    }
}

#[test]
fn the_parts_of_a_run_add_up() {
    for record in records() {
        assert!(
            record.cpu_s_prove > 0.0 && record.cpu_s_keygen > 0.0,
            "{} {} {}: what is left without keys is nothing",
            record.contestant(),
            record.guest,
            record.size
        );
        let sum = record.cpu_s_prove + record.cpu_s_keygen;
        assert!((sum - record.cpu_s_total).abs() < 1e-6, "{} {}: parts do not add up", record.guest, record.size);
    }
}
