//! Runs covered by blocks: every constraint holds, and memory ends as it does without them.

use std::io::Cursor;

use engram_air::field::Digest;
use engram_memory::{MemoryConfig, offline::OfflineMemory};
use engram_prover::{
    replay::Replay,
    segment::witnesses,
    tile::{Cover, Tile, Tiler},
};
use engram_rv32im::{ExecutionLog, Opcode, Program};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    circuits::Machine,
    program::MachineProgram,
};
use engram_stark::{engine::Committed, engine::check_witnesses, parameters::Parameters};
use engram_vm::rom;

fn guest(name: &str) -> Program {
    let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    Program::from_elf(&std::fs::read(path).unwrap()).unwrap()
}

/// Cut the run every `length` steps, and earlier before a system call, and make a block of each stretch not seen before, up
/// to `count` of them.
fn forced_blocks(program: &MachineProgram, log: &ExecutionLog, length: usize, count: usize) -> Vec<Block> {
    let mut paths: Vec<BlockPath> = vec![];
    let is_call = |step: u32| program.decoded()[step as usize].instruction.opcode == Opcode::Ecall;
    let mut start = 0;
    while start < log.steps.len() && paths.len() < count {
        let rest = &log.steps[start..];
        let calls = rest.iter().position(|&step| is_call(step)).unwrap_or(rest.len());
        let taken = calls.min(length).min(rest.len() - 1);
        if taken > 0 {
            let next = program.decoded()[rest[taken] as usize].pc;
            let path = BlockPath { steps: rest[..taken].to_vec(), final_pc: next };
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        start += taken.max(1);
    }
    paths.into_iter().filter_map(|path| Block::new(program.decoded(), path)).collect()
}

/// Returns the roots at the end, and how many steps a row covers on average.
fn check_run(name: &str, input: &[u8], length: usize, count: usize) -> (Vec<Digest>, f64) {
    let program = guest(name);
    let program_ = MachineProgram::new(&program);
    let mut executor = engram_rv32im::Emulator::new(&program, Box::new(Cursor::new(input.to_vec())));
    let mut log = ExecutionLog::starting_at(executor.state());
    executor.record(u64::MAX, &mut log).unwrap();
    let blocks = forced_blocks(&program_, &log, length, count);
    let machine = Machine::of(program_.decoded(), blocks);
    let mut cover = Cover::default();
    Tiler::new(&program_, machine.blocks()).advance(&log, &mut cover, true);
    let committed = Committed::new(Parameters::SMALLEST, &rom::committed_trace(program_.entries())).unwrap();
    let memory = OfflineMemory::new(&program_.image().unwrap(), MemoryConfig::rv32im()).unwrap();
    let mut replay = Replay::with_blocks(&program_, machine.blocks(), memory);
    let rows = replay.tiled_segment(&log, &cover.tiles).unwrap();
    let memory = replay.memory_mut().finish_segment();
    let witnesses = witnesses(&machine, &program_, &rows, &memory, &committed);
    if let Err(report) = check_witnesses(machine.circuits(), &witnesses) {
        panic!("{name}, blocks of {length}: {report}");
    }
    assert!(length == 0 || cover.tiles.iter().any(|tile| matches!(tile, Tile::Block(_))));
    (memory.roots_after, log.steps.len() as f64 / cover.tiles.len() as f64)
}

fn same_with_blocks(name: &str, input: &[u8]) {
    let (plain, _) = check_run(name, input, 0, 0);
    for (length, count) in [(1, 200), (5, 200), (64, 400)] {
        let (roots, steps) = check_run(name, input, length, count);
        assert_eq!(roots, plain, "{name}, blocks of {length}");
        println!("{name}: blocks of up to {length}: {steps:.1} steps a row");
    }
}

#[test]
fn fibonacci() {
    same_with_blocks("fib", &50u32.to_le_bytes());
}

#[test]
fn sha256() {
    same_with_blocks("sha256", b"some input");
}

#[test]
fn keccak() {
    same_with_blocks("keccak", b"some input");
}

#[test]
fn misaligned_accesses() {
    same_with_blocks("misaligned", b"");
}

#[test]
fn printf_malloc_and_sort() {
    same_with_blocks("hello", b"");
}
