//! The loop: execute and replay until the segment is to be cut, fill its tables, prove it.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use engram_air::{check::Report as CheckReport, field::Digest, price::Size};
use engram_memory::{Layout, MemoryConfig, MemoryImage, SPACE_MEMORY, offline::OfflineMemory};
use engram_rv32im::{Emulator, ExecutionLog, Fault, Outcome, memory::Memory};
use engram_rv32im_air::{circuits::Machine, plan::PlanError, program::MachineProgram};
use engram_stark::{EngineError, Witness, check_witnesses};
use engram_verifier::{
    CommittedProgram, InitialMemory, ProgramKey, RunProof, SegmentProof, Statement, VerifyError, verify_from,
};
use thiserror::Error;
use tracing::info_span;

use crate::{
    cut::Growth,
    keys::ProvingKeys,
    meter::{MemoryRows, cheapest_parameters, process_bytes, rows as rows_of, size},
    options::{Options, RAM_BYTES_MIN},
    replay::{Replay, ReplayError},
    segment::witnesses,
    tile::{Cover, Tiler},
};

#[cfg(test)]
mod tests;

/// Instructions between two looks at how many rows there are.
const METER_STEPS: u64 = 1 << 13;

/// The tiler waits with up to so many instructions at the end of a log until it knows how they go on.
const STEPS_HELD_BACK: u64 = 1 << 9;

/// Look-ahead in a run of unknown length, in segments: a segment is expected to go on to this many times its length so far.
const LOOK_AHEAD_SEGMENTS: u64 = 4;

/// Bytes moved by system calls between two looks at the rows. The last call may move more.
const METER_BYTES: u64 = 1 << 17;

/// Why a run was not proven.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The guest faulted: there is no exit to prove.
    #[error(transparent)]
    Fault(#[from] Box<Fault>),
    /// The run did not end within the steps allowed.
    #[error("the guest did not exit within {max_steps} instructions; allow more with --max-steps")]
    OutOfSteps {
        /// Instructions allowed.
        max_steps: u64,
    },
    /// The budget is too small for any segment.
    #[error("nothing can be proven in {max_ram_bytes} bytes of memory; allow at least {RAM_BYTES_MIN}")]
    Ram {
        /// The budget.
        max_ram_bytes: u64,
    },
    /// A table is higher than any parameter set allows.
    #[error("a segment has {rows} rows in one table, more than any parameter set allows; use a smaller --max-ram")]
    TooManyRows {
        /// Rows of the highest table.
        rows: usize,
    },
    /// The plan does not fit the program.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The memory that the run starts on cannot be read.
    #[error("the stored memory cannot be read: {message}")]
    Stored {
        /// Why not.
        message: String,
    },
    /// The log cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The backend fails.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A constraint does not hold: a fault of this program.
    #[error(
        "segment {segment}: the run does not satisfy the circuits, which is a fault of engram; please report it\n{explanation}"
    )]
    Unsatisfied {
        /// Which segment.
        segment: usize,
        /// What fails, where.
        explanation: String,
    },
    /// The proof does not verify: a fault of this program.
    #[error("the proof does not verify, which is a fault of engram; please report it: {0}")]
    SelfCheck(#[from] VerifyError),
}

/// What happens while proving.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// A segment was executed.
    Executed {
        /// Which segment.
        segment: usize,
        /// Instructions of the segment.
        instructions: u64,
        /// It ends in the exit.
        last: bool,
    },
    /// A segment was proven.
    Proven {
        /// Which segment.
        segment: usize,
        /// Seconds that filling and proving took.
        seconds: f64,
    },
}

/// What proving did and cost.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Executed instructions.
    pub instructions: u64,
    /// Segments.
    pub segments: usize,
    /// Padded cells over all tables and segments.
    pub cells: u64,
    /// Padded interactions over all tables and segments.
    pub interactions: u64,
    /// Time of executing and recording.
    pub execute: Duration,
    /// Time of replaying and filling tables.
    pub trace: Duration,
    /// Time of proving.
    pub prove: Duration,
    /// Time of making keys.
    pub keys: Duration,
    /// What the proof proves.
    pub statement: Option<Statement>,
    /// Root of memory at the start.
    pub initial_root: Digest,
    /// The pages that the run touched, as it left them, where it started on stored memory.
    pub memory: Option<MemoryImage>,
}

