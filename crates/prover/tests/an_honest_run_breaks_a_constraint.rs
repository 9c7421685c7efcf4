//! Bundled programs, run, replayed and checked row by row: every constraint holds and every bus balances.

use std::io::Cursor;

use engram_memory::{MemoryConfig, offline::OfflineMemory};
use engram_prover::{replay::Replay, segment::witnesses};
use engram_rv32im::{ExecutionLog, Outcome, Program};
use engram_rv32im_air::{circuits::Machine, program::MachineProgram};
use engram_stark::{engine::Committed, engine::check_witnesses, parameters::Parameters};
use engram_vm::rom;

fn guest(name: &str) -> Program {
    let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    Program::from_elf(&std::fs::read(path).unwrap()).unwrap()
}

/// Run a program, cut into segments of `steps` instructions, and check each.
fn check_run(name: &str, input: &[u8], steps: u64) {
    let program = guest(name);
    let machine_program = MachineProgram::new(&program);
    let machine = Machine::of(machine_program.decoded(), vec![]);
    let committed = Committed::new(Parameters::SMALLEST, &rom::committed_trace(machine_program.entries())).unwrap();
    let mut executor = engram_rv32im::Emulator::new(&program, Box::new(Cursor::new(input.to_vec())));
    let mut replay = Replay::new(
        &machine_program,
        OfflineMemory::new(&machine_program.image().unwrap(), MemoryConfig::rv32im()).unwrap(),
    );
    let mut log = ExecutionLog::starting_at(executor.state());
    loop {
        let outcome = executor.record(steps, &mut log).unwrap();
        let rows = replay.segment(&log).unwrap();
        let memory = replay.memory_mut().finish_segment();
        let witnesses = witnesses(&machine, &machine_program, &rows, &memory, &committed);
        if let Err(report) = check_witnesses(machine.circuits(), &witnesses) {
            panic!("{name}: {report}");
        }
        if matches!(outcome, Outcome::Exited(_)) {
            break;
        }
        log.restart_at(executor.state());
    }
}

#[test]
fn fibonacci() {
    check_run("fib", &50u32.to_le_bytes(), 1 << 30);
}

#[test]
fn sha256_cut_into_segments() {
    check_run("sha256", b"some input", 3_000);
}

#[test]
fn misaligned_accesses() {
    check_run("misaligned", b"", 1 << 30);
}

#[test]
fn breaks_and_unknown_calls() {
    check_run("brk", b"", 1 << 30);
}

#[test]
fn printf_malloc_and_sort() {
    check_run("hello", b"", 1 << 30);
}
