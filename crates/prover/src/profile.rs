//! Looking at a run before proving it: what it executes, in windows spread over it.

use engram_rv32im::{Emulator, ExecutionLog, Fault, Outcome};

/// Instructions of a window.
const WINDOW_STEPS: u64 = 1 << 15;

/// Windows that are at least kept where not all of the run is.
const WINDOWS_MIN: usize = 16;

/// What a run executed.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Logs of stretches of it, spread evenly, without what was read.
    pub windows: Vec<ExecutionLog>,
    /// Executed instructions.
    pub instructions: u64,
    /// Whether it ran to its exit.
    pub exited: bool,
}

impl Profile {
    /// Instructions in the windows.
    pub fn seen(&self) -> u64 {
        self.windows.iter().map(|window| window.steps.len() as u64).sum()
    }

    /// Are the windows samples, and not all of the run?
    pub(crate) fn is_sampled(&self) -> bool {
        self.seen() < self.instructions
    }
}

/// Run a machine to its exit or for `max_steps`, and keep windows of what it executes. All but the windows runs at plain
/// speed. `note` hears of progress, in instructions.
///
/// Windows are taken at a stride that doubles whenever there are too many, so that they stay spread over a run of any
/// length.
///
/// # Errors
/// The guest faults.
pub fn profile(machine: &mut Emulator<'_>, max_steps: u64, note: &mut dyn FnMut(u64)) -> Result<Profile, Box<Fault>> {
    let mut profile = Profile::default();
    let mut stride = WINDOW_STEPS;
    let start = machine.steps();
    loop {
        let done = machine.steps() - start;
        profile.instructions = done;
        let left = max_steps - done;
        if left == 0 {
            return Ok(profile);
        }
        let mut log = ExecutionLog::starting_at(machine.state());
        let outcome = machine.record(WINDOW_STEPS.min(left), &mut log)?;
        // Choosing blocks takes no input, of which there may be much.
        (log.input, log.reads) = (vec![], vec![]);
        profile.windows.push(log);
        if matches!(outcome, Outcome::Exited(_)) {
            break;
        }
        if profile.windows.len() >= 2 * WINDOWS_MIN {
            let mut number = 0;
            profile.windows.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            stride *= 2;
        }
        let left = max_steps - (machine.steps() - start);
        let skip = (stride - WINDOW_STEPS).min(left);
        if skip > 0 && matches!(machine.run(skip)?, Outcome::Exited(_)) {
            break;
        }
        note(machine.steps() - start);
    }
    profile.instructions = machine.steps() - start;
    profile.exited = true;
    Ok(profile)
}
