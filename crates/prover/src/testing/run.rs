//! A run's tables, segment by segment.

use std::{collections::HashSet, io::Cursor, sync::Arc};

use engram_air::Circuit;
use engram_memory::{
    address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS},
    config::MemoryConfig,
    offline::OfflineMemory,
};
use engram_rv32im::{ExecutionLog, Opcode, Outcome, Program};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    circuits::Machine,
    program::MachineProgram,
    registry::ExtensionRegistry,
    system::BREAK_POINTER,
    transfer::{OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER},
};
use engram_stark::{
    engine::check_witnesses,
    engine::{Committed, Witness},
    parameters::Parameters,
};
use engram_vm::rom;

use crate::{
    replay::{Replay, Rows},
    segment::witnesses,
    tile::{Cover, Tiler},
};

/// A segment of a run.
#[derive(Debug)]
pub struct Segment {
    /// Its rows.
    pub rows: Rows,
    /// A witness for each circuit.
    pub witnesses: Vec<Witness>,
}

/// A program that ran to its exit.
#[derive(Debug)]
pub struct Run {
    /// The program.
    pub program: MachineProgram,
    /// Its circuits.
    pub machine: Machine,
    /// What it wrote to file 1.
    pub output: Vec<u8>,
    /// What it exited with.
    pub exit: u32,
    /// Executed instructions.
    pub instructions: u64,
}

impl Run {
    /// Run a program, cut into segments of `segment_steps` instructions, and hand each to `visit`. The replayed memory is
    /// compared with the executor's at every cut.
    ///
    /// # Panics
    /// Where the program faults or its replay differs from its execution.
    pub fn visit(elf: &[u8], input: &[u8], segment_steps: u64, visit: impl FnMut(&Machine, Segment)) -> Self {
        Self::visit_of(&load(elf), input, segment_steps, visit)
    }

    fn visit_of(program: &Program, input: &[u8], segment_steps: u64, mut visit: impl FnMut(&Machine, Segment)) -> Self {
        let program = MachineProgram::new(program);
        let machine = Machine::of(program.decoded(), vec![]);
        let entries = rom::committed_trace(program.entries());
        let committed = Committed::new(Parameters::SMALLEST, &entries).unwrap_or_else(|error| panic!("{error}"));
        let mut executor = engram_rv32im::Emulator::new(program.program(), Box::new(Cursor::new(input.to_vec())));
        let image = program.image().unwrap_or_else(|error| panic!("{error}"));
        let mut replay = Replay::new(&program, OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap());
        let mut log = ExecutionLog::starting_at(executor.state());
        let mut instructions = 0;
        let exit = loop {
            let outcome = executor.record(segment_steps, &mut log).unwrap_or_else(|fault| panic!("{fault}"));
            instructions += log.steps.len() as u64;
            let rows = replay.segment(&log).unwrap_or_else(|error| panic!("{error}"));
            assert_replayed(&executor, replay.memory());
            let memory = replay.memory_mut().finish_segment();
            let witnesses = witnesses(&machine, &program, &rows, &memory, &committed);
            visit(&machine, Segment { rows, witnesses });
            match outcome {
                Outcome::Exited(exit) => break exit.value,
                Outcome::OutOfSteps => log.restart_at(executor.state()),
            }
        };
        let output = executor.output().to_vec();
        drop((executor, replay));
        Self { program, machine, output, exit, instructions }
    }

    /// Run a program and check each segment row by row.
    ///
    /// # Panics
    /// Where a constraint does not hold or a bus does not balance.
    pub fn checked(elf: &[u8], input: &[u8], segment_steps: u64) -> Self {
        Self::visit(elf, input, segment_steps, |machine, segment| {
            if let Err(report) = check_witnesses(machine.circuits(), &segment.witnesses) {
                panic!("{report}");
            }
        })
    }

    /// Run a program in one segment.
    ///
    /// # Panics
    /// As [`Run::visit`].
    pub fn whole(elf: &[u8], input: &[u8]) -> (Self, Segment) {
        Self::whole_of(&load(elf), input)
    }

    /// The same of a program with extensions of its own.
    ///
    /// # Panics
    /// As [`Run::visit`].
    pub fn whole_of(program: &Program, input: &[u8]) -> (Self, Segment) {
        let mut segments = vec![];
        let run = Self::visit_of(program, input, u64::MAX, |_, segment| segments.push(segment));
        (run, segments.remove(0))
    }

