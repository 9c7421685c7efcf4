//! Programs to plan for, to check and to prove.

use std::io::Cursor;

use engram_air::field::Digest;
use engram_memory::{MemoryConfig, offline::OfflineMemory};
use engram_prover::{
    Options, plan, profile,
    profile::Profile,
    prove,
    replay::Replay,
    segment::witnesses,
    testing::Assembler,
    tile::{Tile, Tiler},
};
use engram_rv32im::{
    ExecutionLog, Opcode, Program,
    system_calls::SYS_EXIT,
    testing::{SplitMix64, guest_elf},
};
use engram_rv32im_air::{
    block::BlockPath,
    circuits::{FIRST_CHIP, Machine},
    plan::Plan,
};
use engram_stark::{Committed, Parameters, check_witnesses, limits::CIRCUITS_MAX};
use engram_verifier::{CommittedProgram, RunProof};
use engram_vm::rom;

/// A program with its input.
pub struct Guest {
    pub program: CommittedProgram,
    pub input: Vec<u8>,
}

/// How a run ends.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// Of registers, memory and output.
    pub roots: Vec<Digest>,
    pub output: Vec<u8>,
    pub exit: u32,
}

impl Guest {
    pub fn new(elf: &[u8], input: &[u8]) -> Self {
        let program = CommittedProgram::new(&Program::from_elf(elf).unwrap()).unwrap();
        Self { program, input: input.to_vec() }
    }

    pub fn bundled(name: &str, input: &[u8]) -> Self {
        Self::new(&std::fs::read(guest_elf(name)).unwrap(), input)
    }

    /// A program written here, which then exits.
    pub fn written(write: impl FnOnce(&mut Assembler)) -> Self {
        let mut assembler = Assembler::default();
        write(&mut assembler);
        assembler.call(SYS_EXIT, [0, 0, 0]);
        Self::new(&assembler.elf(&[]), &[])
    }

    pub fn machine(&self) -> engram_rv32im::Emulator<'_> {
        engram_rv32im::Emulator::new(self.program.program(), Box::new(Cursor::new(self.input.clone())))
    }

    pub fn machine_steps(&self) -> u64 {
        let mut machine = self.machine();
        machine.run(u64::MAX).unwrap();
        machine.steps()
    }

    pub fn log(&self) -> ExecutionLog {
        let mut machine = self.machine();
        let mut log = machine.start_log();
        machine.record(u64::MAX, &mut log).unwrap();
        log
    }

    pub fn profile(&self) -> Profile {
        profile(&mut self.machine(), u64::MAX, &mut |_| {}).unwrap()
    }

    pub fn plan(&self) -> Plan {
        plan(self.program.machine(), &self.profile())
    }

    /// A plan of as many as may be of the run's stretches of up to 64 instructions between system calls.
    pub fn forced_plan(&self, random: &mut SplitMix64) -> Plan {
        let program = self.program.machine();
        let count = CIRCUITS_MAX - FIRST_CHIP - program.chips().len();
        let steps = self.log().steps;
        let is_call = |step: u32| program.decoded()[step as usize].instruction.opcode == Opcode::Ecall;
        let mut paths: Vec<BlockPath> = vec![];
        let mut start = 0;
        while start + 1 < steps.len() && paths.len() < count {
            let rest = &steps[start..steps.len() - 1];
            let length = 1 + random.below(64) as usize;
            let taken = rest.iter().take(length).position(|&step| is_call(step)).unwrap_or(length.min(rest.len()));
            let path = BlockPath {
                steps: rest[..taken].to_vec(),
                final_pc: program.decoded()[steps[start + taken] as usize].pc,
            };
            if !paths.contains(&path) && Plan::new(std::slice::from_ref(&path)).blocks(program.decoded()).is_ok() {
                paths.push(path);
            }
            start += taken.max(1);
        }
        Plan::new(&paths)
    }

    /// Run and replay with a plan's blocks, and check each row of the run's tables if `checked`. Returns the end, and how
    /// many steps a tile covers on average.
    pub fn end(&self, plan: &Plan, checked: bool) -> (End, f64) {
        let program = self.program.machine();
        let machine = Machine::of(program.decoded(), plan.blocks(program.decoded()).unwrap());
        let mut executor = self.machine();
        let mut log = executor.start_log();
        executor.record(u64::MAX, &mut log).unwrap();
        let tiles = Tiler::new(program, machine.blocks()).cover(&log);
        let memory = OfflineMemory::new(&program.image().unwrap(), MemoryConfig::rv32im()).unwrap();
        let mut replay = Replay::with_blocks(program, machine.blocks(), memory);
        let rows = replay.tiled_segment(&log, &tiles).unwrap();
        let memory = replay.memory_mut().finish_segment();
        if checked {
            let entries = rom::committed_trace(program.entries());
            let committed = Committed::new(Parameters::SMALLEST, &entries).unwrap();
            let witnesses = witnesses(&machine, program, &rows, &memory, &committed);
            if let Err(report) = check_witnesses(machine.circuits(), &witnesses) {
                panic!("{report}");
            }
        }
        assert!(plan.is_empty() || tiles.iter().any(|tile| matches!(tile, Tile::Block(_))));
        let exit = executor.exit().unwrap().value;
        let end = End { roots: memory.roots_after, output: executor.output().to_vec(), exit };
        (end, log.steps.len() as f64 / tiles.len() as f64)
    }

    pub fn prove(&self, plan: &Plan, segment_steps_max: u64) -> RunProof {
        let options = Options {
            parameters: Some(Parameters::SMALLEST),
            plan: plan.clone(),
            segment_steps_max,
            self_check: false,
            ..Options::default()
        };
        let input = Box::new(Cursor::new(self.input.clone()));
        prove(&self.program, input, &options, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")).0
    }
}
