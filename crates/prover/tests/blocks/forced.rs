//! Runs covered by blocks over every path that they take.

use std::{
    io::Cursor,
    sync::{Arc, OnceLock},
};

use engram_air::{Circuit, check::Report, field::Digest};
use engram_memory::{
    Layout, SPACE_REGISTERS,
    config::MemoryConfig,
    messages::{BYTES, MEMORY, RANGE},
    offline::OfflineMemory,
    segment::SegmentMemory,
};
use engram_prover::{
    replay::{Replay, Rows},
    segment::witnesses,
    testing::RowChecks,
    tile::{Cover, Tile, Tiler},
};
use engram_rv32im::{ExecutionLog, Opcode, Outcome};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    circuits::{FIRST_CHIP, LOOKUPS, Machine},
    program::MachineProgram,
    registry::ExtensionRegistry,
    system::DISCARD_POINTER,
};
use engram_stark::{
    engine::check_witnesses,
    engine::{Committed, Witness},
    parameters::Parameters,
};
use engram_vm::rom;

use super::single_row::failed;

/// A program with its input.
pub struct Guest {
    pub program: MachineProgram,
    input: Vec<u8>,
    /// Made when it is first needed, as it takes long.
    committed: OnceLock<Committed>,
}

/// How a run ends.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    pub roots: Vec<Digest>,
    pub output: Vec<u8>,
    pub exit: u32,
}

/// Roots of what a run leaves, but for the word that takes what is written to x0 alone: a block does not write it.
fn kept_roots(memory: &OfflineMemory) -> Vec<Digest> {
    let mut image = memory.image();
    image.set_word(SPACE_REGISTERS, DISCARD_POINTER, 0);
    image.roots(Layout::rv32im()).unwrap()
}

/// A segment, replayed.
pub struct Segment<'a> {
    guest: &'a Guest,
    pub machine: &'a Machine,
    pub rows: Rows,
    memory: SegmentMemory,
}

impl Guest {
    pub fn new(elf: &[u8], input: &[u8]) -> Self {
        let program = ExtensionRegistry::standard().load(elf).unwrap();
        Self { program: MachineProgram::new(&program), input: input.to_vec(), committed: OnceLock::new() }
    }

    pub fn bundled(name: &str, input: &[u8]) -> Self {
        let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
        Self::new(&std::fs::read(path).unwrap(), input)
    }

    fn executor(&self) -> engram_rv32im::Emulator<'_> {
        engram_rv32im::Emulator::new(self.program.program(), Box::new(Cursor::new(self.input.clone())))
    }

    /// The whole run's log.
    pub fn log(&self) -> ExecutionLog {
        let mut executor = self.executor();
        let mut log = executor.start_log();
        executor.record(u64::MAX, &mut log).unwrap();
        log
    }

    /// The executor's end of the run, proven by nothing.
    pub fn end_without_blocks(&self) -> End {
        self.visit(&Machine::new(vec![]), u64::MAX, |_| {})
    }

    /// Run and replay with a machine's blocks, in segments of some instructions.
    pub fn visit(&self, machine: &Machine, segment_steps: u64, mut each: impl FnMut(Segment<'_>)) -> End {
        let tiler = Tiler::new(&self.program, machine.blocks());
        let memory = OfflineMemory::new(&self.program.image().unwrap(), MemoryConfig::rv32im()).unwrap();
        let mut replay = Replay::with_blocks(&self.program, machine.blocks(), memory);
        let mut executor = self.executor();
        let mut log = executor.start_log();
        loop {
            let outcome = executor.record(segment_steps, &mut log).unwrap();
            let mut cover = Cover::default();
            tiler.advance(&log, &mut cover, true);
            let rows = replay.tiled_segment(&log, &cover.tiles).unwrap();
            let memory = replay.memory_mut().finish_segment();
            let roots = kept_roots(replay.memory());
            each(Segment { guest: self, machine, rows, memory });
            match outcome {
                Outcome::Exited(exit) => return End { roots, output: executor.output().to_vec(), exit: exit.value },
                Outcome::OutOfSteps => log.restart_at(executor.state()),
            }
        }
    }

    /// Run with blocks and check each row of each segment. Returns the end, and how many rows blocks have.
    pub fn check(&self, blocks: Vec<Block>, segment_steps: u64) -> (End, usize) {
        let machine = Machine::of(self.program.decoded(), blocks);
        let mut rows = 0;
        let end = self.visit(&machine, segment_steps, |segment| {
            rows += segment.rows.blocks.iter().map(|rows| rows.len()).sum::<usize>();
            if let Err(report) = segment.check() {
                panic!("{report}");
            }
        });
        (end, rows)
    }

    /// A block of the instructions between two addresses, one after the other.
    pub fn straight_block(&self, addresses: std::ops::Range<u32>) -> Block {
        let index = |address: u32| self.program.program().index_of(address).unwrap();
        let steps = (index(addresses.start)..index(addresses.end)).collect();
        Block::new(self.program.decoded(), BlockPath { steps, final_pc: addresses.end >> 2 }).unwrap()
    }
}

