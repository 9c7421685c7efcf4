//! The guest programs end as their vectors say, with the output that they say, plain and recorded alike.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use engram_rv32im::{Fault, Machine, Outcome, Program};

const STEPS_MAX: u64 = 1 << 32;

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes that an input or output column stands for; see the header of `expected/vectors.txt`.
fn bytes_of(column: &str) -> Vec<u8> {
    let (kind, rest) = column.split_once(':').unwrap_or((column, ""));
    let byte = |digits: &str| u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("not hexadecimal: {digits}"));
    match kind {
        "empty" => Vec::new(),
        "hex" => (0..rest.len() / 2).map(|i| byte(&rest[2 * i..2 * i + 2])).collect(),
        "line" => format!("{rest}\n").into_bytes(),
        "repeat" => {
            let (digits, count) = rest.split_once(':').unwrap_or_else(|| panic!("no count: {column}"));
            vec![byte(digits); count.parse().unwrap_or_else(|_| panic!("not a count: {count}"))]
        }
        "file" => read(&guests().join("expected").join(rest)),
        _ => panic!("unknown kind of bytes: {column}"),
    }
}

fn end_of(outcome: &Result<Outcome, Fault>) -> String {
    match outcome {
        Ok(Outcome::Exited(exit)) => format!("exit:{}", exit.status()),
        Ok(Outcome::OutOfSteps) => "out of steps".to_owned(),
        Err(fault) => format!("fault:{}", fault.kind.code()),
    }
}

#[test]
fn every_vector_holds() {
    let vectors = String::from_utf8(read(&guests().join("expected/vectors.txt")));
    let vectors = vectors.unwrap_or_else(|error| panic!("vectors.txt: {error}"));
    let mut cases = 0;
    for line in vectors.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [name, guest, input, end, output] = columns[..] else { panic!("not a case: {line}") };
        cases += 1;

        let elf = read(&guests().join("elf").join(format!("{guest}.elf")));
        let program = Program::from_elf(&elf).unwrap_or_else(|error| panic!("{guest}: {error}"));
        let (input, expected) = (bytes_of(input), bytes_of(output));

        let mut plain = Machine::new(&program, Box::new(Cursor::new(&input)));
        let outcome = plain.run(STEPS_MAX);
        assert_eq!(end_of(&outcome), end, "{name}: {outcome:?}");
        assert!(plain.output() == expected, "{name}: output {:?}", String::from_utf8_lossy(plain.output()));

        let mut recorded = Machine::new(&program, Box::new(Cursor::new(&input)));
        let mut log = recorded.start_log();
        assert_eq!(recorded.record(STEPS_MAX, &mut log), outcome, "{name}");
        assert_eq!(recorded.state(), plain.state(), "{name}");
        assert_eq!(log.steps.len() as u64, plain.steps(), "{name}");
        assert!(recorded.output() == expected, "{name}");
        assert!(recorded.memory().pages().eq(plain.memory().pages()), "{name}");
    }
    assert!(cases >= 40, "only {cases} cases");
}

/// The debug information that the guests carry is what a fault's message is made of.
#[test]
fn a_fault_names_its_source_line() {
    let elf = read(&guests().join("elf/fault-store-read-only.elf"));
    let program = Program::from_elf(&elf).unwrap_or_else(|error| panic!("{error}"));
    let mut machine = Machine::without_input(&program);
    let Err(fault) = machine.run(STEPS_MAX) else { panic!("no fault") };
    println!("{fault}; {}", fault.help());
    assert!(fault.source_line.as_ref().is_some_and(|line| line.contains("guests/faults/")), "{fault}");
    assert!(fault.symbol.is_some(), "{fault}");
    assert!(fault.to_string().contains("read-only"), "{fault}");
}
