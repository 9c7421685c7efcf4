//! `engram prove`.

use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Instant;

use engram_prover::options::RAM_BYTES_MIN;
use engram_prover::profile::Profile;
use engram_prover::{Options, Report};
use engram_rv32im::{Emulator, Program};
use engram_verifier::Statement;
use serde::Serialize;

use super::inputs::{read_committed, read_plan};
use super::state::{State, initial_memory, unchanged};
use crate::arguments::{PlanChoice, ProveArguments, StoreArguments};
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::guest_input::GuestInput;
use crate::progress::Bar;
use crate::source::{Source, check_outputs_apart, check_standard_input_once};
use crate::statement::{self, StatementObject};
use crate::{byte_size, console, exit_code, system_memory};

/// What `--json` prints.
#[derive(Serialize)]
struct ProveObject {
    instructions: u64,
    #[serde(flatten)]
    statement: StatementObject,
    /// Padded totals over all tables and segments.
    cells: u64,
    interactions: u64,
    keys_s: f64,
    execute_s: f64,
    trace_s: f64,
    prove_s: f64,
    total_s: f64,
    proof_bytes: usize,
    peak_rss_bytes: Option<u64>,
}

/// Runs a guest and proves the run.
pub fn prove(arguments: &ProveArguments) -> Result<u8, Failure> {
    let start = Instant::now();
    let inputs = || [&arguments.guest].into_iter().chain(&arguments.input).chain(arguments.plan.source());
    check_standard_input_once(inputs())?;
    let target = match (&arguments.output, &arguments.guest) {
        (Some(target), _) => target.clone(),
        (None, Source::Path(guest)) => Source::Path(guest.with_extension("proof")),
        (None, Source::Standard) => return Err(Failure::NoOutput),
    };
    check_outputs_apart(inputs(), [&target])?;
    let destination = Destination::of(&target)?;
    if destination.is_standard() && arguments.json {
        return Err(Failure::StandardOutputTwice);
    }

    let program = read_committed(&arguments.guest)?;
    let input = GuestInput::of(arguments.input.as_ref())?;
    let mut options = options(arguments);
    if let PlanChoice::Of(source) = &arguments.plan {
        options.plan = read_plan(source, &program)?;
    }
    if let Some(threads) = arguments.threads {
        // It fails when the pool was started before, and it was not.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }

    let StoreArguments { store, expect_root } = &arguments.state;
    let open = |path: &PathBuf| State::of(path, expect_root.as_ref(), &program);
    let state = store.as_ref().map(open).transpose()?;
    options.memory = state.as_ref().map(State::stored);
    let mut bar = Bar::trying();
    let profile = try_run(program.program(), state.as_ref(), &input, options.max_steps, &bar)?;
    if arguments.plan == PlanChoice::Auto {
        options.plan = engram_prover::plan(program.machine(), &profile);
    }
    options.steps_expected = Some(profile.instructions);
    bar.prove(profile.instructions);
    let (proof, report) = engram_prover::prove(&program, input.reader()?, &options, &mut |progress| bar.note(progress))
        .map_err(Failure::of_proving)?;
    let bytes = proof.encode();
    destination.write(&bytes)?;
    drop(bar);

    let statement = report
        .statement
        .as_ref()
        .ok_or_else(|| Failure::Internal { message: "the proof was not checked after it was made".to_owned() })?;
    // Not before the proof is on the disk: a state whose proof is lost could never be shown to follow from the one before.
    if let (Some(state), Some(path), Some(memory)) = (&state, store, &report.memory) {
        match exit_code::status(statement.exit_value) {
            0 => state.commit(memory, Some(statement.final_root))?,
            status => console::print_aside(&unchanged(path, status)),
        }
    }
    let total_s = start.elapsed().as_secs_f64();
    if arguments.json {
        console::print_json(&object(&report, statement, bytes.len(), total_s));
    } else {
        let text = describe(&arguments.guest, &destination.name(), &report, statement, bytes.len(), total_s);
        // The proof may be on its way through standard output.
        if destination.is_standard() { console::print_aside(&text) } else { console::print(&text) }
    }
    Ok(0)
}

fn options(arguments: &ProveArguments) -> Options {
    let defaults = Options::default();
    let unasked = || match system_memory::available_bytes() {
        // Some is left to others.
        Some(bytes) => defaults.max_ram_bytes.min(bytes / 5 * 4).max(RAM_BYTES_MIN),
        None => defaults.max_ram_bytes,
    };
    Options {
        max_ram_bytes: arguments.max_ram.map_or_else(unasked, |size| size.0),
        max_steps: arguments.max_steps.unwrap_or(defaults.max_steps),
        ..defaults
    }
}

/// Runs the guest without proving it: it takes next to no time, and a fault is better found before hours of proving than
/// after. What it executes most is what a plan is made for.
fn try_run(
    program: &Program,
    state: Option<&State>,
    input: &GuestInput,
    max_steps: u64,
    bar: &Bar,
) -> Result<Profile, Failure> {
    let mut machine = Emulator::with_memory(program, initial_memory(program, state), input.reader()?);
    machine.set_debug_sink(Box::new(io::stderr()));
    let profile = engram_prover::profile(&mut machine, max_steps, &mut |instructions| bar.tried(instructions))
        .map_err(|fault| Failure::of_fault(*fault))?;
    if profile.exited { Ok(profile) } else { Err(Failure::OutOfSteps { max_steps }) }
}

fn object(report: &Report, statement: &Statement, proof_bytes: usize, total_s: f64) -> ProveObject {
    ProveObject {
        instructions: report.instructions,
        statement: StatementObject::of(statement),
        cells: report.cells,
        interactions: report.interactions,
        keys_s: report.keys.as_secs_f64(),
        execute_s: report.execute.as_secs_f64(),
        trace_s: report.trace.as_secs_f64(),
        prove_s: report.prove.as_secs_f64(),
        total_s,
        proof_bytes,
        peak_rss_bytes: system_memory::peak_rss_bytes(),
    }
}

fn describe(
    guest: &Source,
    proof: &str,
    report: &Report,
    statement: &Statement,
    proof_bytes: usize,
    total_s: f64,
) -> String {
    let name = guest.path().and_then(Path::file_name).map_or("the guest".into(), |name| name.to_string_lossy());
    let prove_s = report.prove.as_secs_f64();
    let per_second = NonZeroU64::new(report.instructions).map_or(0.0, |count| count.get() as f64 / total_s);
    let memory = system_memory::peak_rss_bytes()
        .map_or_else(String::new, |bytes| format!("  {:<14} {} at most\n", "memory used", byte_size::describe(bytes)));
    format!(
        "Proven: {name} ran as written, from its entry to its exit.\n{}  {:<14} {}\n  {:<14} {total_s:.1} s in all, \
         {prove_s:.1} s of it proving; {per_second:.0} instructions a second\n{memory}  {:<14} {}, {}\n",
        statement::describe(statement),
        "instructions",
        report.instructions,
        "time",
        "proof",
        proof,
        byte_size::describe(proof_bytes as u64),
    )
}
