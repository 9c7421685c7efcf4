//! `engram run --trace` must write what the run did to memory, whatever the format and however the run ends.

mod engram;

use engram::{engram, folder, guest, names, read, text};
use engram_rv32im::testing::guest_elf;

#[test]
fn each_format_has_every_access() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let trace = |name: &str| engram(["run", &guest("fib"), "--trace", &file(name)]).with(0);
    assert_eq!(trace("t.jsonl").stdout, b"5cc0604b\n");
    let lines = String::from_utf8(read(file("t.jsonl"))).unwrap_or_default();
    let records: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Each access has a number and a time of its own, and a space with a name.
    let of = |space: &str| records.iter().filter(|record| record["space_name"] == space).count();
    let counts = ["registers", "memory", "output"].map(of);
    assert_eq!(counts.iter().sum::<usize>(), records.len());
    assert!(counts[0] > 5234 && counts[1] > 0, "{counts:?}");
    // The output's length, and the nine bytes "5cc0604b\n", in two words and one byte, from word 1 on.
    let output: Vec<&serde_json::Value> = records.iter().filter(|record| record["space_name"] == "output").collect();
    assert_eq!(output[0]["after"], serde_json::json!([9, 0]));
    assert_eq!(output[1]["after"], serde_json::json!([0x6335, 0x3063]));
    for (number, record) in records.iter().enumerate() {
        assert_eq!((&record["record"], &record["timestamp"]), (&number.into(), &(number + 1).into()));
    }

    trace("t.csv");
    let csv = String::from_utf8(read(file("t.csv"))).unwrap_or_default();
    assert!(csv.starts_with("record,timestamp,operation,space,space_name,pointer,"));
    assert_eq!(csv.lines().count(), records.len() + 1);
    trace("t.parquet");
    let parquet = read(file("t.parquet"));
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    assert_eq!(names(folder.path()), ["t.csv", "t.jsonl", "t.parquet"]);
}

#[test]
fn the_run_ends_as_it_does_without() {
    let folder = folder();
    let path = text(&folder.path().join("t.csv"));
    engram(["run", &guest("exitcode"), "--trace", &path]).with(7);
    let whole = read(&path);
    engram(["run", &guest("exitcode"), "--trace", &path, "--max-steps", "3"]).with(5).saying("engram::limit::steps");
    let part = read(&path);
    assert!(whole.starts_with(&part) && part.len() < whole.len() && part.contains(&b'\n'));
    let ended = engram(["run", &guest("fault-breakpoint"), "--trace", &path, "--json"]).with(3);
    assert_eq!(ended.json()["error"]["fault"]["kind"], "breakpoint");
    assert!(read(&path) != part);
}

#[test]
fn a_wrong_place_is_noticed_before_the_run() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    for name in ["t", "t.json", "t.csv.gz"] {
        engram(["run", &guest("fib"), "--trace", &file(name)]).with(2).saying(".csv, .jsonl or .parquet");
    }
    engram(["run", &guest("fib"), "--trace", "-"]).with(2).saying(".csv, .jsonl or .parquet");
    let stored = engram(["run", &guest("fib"), "--trace", &file("t.csv"), "--store", &file("state")]).with(2);
    assert!(stored.stdout.is_empty() && stored.stderr.contains("--store"));
    let nowhere = engram(["run", &guest("fib"), "--trace", &file("no-such-folder/t.csv")]).with(2);
    assert!(nowhere.saying("engram::file::unwritable").stdout.is_empty());
    let program = file("guest.csv");
    engram::write(&program, read(guest_elf("fib")));
    engram(["run", &program, "--trace", &program]).with(2).saying("engram::usage::output_is_input");
    assert_eq!(names(folder.path()), ["guest.csv"]);
}

#[test]
fn a_trace_has_a_limit() {
    let folder = folder();
    let (path, input) = (text(&folder.path().join("t.parquet")), text(&folder.path().join("input")));
    engram::write(&input, vec![0x55; 1 << 20]);
    let ended = engram(["run", &guest("sort"), "--input", &input, "--trace", &path]).with(5);
    let ended = ended.saying("engram::limit::trace").saying("16777216 accesses").saying("--max-steps");
    assert_eq!(names(folder.path()), ["input"], "{}", ended.stderr);
}