impl Segment<'_> {
    pub fn witnesses(&self) -> Vec<Witness> {
        let Guest { program, committed, .. } = self.guest;
        let entries = || rom::committed_trace(program.entries());
        let committed = committed.get_or_init(|| Committed::new(Parameters::SMALLEST, &entries()).unwrap());
        witnesses(self.machine, program, &self.rows, &self.memory, committed)
    }

    pub fn check(&self) -> Result<(), Box<Report>> {
        check_witnesses(self.machine.circuits(), &self.witnesses())
    }

    /// Whether nothing but the memory bus refuses the segment. The fixed tables, which are large, are taken at their word.
    pub fn only_memory_refuses(&self) -> bool {
        let mut witnesses = self.witnesses();
        witnesses[LOOKUPS..FIRST_CHIP].iter_mut().for_each(|witness| witness.trace = None);
        let blocks = self.machine.blocks().iter().zip(&witnesses[self.machine.first_block()..]);
        for (block, trace) in blocks.filter_map(|(block, witness)| Some((block, witness.trace.as_ref()?))) {
            let checks = RowChecks::new(block.circuit.clone(), self.guest.program.entries());
            if (0..trace.height()).any(|row| !failed(&checks, trace.row(row)).is_empty()) {
                return false;
            }
        }
        let circuits = self.machine.circuits().iter().map(|circuit| {
            let mut circuit = Circuit::clone(circuit);
            circuit.interactions.retain(|interaction| ![RANGE, BYTES].contains(&interaction.bus));
            Arc::new(circuit)
        });
        let Err(report) = check_witnesses(&circuits.collect::<Vec<_>>(), &witnesses) else { return false };
        report.constraints.is_empty() && report.messages.iter().all(|failure| failure.bus == MEMORY)
    }
}

/// Cut the run at lengths that `length` chooses, and earlier before a system call, and make a block of each stretch not
/// seen before, up to `count` of them.
pub fn forced_blocks(
    program: &MachineProgram,
    log: &ExecutionLog,
    count: usize,
    mut length: impl FnMut() -> usize,
) -> Vec<Block> {
    let mut paths: Vec<BlockPath> = vec![];
    let is_call = |step: u32| program.decoded()[step as usize].instruction.opcode == Opcode::Ecall;
    let mut start = 0;
    while start < log.steps.len() && paths.len() < count {
        let rest = &log.steps[start..];
        let calls = rest.iter().position(|&step| is_call(step)).unwrap_or(rest.len());
        let taken = calls.min(length()).min(rest.len() - 1);
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

/// How many tiles are blocks.
pub fn blocks_of(tiles: &[Tile]) -> usize {
    tiles.iter().filter(|tile| matches!(tile, Tile::Block(_))).count()
}
