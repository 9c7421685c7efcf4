//! The pipeline.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use engram_air::{
    check::{Report as CheckReport, check_witnesses},
    engine::{EngineError, Witness},
    field::Digest,
    parameters::Parameters,
    price::Size,
};
use engram_machine::{
    circuits::Machine,
    plan::PlanError,
    program::MachineProgram,
    replay::{Replay, ReplayError},
    tile::Tiler,
};
use engram_memory::{image::ImageError, offline::OfflineMemory};
use engram_rv32im::{ExecutionLog, Fault, Outcome, Program};
use engram_verifier::{KeyError, ProgramKey, Proof, SegmentProof, Statement, VerifyError, verify};
use thiserror::Error;

use crate::{
    keys::ProvingKeys,
    meter::{Meter, cheapest_parameters, proving_bytes},
    options::{Options, RAM_BYTES_MIN},
};

#[cfg(test)]
mod tests;

/// Instructions between two looks at the meter.
const METER_STEPS: u64 = 1 << 13;

/// Bytes moved by system calls between two looks at the meter; a call may move as many as it moves beyond that.
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
    /// The program's image does not fit memory.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The plan does not fit the program.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The log cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The backend fails.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The program has no key.
    #[error(transparent)]
    Key(#[from] KeyError),
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
}

/// Execute a program on an input and prove the run.
pub fn prove(
    program: &Program,
    input: Box<dyn Read + Send + '_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Proof, Report), ProveError> {
    if options.max_ram_bytes < RAM_BYTES_MIN {
        return Err(ProveError::Ram { max_ram_bytes: options.max_ram_bytes });
    }
    let machine_program = MachineProgram::new(program);
    let blocks = options.plan.blocks(machine_program.decoded())?;
    let machine = Machine::with_blocks(machine_program.chips(), blocks);
    let tiler = Tiler::new(&machine_program, machine.blocks());
    let image = machine_program.image()?;
    let mut report = Report::default();
    let mut keys = ProvingKeys::default();
    let mut executor = engram_rv32im::Machine::new(program, input);
    let mut replay = Replay::with_blocks(&machine_program, machine.blocks(), OfflineMemory::new(image));
    let mut log = ExecutionLog::starting_at(executor.state());
    let initial_roots = replay.memory().roots();
    let mut segments = vec![];
    loop {
        let started = Instant::now();
        let mut meter = Meter::new(&machine_program, &machine, &tiler, executor.output().len());
        let outcome = execute_segment(&mut executor, &mut log, &mut meter, options, report.instructions)?;
        meter.advance(&log, true);
        let tiles = meter.into_tiles();
        let instructions = log.steps.len() as u64;
        report.instructions += instructions;
        report.execute += started.elapsed();
        let segment = segments.len();
        let last = matches!(outcome, Outcome::Exited(_));
        progress(Progress::Executed { segment, instructions, last });

        let started = Instant::now();
        let rows = replay.tiled_segment(&log, &tiles)?;
        drop(tiles);
        let memory = replay.memory_mut().finish_segment();
        let replayed = started.elapsed();

        let keys_started = Instant::now();
        let parameters = choose_parameters(&machine, &rows, &memory, machine_program.entries().len(), options)?;
        let key = keys.get(&machine, &machine_program, parameters)?;
        report.keys += keys_started.elapsed();

        let started = Instant::now();
        let witnesses = machine.witnesses(&machine_program, &rows, &memory, &key.rom);
        drop((rows, memory));
        report.trace += replayed + started.elapsed();
        if options.check_constraints {
            check_witnesses(machine.circuits(), &witnesses).map_err(|unsatisfied| ProveError::Unsatisfied {
                segment,
                explanation: explain(&machine_program, &unsatisfied),
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
    let proof = Proof {
        program_commitment: machine_program.commitment(&initial_roots),
        plan: options.plan.clone(),
        output: executor.output().to_vec(),
        segments,
    };
    if options.self_check {
        report.statement = Some(verify(&ProgramKey::derive_for(program, &proof)?, &proof)?);
    }
    Ok((proof, report))
}

/// Execute until the exit, or until one more look at the meter could break the budget.
fn execute_segment(
    executor: &mut engram_rv32im::Machine<'_>,
    log: &mut ExecutionLog,
    meter: &mut Meter<'_>,
    options: &Options,
    steps_before: u64,
) -> Result<Outcome, ProveError> {
    let mut last_rows = meter.rows(log, executor.output().len());
    loop {
        let segment_steps = log.steps.len() as u64;
        let left = options.max_steps.saturating_sub(steps_before + segment_steps);
        let steps = METER_STEPS.min(options.segment_steps_max - segment_steps).min(left);
        log.moved_bytes_max = log.moved_bytes() + METER_BYTES;
        let outcome = executor.record(steps, log).map_err(Box::new)?;
        if matches!(outcome, Outcome::Exited(_)) {
            return Ok(outcome);
        }
        if log.steps.len() as u64 - segment_steps == left {
            return Err(ProveError::OutOfSteps { max_steps: options.max_steps });
        }
        meter.advance(log, false);
        let segment_steps = log.steps.len();
        if segment_steps as u64 >= options.segment_steps_max {
            return Ok(outcome);
        }
        let rows = meter.rows(log, executor.output().len());
        // Where the next look would find it, at twice the pace of the last stretch.
        let ahead: Vec<usize> = rows.iter().zip(&last_rows).map(|(now, last)| 3 * now - 2 * last.min(now)).collect();
        last_rows = rows;
        let parameters = options.parameters.or_else(|| cheapest_parameters(&ahead));
        let fits = parameters.is_some_and(|parameters| {
            let rows_max = 1usize << parameters.log_stacked_height();
            ahead.iter().all(|&rows| rows <= rows_max)
                && proving_bytes(parameters, meter.size_of(&ahead), segment_steps) < options.max_ram_bytes / 8 * 7
        });
        if !fits {
            return Ok(outcome);
        }
    }
}

fn choose_parameters(
    machine: &Machine,
    rows: &engram_machine::replay::Rows,
    memory: &engram_memory::segment::SegmentMemory,
    entries: usize,
    options: &Options,
) -> Result<Parameters, ProveError> {
    if let Some(parameters) = options.parameters {
        return Ok(parameters);
    }
    let chips = machine.chips().iter().map(|chip| rows.plain[chip.number()].len() + rows.hinted[chip.number()].len());
    let blocks = rows.blocks.iter().map(|rows| rows.times.len());
    let compressions = 2 * (memory.leaves.len() + memory.nodes.len());
    let heights: Vec<usize> = chips.chain(blocks).chain([entries, memory.refreshes.len(), compressions]).collect();
    let rows = heights.iter().copied().max().unwrap_or(0);
    cheapest_parameters(&heights).ok_or(ProveError::TooManyRows { rows })
}

/// Padded totals of a proof.
fn size_of(machine: &Machine, witnesses: &[Witness]) -> Size {
    machine.size(witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, engram_air::Trace::height)))
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
