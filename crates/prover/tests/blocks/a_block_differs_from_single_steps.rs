//! Random programs end the same with blocks over every path that they take as without any.

use engram_prover::testing::custom_elf;
use engram_rv32im::testing::{RandomProgram, SplitMix64, link};

use super::{
    alias_programs::alias_elf,
    forced::{Guest, forced_blocks},
};

/// Most instructions of a block.
const LENGTH_MAX: u32 = 64;
const BLOCKS_MAX: usize = 300;

/// Check a guest with blocks of up to 64 instructions that begin anywhere, in one segment and in several.
fn assert_same(name: &str, guest: &Guest, random: &mut SplitMix64) {
    let (log, plain) = (guest.log(), guest.end_without_blocks());
    let longest = forced_blocks(&guest.program, &log, BLOCKS_MAX, || LENGTH_MAX as usize);
    let any = forced_blocks(&guest.program, &log, BLOCKS_MAX, || 1 + random.below(LENGTH_MAX) as usize);
    let mut rows = vec![];
    for (blocks, segment_steps) in [(longest, u64::MAX), (any, 1 + log.steps.len() as u64 / 3)] {
        let (end, block_rows) = guest.check(blocks, segment_steps);
        assert_eq!(end, plain, "{name}");
        assert!(block_rows > 0, "{name}: no rows of blocks");
        rows.push(block_rows);
    }
    println!("{name}: {} steps, rows of blocks {rows:?}", log.steps.len());
}

#[test]
fn programs_of_dense_aliasing_end_the_same() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for round in 0..24 {
        let seeds: Vec<u64> = (0..12).map(|_| random.next_u64()).collect();
        assert_same(&format!("round {round}"), &Guest::new(&alias_elf(seeds, 30), &[]), &mut random);
    }
}

#[test]
fn random_programs_end_the_same() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for round in 0..8 {
        let programs: Vec<RandomProgram> = (0..8).map(|_| RandomProgram::generate(random.next_u64(), 40)).collect();
        let input: Vec<u8> = (0..600).map(|_| random.next_u32() as u8).collect();
        assert_same(&format!("round {round}"), &Guest::new(&link(&programs), &input), &mut random);
    }
}

#[test]
fn programs_of_custom_instructions_end_the_same() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for round in 0..16 {
        assert_same(&format!("round {round}"), &Guest::new(&custom_elf(random.next_u64(), 150), &[]), &mut random);
    }
}
