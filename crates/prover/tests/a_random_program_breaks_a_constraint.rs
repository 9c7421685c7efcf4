//! Random programs, checked row by row: instruction by instruction, cut into segments, and in blocks.

use engram_prover::testing::Run;
use engram_rv32im::testing::{RandomProgram, SplitMix64, link};
use engram_stark::engine::check_witnesses;

const PROGRAMS: usize = 500;
/// Programs share an executable, as its tables are padded.
const PROGRAMS_PER_ELF: usize = 20;
const CONSTRUCTS: u32 = 40;

#[test]
fn however_it_is_covered() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for batch in 0..PROGRAMS / PROGRAMS_PER_ELF {
        let programs: Vec<RandomProgram> =
            (0..PROGRAMS_PER_ELF).map(|_| RandomProgram::generate(random.next_u64(), CONSTRUCTS)).collect();
        let elf = link(&programs);
        let input: Vec<u8> = (0..random.below(5000)).map(|_| random.next_u32() as u8).collect();
        println!("batch {batch}");
        let pieces = 500 + u64::from(random.below(20_000));
        let plain = Run::checked(&elf, &input, pieces);
        assert_eq!(plain.exit, 0);
        let (length, count) = (1 + random.below(60) as usize, 300);
        let (run, segment) = Run::in_blocks(&elf, &input, length, count);
        if let Err(report) = check_witnesses(run.circuits(), &segment.witnesses) {
            panic!("batch {batch} of seed {seed:#x}, in blocks of {length}: {report}");
        }
        assert_eq!((run.exit, run.output), (0, plain.output));
    }
}
