//! The guest programs end as their vectors say, with the output that they say, plain and recorded alike.

use std::fs;
use std::io::Cursor;

use engram_rv32im::testing::{GuestVector, guest_elf, guest_vectors};
use engram_rv32im::{Emulator, Fault, Outcome, Program};

const STEPS_MAX: u64 = 1 << 32;

fn guest(name: &str) -> Program {
    let path = guest_elf(name);
    let elf = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Program::from_elf(&elf).unwrap_or_else(|error| panic!("{name}: {error}"))
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
    let vectors = guest_vectors();
    assert!(vectors.len() >= 40, "only {} cases", vectors.len());
    for GuestVector { name, guest: program, input, end, output: expected } in vectors {
        let program = guest(&program);
        let mut plain = Emulator::new(&program, Box::new(Cursor::new(&input)));
        let outcome = plain.run(STEPS_MAX);
        assert_eq!(end_of(&outcome), end, "{name}: {outcome:?}");
        assert!(plain.output() == expected, "{name}: output {:?}", String::from_utf8_lossy(plain.output()));

        let mut recorded = Emulator::new(&program, Box::new(Cursor::new(&input)));
        let mut log = recorded.start_log();
        assert_eq!(recorded.record(STEPS_MAX, &mut log), outcome, "{name}");
        assert_eq!(recorded.state(), plain.state(), "{name}");
        assert_eq!(log.steps.len() as u64, plain.steps(), "{name}");
        assert!(recorded.output() == expected, "{name}");
        assert!(recorded.memory().pages().eq(plain.memory().pages()), "{name}");
    }
}

/// The debug information that the guests carry is what a fault's message is made of.
#[test]
fn a_fault_names_its_source_line() {
    let program = guest("fault-store-read-only");
    let mut machine = Emulator::without_input(&program);
    let Err(fault) = machine.run(STEPS_MAX) else { panic!("no fault") };
    println!("{fault}; {}", fault.help());
    assert!(fault.source_line.as_ref().is_some_and(|line| line.contains("guests/faults/")), "{fault}");
    assert!(fault.symbol.is_some(), "{fault}");
    assert!(fault.to_string().contains("read-only"), "{fault}");
}
