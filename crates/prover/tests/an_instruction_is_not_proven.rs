//! Every instruction and system call on edge operands, proven and verified.

use std::io::Cursor;

use engram_prover::{Options, prove, testing::every_instruction};
use engram_rv32im::{Emulator, Outcome, Program};
use engram_stark::parameters::Parameters;
use engram_verifier::CommittedProgram;

#[test]
fn every_instruction_is_proven_and_verified() {
    let guest = every_instruction(true);
    let program = CommittedProgram::new(&Program::from_elf(&guest.elf).unwrap()).unwrap();
    let mut machine = Emulator::new(program.program(), Box::new(Cursor::new(guest.input.clone())));
    let Ok(Outcome::Exited(exit)) = machine.run(u64::MAX) else { panic!("the program exits") };
    let options = Options { parameters: Some(Parameters::SMALLEST), ..Options::default() };
    let (proof, report) = prove(&program, Box::new(Cursor::new(guest.input)), &options, &mut |_| {}).unwrap();
    let statement = report.statement.unwrap();
    assert_eq!((statement.exit_value, guest.exit), (exit.value, exit.value));
    assert_eq!(statement.output, machine.output());
    assert_eq!(proof.output, machine.output());
    assert_eq!((report.segments, report.instructions), (1, machine.steps()));
    assert!(statement.security_bits >= 100.0);
}
