//! `engram run` must do what an emulator does: pass output through, and end as the guest ends.

mod engram;

use std::process::Stdio;

use engram::{command, engram, engram_reading, guest, read};
use engram_rv32im::testing::{GuestVector, guest_vectors};

#[test]
fn every_vector_holds() {
    for GuestVector { name, guest, input, end, output } in guest_vectors() {
        let ended = engram_reading(&input, ["run", &engram::guest(&guest), "--input", "-"]);
        match end.split_once(':') {
            Some(("exit", code)) => assert_eq!(ended.code.to_string(), code, "{name}: {}", ended.stderr),
            _ => {
                assert_eq!(ended.code, 3, "{name}: {}", ended.stderr);
                assert!(ended.stderr.contains("engram::guest::fault"), "{name}: {}", ended.stderr);
            }
        }
        assert!(ended.stdout == output, "{name}: the output differs");
    }
}

#[test]
fn a_fault_names_the_instruction_and_the_source_line() {
    engram(["run", &guest("fault-store-read-only")])
        .with(3)
        .saying("read-only at pc 0x00010094 (sw zero,0(a5)) in main+0x24, guests/faults/store-read-only.c:8")
        .saying("help:");
}

#[test]
fn a_fault_as_json_says_where() {
    let ended = engram(["run", &guest("fault-breakpoint"), "--json"]).with(3);
    let error = &ended.json()["error"];
    assert_eq!(error["code"], "engram::guest::fault");
    assert_eq!(error["exit_code"], 3);
    assert_eq!(error["fault"]["kind"], "breakpoint");
    assert!(error["fault"]["source_line"].as_str().is_some_and(|line| line.contains("breakpoint.c:")));
}

#[test]
fn json_takes_the_place_of_the_output() {
    let ended = engram(["run", &guest("fib"), "--json"]).with(0);
    let object = ended.json();
    assert_eq!(object["exit_code"], 0);
    assert_eq!(object["instructions"], 5234);
    assert_eq!(object["output_hex"], "35636330363034620a");
    let ended = engram(["run", &guest("exitcode"), "--json"]).with(7);
    assert_eq!(ended.json()["exit_code"], 7);
}

#[test]
fn debug_output_goes_to_standard_error() {
    let ended = engram(["run", &guest("hello")]).with(0).saying("this line is for debugging");
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("debugging"));
}

#[test]
fn the_program_may_come_through_a_pipe() {
    let ended = engram_reading(&read(guest("fib")), ["run", "-"]).with(0);
    assert_eq!(ended.stdout, b"5cc0604b\n");
}

#[test]
fn too_many_steps_are_a_limit() {
    engram(["run", &guest("fib"), "--max-steps", "5233"]).with(5).saying("engram::limit::steps").saying("--max-steps");
    engram(["run", &guest("fib"), "--max-steps", "5234"]).with(0);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    // More output than a pipe holds.
    let input = engram::folder();
    let path = engram::text(&input.path().join("input"));
    engram::write(&path, vec![0x55; 1 << 20]);
    let mut child = command()
        .args(["run", &guest("sort"), "--input", &path])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