/// Execute a program on an input and prove the run.
///
/// # Errors
/// The guest faults or does not exit in time, the options allow too little, the memory that it starts on cannot be read, or the
/// plan is of another program. All other errors are faults of engram.
pub fn prove(
    program: &CommittedProgram,
    input: Box<dyn Read + Send + '_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(RunProof, Report), ProveError> {
    if options.max_ram_bytes < RAM_BYTES_MIN {
        return Err(ProveError::Ram { max_ram_bytes: options.max_ram_bytes });
    }
    let machine_program = program.machine();
    let blocks = options.plan.blocks(machine_program.decoded())?;
    let machine = Machine::of(machine_program.decoded(), blocks);
    let tiler = Tiler::new(machine_program, machine.blocks());
    let memory = OfflineMemory::with_trees(program.image(), program.trees(), MemoryConfig::rv32im());
    let guest = machine_program.program();
    let (memory, executor_memory) = match &options.memory {
        Some(stored) => {
            (memory.with_backing(SPACE_MEMORY, stored.backing.clone()), Memory::stored(guest, stored.pages.clone()))
        }
        None => (memory, Memory::of(guest)),
    };
    let mut report = Report::default();
    let mut keys = ProvingKeys::default();
    let mut executor = Emulator::with_memory(guest, executor_memory, input);
    let mut replay = Replay::with_blocks(machine_program, machine.blocks(), memory);
    let mut log = ExecutionLog::starting_at(executor.state());
    let roots = replay.memory().roots();
    let initial_root = Layout::rv32im().root(&roots, SPACE_MEMORY).unwrap_or_default();
    report.initial_root = initial_root;
    let mut segments = vec![];
    loop {
        let mut run =
            SegmentRun { machine: &machine, program: machine_program, tiler: &tiler, cover: Cover::default() };
        let outcome = run.execute(&mut executor, &mut log, &mut replay, options, &mut report)?;
        let segment = segments.len();
        let last = matches!(outcome, Outcome::Exited(_));
        progress(Progress::Executed { segment, instructions: log.steps.len() as u64, last });

        let started = Instant::now();
        let rows = replay.finish(&log)?;
        let memory = info_span!("finish_memory").in_scope(|| replay.memory_mut().finish_segment());
        if let Some(message) = options.memory.as_ref().and_then(|stored| stored.backing.failure()) {
            return Err(ProveError::Stored { message });
        }
        let replayed = started.elapsed();

        let keys_started = Instant::now();
        let heights = rows_of(&machine, machine_program, MemoryRows::of(&memory), Some(&rows));
        let highest = heights.iter().copied().max().unwrap_or(0);
        let parameters = options.parameters.or_else(|| cheapest_parameters(&heights));
        let parameters = parameters.ok_or(ProveError::TooManyRows { rows: highest })?;
        let key = keys.get(&machine, machine_program, parameters)?;
        report.keys += keys_started.elapsed();

        let started = Instant::now();
        let witnesses =
            info_span!("fill_tables").in_scope(|| witnesses(&machine, machine_program, &rows, &memory, &key.rom));
        drop((rows, memory));
        report.trace += replayed + started.elapsed();
        if options.check_constraints {
            check_witnesses(machine.circuits(), &witnesses).map_err(|unsatisfied| ProveError::Unsatisfied {
                segment,
                explanation: explain(machine_program, &unsatisfied),
            })?;
        }
        let size = size_of(&machine, &witnesses);
        report.cells += size.cells;
        report.interactions += size.interactions;

        let prove_started = Instant::now();
        let proof = key.circuits.prove(witnesses)?;
        segments.push(SegmentProof { parameters, bytes: proof.encode() });
        report.prove += prove_started.elapsed();
        progress(Progress::Proven { segment, seconds: (replayed + started.elapsed()).as_secs_f64() });
        if last {
            break;
        }
        log.restart_at(executor.state());
    }
    report.segments = segments.len();
    report.memory = options.memory.as_ref().map(|_| replay.memory().image());
    let program_commitment = program.commitment();
    let proof =
        RunProof { program_commitment, plan: options.plan.clone(), output: executor.output().to_vec(), segments };
    if options.self_check {
        let memory = options.memory.as_ref().map_or(InitialMemory::Program, |_| InitialMemory::Root(initial_root));
        let key = ProgramKey::of_segments(program, &options.plan, keys.verifying());
        report.statement = Some(verify_from(&key, &proof, memory)?);
    }
    Ok((proof, report))
}

/// A segment that is being executed, covered and replayed.
struct SegmentRun<'a> {
    machine: &'a Machine,
    program: &'a MachineProgram,
    tiler: &'a Tiler<'a>,
    cover: Cover,
}

