//! `engram run`: an emulator.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use engram_rv32im::{Emulator, Outcome};
use serde::Serialize;

use super::inputs::{commit_to, read_program};
use super::state::{State, initial_memory, pages_of, unchanged};
use super::trace::run_traced;
use crate::arguments::{RunArguments, StoreArguments};
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::source::{check_outputs_apart, check_standard_input_once};
use crate::{console, exit_code, hex};

/// What `--json` prints.
#[derive(Serialize)]
struct RunObject {
    /// As a parent process on Linux sees it: 0 to 255.
    exit_code: u8,
    /// All 32 bits of the exit's argument.
    exit_value: u32,
    instructions: u64,
    execute_s: f64,
    output_hex: String,
}

/// Runs a guest, and returns its exit code.
pub fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let inputs = || [&arguments.guest].into_iter().chain(&arguments.input);
    check_standard_input_once(inputs())?;
    check_outputs_apart(inputs(), arguments.trace.iter().map(|file| &file.target))?;
    let trace = arguments.trace.as_ref().map(|file| Ok((file, Destination::of(&file.target)?))).transpose()?;
    let program = read_program(&arguments.guest)?;
    let input: Box<dyn Read + Send> = match &arguments.input {
        Some(source) => source.open_input()?,
        None => Box::new(io::empty()),
    };

    let output_closed = Arc::new(AtomicBool::new(false));
    let StoreArguments { store, expect_root } = &arguments.state;
    let open = |path: &PathBuf| State::of(path, expect_root.as_ref(), &commit_to(&program)?);
    let state = store.as_ref().map(open).transpose()?;
    let mut machine = Emulator::with_memory(&program, initial_memory(&program, state.as_ref()), input);
    if !arguments.json {
        machine.set_output_sink(Box::new(GuestOutput { closed: Arc::clone(&output_closed) }));
    }
    machine.set_debug_sink(Box::new(io::stderr()));

    let max_steps = arguments.max_steps.unwrap_or(u64::MAX);
    let start = Instant::now();
    let outcome = match &trace {
        None => machine.run(max_steps),
        Some((file, destination)) => run_traced(&commit_to(&program)?, &mut machine, max_steps, file, destination)?,
    };
    let execute_s = start.elapsed().as_secs_f64();
    match outcome {
        Ok(Outcome::Exited(exit)) => {
            if let (Some(state), Some(path)) = (&state, store) {
                match exit_code::status(exit.value) {
                    0 => state.commit(&pages_of(machine.memory()), None)?,
                    status => console::print_aside(&unchanged(path, status)),
                }
            }
            if arguments.json {
                console::print_json(&RunObject {
                    exit_code: exit_code::status(exit.value),
                    exit_value: exit.value,
                    instructions: machine.steps(),
                    execute_s,
                    output_hex: hex::bytes(machine.output()),
                });
            }
            Ok(exit_code::status(exit.value))
        }
        Ok(Outcome::OutOfSteps) => Err(Failure::OutOfSteps { max_steps }),
        Err(_) if output_closed.load(Ordering::Relaxed) => Err(Failure::OutputClosed),
        Err(fault) => Err(Failure::of_fault(fault)),
    }
}

/// Standard output, which also notes that its reader has gone.
struct GuestOutput {
    closed: Arc<AtomicBool>,
}

impl GuestOutput {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.closed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Write for GuestOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.note(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.note(io::stdout().flush())
    }
}
