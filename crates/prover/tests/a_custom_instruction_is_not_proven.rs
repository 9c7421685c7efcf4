//! A guest with custom instructions is proven and verified alone and in blocks, and by nobody who does not know its extensions.

use std::io::Cursor;

use engram_prover::{Options, plan, profile, prove};
use engram_rv32im::{Emulator, testing::guest_elf};
use engram_rv32im_air::{plan::Plan, registry::ExtensionRegistry};
use engram_stark::parameters::Parameters;
use engram_verifier::{CommittedProgram, ProgramKey, VerifyError, verify};

/// Enough rounds for a block to be worth its place in a plan.
const INPUT: [u8; 4] = 4096_u32.to_le_bytes();

fn bulk(registry: &ExtensionRegistry) -> CommittedProgram {
    let elf = std::fs::read(guest_elf("bulk")).unwrap();
    CommittedProgram::new(&registry.load(&elf).unwrap()).unwrap()
}

fn input() -> Box<Cursor<[u8; 4]>> {
    Box::new(Cursor::new(INPUT))
}

#[test]
fn it_is_proven_alone_and_in_blocks() {
    let standard = ExtensionRegistry::standard();
    let program = bulk(&standard);
    let mut emulator = Emulator::new(program.program(), input());
    let seen = profile(&mut emulator, u64::MAX, &mut |_| {}).unwrap();
    let in_blocks = plan(program.machine(), &seen);
    let blocks = in_blocks.blocks(program.machine().decoded()).unwrap();
    let holds_custom = |decoded: &engram_rv32im_air::program::Decoded| decoded.custom.is_some();
    assert!(blocks.iter().any(|block| block.decoded().iter().any(holds_custom)));
    let plain_key = ProgramKey::decode(&ProgramKey::derive(&program).unwrap().encode()).unwrap();
    let mut ends = vec![];
    for plan in [Plan::default(), in_blocks] {
        let options = Options { parameters: Some(Parameters::SMALLEST), plan, ..Options::default() };
        let (proof, _) = prove(&program, input(), &options, &mut |_| {}).unwrap();
        let statement = verify(&ProgramKey::derive_for(&program, &proof).unwrap(), &proof).unwrap();
        assert_eq!((statement.exit_value, &statement.output[..]), (0, emulator.output()));
        // A key file without blocks derives them with the verifier's extensions.
        assert_eq!(verify(&plain_key, &proof).unwrap(), statement);
        let other = ProgramKey::decode_with(&plain_key.encode(), &ExtensionRegistry::empty()).unwrap();
        let error = verify(&other, &proof).unwrap_err();
        assert!(matches!(error, VerifyError::Extension { id: 0, .. }), "{error}");
        let other = ProgramKey::derive(&bulk(&ExtensionRegistry::empty())).unwrap();
        assert!(matches!(verify(&other, &proof), Err(VerifyError::OtherProgram)));
        ends.push(statement.final_root);
    }
    assert_eq!(ends[0], ends[1]);
}