impl SegmentRun<'_> {
    /// Execute until the exit, or until one more look at the rows could break the budget, and replay all of it. Adds the
    /// instructions and the times to the report.
    fn execute(
        &mut self,
        executor: &mut Emulator<'_>,
        log: &mut ExecutionLog,
        replay: &mut Replay<'_>,
        options: &Options,
        report: &mut Report,
    ) -> Result<Outcome, ProveError> {
        let mut last_rows = self.rows(replay);
        let mut growth = Growth::default();
        let steps_before = report.instructions;
        loop {
            let started = Instant::now();
            let segment_steps = log.steps.len() as u64;
            let left = options.max_steps.saturating_sub(steps_before + segment_steps);
            let steps = METER_STEPS.min(options.segment_steps_max - segment_steps).min(left);
            log.moved_bytes_max = log.moved_bytes() + METER_BYTES;
            let outcome = executor.record(steps, log).map_err(Box::new)?;
            let executed = log.steps.len() as u64 - segment_steps;
            report.instructions += executed;
            report.execute += started.elapsed();
            let exited = matches!(outcome, Outcome::Exited(_));
            if !exited && executed == left {
                return Err(ProveError::OutOfSteps { max_steps: options.max_steps });
            }

            let started = Instant::now();
            let is_longest = log.steps.len() as u64 >= options.segment_steps_max;
            self.replay(log, replay, exited || is_longest)?;
            let rows = self.rows(replay);
            growth.note(&rows, log.steps.len() as u64);
            let ends = exited
                || is_longest
                || !self.fits(&ahead(&rows, &last_rows), log.steps.len() as u64, options)
                || self.is_best_cut(&growth, &rows, log.steps.len() as u64, steps_before, options);
            last_rows = rows;
            if ends && !exited && !is_longest {
                self.replay(log, replay, true)?;
            }
            report.trace += started.elapsed();
            if ends {
                return Ok(outcome);
            }
        }
    }

    /// Cover and replay what the log gained; all of it, if the segment is to end here.
    fn replay(&mut self, log: &ExecutionLog, replay: &mut Replay<'_>, is_end: bool) -> Result<(), ReplayError> {
        let _span = info_span!("replay").entered();
        let covered = self.cover.tiles.len();
        self.tiler.advance(log, &mut self.cover, is_end);
        replay.advance(log, &self.cover.tiles[covered..])
    }

    /// Rows of what was replayed, those of Merkle trees predicted.
    fn rows(&self, replay: &Replay<'_>) -> Vec<usize> {
        rows_of(self.machine, self.program, MemoryRows::predicted(replay.memory()), replay.rows())
    }

    /// Would a segment with these rows fit the budget?
    fn fits(&self, rows: &[usize], steps: u64, options: &Options) -> bool {
        let parameters = options.parameters.or_else(|| cheapest_parameters(rows));
        parameters.is_some_and(|parameters| {
            let rows_max = 1usize << parameters.log_stacked_height();
            rows.iter().all(|&rows| rows <= rows_max)
                && process_bytes(self.machine, rows, parameters, steps) < options.max_ram_bytes / 8 * 7
        })
    }

    /// Does the forecast say to cut here, before the next look?
    fn is_best_cut(&self, growth: &Growth, rows: &[usize], steps: u64, steps_before: u64, options: &Options) -> bool {
        let Some(outlook) = growth.outlook(self.machine, rows, steps) else { return false };
        let next_look = METER_STEPS + STEPS_HELD_BACK;
        if !outlook.is_dearer_within(next_look) {
            return false;
        }
        let run_end = options.steps_expected.map(|expected| expected.saturating_sub(steps_before).max(steps));
        // How far the segment could go on.
        let (mut fits, mut end) = (steps, run_end.unwrap_or(LOOK_AHEAD_SEGMENTS * steps));
        if !self.fits(&outlook.rows_at(end), end, options) {
            while end - fits > METER_STEPS {
                let middle = fits.midpoint(end);
                if self.fits(&outlook.rows_at(middle), middle, options) { fits = middle } else { end = middle }
            }
            end = fits;
        }
        outlook.best_cut(end, run_end, next_look).is_some_and(|place| place < steps + next_look)
    }
}

/// Rows at the next look, if a segment grows twice as fast until then as since the last.
fn ahead(rows: &[usize], last_rows: &[usize]) -> Vec<usize> {
    rows.iter().zip(last_rows).map(|(now, last)| 3 * now - 2 * last.min(now)).collect()
}

/// Padded totals of a proof.
fn size_of(machine: &Machine, witnesses: &[Witness]) -> Size {
    size(machine, witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, engram_air::Trace::height)))
}

/// A checker's report with the instruction that each row stands for.
fn explain(program: &MachineProgram, report: &CheckReport) -> String {
    let source = program.program();
    report.explain(&|_, cells| {
        let (_, pc) = cells.iter().find(|(name, _)| name == "pc")?;
        let address = engram_air::PrimeField32::as_canonical_u32(pc) << 2;
        let index = source.index_of(address)?;
        let (_, instruction) = source.instructions().get(index as usize)?;
        Some(format!("{address:#010x}: {}", instruction.at(address)))
    })
}
