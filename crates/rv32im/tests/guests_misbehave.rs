//! The guest programs end as their vectors say, with the output that they say, plain and recorded alike.

use std::fs;
use std::io::Cursor;
use std::sync::Arc;

use engram_rv32im::testing::{GuestVector, TestExtensions, guest_elf, guest_vectors};
use engram_rv32im::{Emulator, Fault, FaultKind, Outcome, Program};

const STEPS_MAX: u64 = 1 << 32;

fn elf(name: &str) -> Vec<u8> {
    let path = guest_elf(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guest(name: &str) -> Program {
    Program::from_elf(&elf(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
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
    for vector in vectors {
        assert_holds(&vector, &guest(&vector.guest));
    }
}

fn assert_holds(vector: &GuestVector, program: &Program) {
    let GuestVector { name, input, end, output: expected, .. } = vector;
    let mut plain = Emulator::new(program, Box::new(Cursor::new(input)));
    let outcome = plain.run(STEPS_MAX);
    assert_eq!(end_of(&outcome), *end, "{name}: {outcome:?}");
    assert!(plain.output() == expected, "{name}: output {:?}", String::from_utf8_lossy(plain.output()));

    let mut recorded = Emulator::new(program, Box::new(Cursor::new(input)));
    let mut log = recorded.start_log();
    assert_eq!(recorded.record(STEPS_MAX, &mut log), outcome, "{name}");
    assert_eq!(recorded.state(), plain.state(), "{name}");
    assert_eq!(log.steps.len() as u64, plain.steps(), "{name}");
    assert!(recorded.output() == expected, "{name}");
    assert!(recorded.memory().pages().eq(plain.memory().pages()), "{name}");
}

/// The guest with custom instructions does what its twin in software does, where it has the extensions, and faults where not.
#[test]
fn custom_instructions_do_what_their_software_does() {
    let with_extensions = Program::from_elf_with(&elf("bulk"), Arc::new(TestExtensions));
    let with_extensions = with_extensions.unwrap_or_else(|error| panic!("bulk: {error}"));
    let customs = |program: &Program| {
        program.instructions().iter().filter(|(_, instruction)| instruction.extension().is_some()).count()
    };
    assert_eq!((customs(&with_extensions), customs(&guest("bulk"))), (3, 0));
    let vectors = guest_vectors();
    let vectors: Vec<&GuestVector> = vectors.iter().filter(|vector| vector.guest == "bulk-software").collect();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        assert_holds(vector, &with_extensions);
    }
    let without = guest("bulk");
    let Err(fault) = Emulator::without_input(&without).run(STEPS_MAX) else { panic!("no fault") };
    assert!(matches!(fault.kind, FaultKind::IllegalInstruction { .. }), "{fault}");
}

/// The debug information that the guests carry is what a fault's message is made of.
#[test]
fn a_fault_names_its_source_line() {
    let program = guest("fault-store-read-only");
    let mut emulator = Emulator::without_input(&program);
    let Err(fault) = emulator.run(STEPS_MAX) else { panic!("no fault") };
    println!("{fault}; {}", fault.help());
    assert!(fault.source_line.as_ref().is_some_and(|line| line.contains("guests/faults/")), "{fault}");
    assert!(fault.symbol.is_some(), "{fault}");
    assert!(fault.to_string().contains("read-only"), "{fault}");
}
