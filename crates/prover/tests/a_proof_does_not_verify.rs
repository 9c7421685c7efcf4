//! Bundled programs, proven and verified; and their proofs, altered.

use std::io::Cursor;

use engram_prover::{Options, prove};
use engram_rv32im::Program;
use engram_stark::parameters::Parameters;
use engram_verifier::CommittedProgram;

fn guest(name: &str) -> CommittedProgram {
    let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    CommittedProgram::new(&Program::from_elf(&std::fs::read(path).unwrap()).unwrap()).unwrap()
}

fn options() -> Options {
    Options { parameters: Some(Parameters::SMALLEST), ..Options::default() }
}

#[test]
fn one_segment_and_several_prove_the_same() {
    let program = guest("fib");
    let input = || Box::new(Cursor::new(1000u32.to_le_bytes()));
    let (_, report) = prove(&program, input(), &options(), &mut |_| {}).unwrap();
    let several = Options { segment_steps_max: 2000, ..options() };
    let (_, several_report) = prove(&program, input(), &several, &mut |_| {}).unwrap();
    assert_eq!((report.segments, several_report.segments), (1, 3));
    let (one, several) = (report.statement.unwrap(), several_report.statement.unwrap());
    assert_eq!((one.final_root, &one.output), (several.final_root, &several.output));
    assert_eq!(one.exit_value, 0);
    assert!(one.security_bits >= 100.0);
}
