//! Random programs, proven and verified in one segment, in several, and in blocks: the statements are the same.

use std::io::Cursor;

use engram_prover::{Options, prove, testing::Run};
use engram_rv32im::{
    Emulator, Outcome, Program,
    testing::{RandomProgram, SplitMix64, link},
};
use engram_rv32im_air::plan::Plan;
use engram_stark::parameters::Parameters;
use engram_verifier::{CommittedProgram, ProgramKey, Statement, verify};

const PROGRAMS: usize = 50;
/// Programs share an executable, as a proof of anything costs something.
const PROGRAMS_PER_ELF: usize = 25;
const CONSTRUCTS: u32 = 40;

fn statement(program: &CommittedProgram, key: &ProgramKey, input: &[u8], options: &Options) -> Statement {
    let input = Box::new(Cursor::new(input.to_vec()));
    let (proof, _) = prove(program, input, options, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    verify(key, &proof).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn random_programs_are_proven_alike_however_they_are_cut() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for batch in 0..PROGRAMS / PROGRAMS_PER_ELF {
        println!("batch {batch}");
        let programs: Vec<RandomProgram> =
            (0..PROGRAMS_PER_ELF).map(|_| RandomProgram::generate(random.next_u64(), CONSTRUCTS)).collect();
        let elf = link(&programs);
        let input: Vec<u8> = (0..random.below(5000)).map(|_| random.next_u32() as u8).collect();
        let program = CommittedProgram::new(&Program::from_elf(&elf).unwrap()).unwrap();
        let mut machine = Emulator::new(program.program(), Box::new(Cursor::new(input.clone())));
        let Ok(Outcome::Exited(exit)) = machine.run(u64::MAX) else { panic!("the programs exit") };

        let one = Options { parameters: Some(Parameters::SMALLEST), self_check: false, ..Options::default() };
        let several = Options { segment_steps_max: machine.steps().div_ceil(3), ..one.clone() };
        let (run, _) = Run::in_blocks(&elf, &input, 12, 20);
        let paths: Vec<_> = run.machine.blocks().iter().map(|block| block.path.clone()).collect();
        let blocks = Options { plan: Plan::new(&paths), ..one.clone() };
        let key = ProgramKey::derive(&program).unwrap();
        let [one, several] = [one, several].map(|options| statement(&program, &key, &input, &options));
        let key = ProgramKey::derive_with_plan(&program, &blocks.plan).unwrap();
        let blocks = statement(&program, &key, &input, &blocks);

        assert_eq!((one.segments, several.segments, blocks.segments), (1, 3, 1));
        assert_eq!((one.exit_value, one.output.as_slice()), (exit.value, machine.output()));
        let same = Statement { segments: 1, ..several };
        assert_eq!(same, one, "cut into several segments");
        assert_eq!(blocks.final_root, one.final_root);
        assert_eq!((blocks.exit_value, &blocks.output), (one.exit_value, &one.output));
    }
}