    /// Run a program in one segment, covered by blocks: of each stretch of `length` steps, or less before a system call, that
    /// was not seen before, up to `count` of them.
    ///
    /// # Panics
    /// Where the program faults.
    pub fn in_blocks(elf: &[u8], input: &[u8], length: usize, count: usize) -> (Self, Segment) {
        Self::in_blocks_of(&load(elf), input, length, count)
    }

    /// The same of a program with extensions of its own.
    ///
    /// # Panics
    /// Where the program faults.
    pub fn in_blocks_of(program: &Program, input: &[u8], length: usize, count: usize) -> (Self, Segment) {
        let program = MachineProgram::new(program);
        let mut executor = engram_rv32im::Emulator::new(program.program(), Box::new(Cursor::new(input.to_vec())));
        let mut log = ExecutionLog::starting_at(executor.state());
        let outcome = executor.record(u64::MAX, &mut log).unwrap_or_else(|fault| panic!("{fault}"));
        let Outcome::Exited(exit) = outcome else { unreachable!("steps are not limited") };
        let machine = Machine::of(program.decoded(), blocks_of(&program, &log, length, count));
        let mut cover = Cover::default();
        Tiler::new(&program, machine.blocks()).advance(&log, &mut cover, true);
        let entries = rom::committed_trace(program.entries());
        let committed = Committed::new(Parameters::SMALLEST, &entries).unwrap_or_else(|error| panic!("{error}"));
        let image = program.image().unwrap_or_else(|error| panic!("{error}"));
        let mut replay = Replay::with_blocks(
            &program,
            machine.blocks(),
            OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap(),
        );
        let rows = replay.tiled_segment(&log, &cover.tiles).unwrap_or_else(|error| panic!("{error}"));
        assert_replayed(&executor, replay.memory());
        let memory = replay.memory_mut().finish_segment();
        let witnesses = witnesses(&machine, &program, &rows, &memory, &committed);
        let (output, instructions) = (executor.output().to_vec(), log.steps.len() as u64);
        drop((executor, replay));
        (Self { program, machine, output, exit: exit.value, instructions }, Segment { rows, witnesses })
    }

    /// The circuits.
    pub fn circuits(&self) -> &[Arc<Circuit>] {
        self.machine.circuits()
    }
}

/// A program with the standard extensions.
fn load(elf: &[u8]) -> Program {
    ExtensionRegistry::standard().load(elf).unwrap_or_else(|error| panic!("{error}"))
}

fn blocks_of(program: &MachineProgram, log: &ExecutionLog, length: usize, count: usize) -> Vec<Block> {
    let is_call = |step: u32| program.decoded()[step as usize].instruction.opcode == Opcode::Ecall;
    let (mut paths, mut known, mut start) = (vec![], HashSet::new(), 0);
    while start < log.steps.len() && paths.len() < count {
        let rest = &log.steps[start..];
        let calls = rest.iter().position(|&step| is_call(step)).unwrap_or(rest.len());
        let taken = calls.min(length).min(rest.len() - 1);
        if taken > 0 {
            let next = program.decoded()[rest[taken] as usize].pc;
            let path = BlockPath { steps: rest[..taken].to_vec(), final_pc: next };
            if known.insert(path.clone()) {
                paths.push(path);
            }
        }
        start += taken.max(1);
    }
    paths.into_iter().filter_map(|path| Block::new(program.decoded(), path)).collect()
}

/// Registers, break, memory and output are in the replay what they are in the executor.
fn assert_replayed(executor: &engram_rv32im::Emulator<'_>, memory: &OfflineMemory) {
    let state = executor.state();
    for (register, value) in (0..).zip(state.registers) {
        assert_eq!(memory.peek(SPACE_REGISTERS, register), value, "register {register}");
    }
    assert_eq!(memory.peek(SPACE_REGISTERS, BREAK_POINTER), state.program_break);
    for (address, page) in executor.memory().pages() {
        for (offset, bytes) in (0..).zip(page.as_chunks::<4>().0) {
            let pointer = address / 4 + offset;
            assert_eq!(memory.peek(SPACE_MEMORY, pointer), u32::from_le_bytes(*bytes), "word {pointer:#x}");
        }
    }
    let output = executor.output();
    assert_eq!(memory.peek(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER), output.len() as u32);
    for (pointer, bytes) in (OUTPUT_FIRST_POINTER..).zip(output.chunks(4)) {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        assert_eq!(memory.peek(SPACE_OUTPUT, pointer), u32::from_le_bytes(word), "output word {pointer}");
    }
}
