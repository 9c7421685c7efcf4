//! `engram plan`.

use std::io;

use engram_prover::planner::rows_in;
use engram_rv32im::Emulator;
use engram_verifier::PlanFile;

use super::inputs::read_committed;
use crate::arguments::PlanArguments;
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::guest_input::GuestInput;
use crate::progress::Bar;
use crate::source::{check_outputs_apart, check_standard_input_once};
use crate::{block_table, console};

/// Runs a guest and chooses blocks for runs like this.
pub fn plan(arguments: &PlanArguments) -> Result<u8, Failure> {
    let inputs = || [&arguments.guest].into_iter().chain(&arguments.input);
    check_standard_input_once(inputs())?;
    check_outputs_apart(inputs(), [&arguments.output])?;
    let destination = Destination::of(&arguments.output)?;
    let program = read_committed(&arguments.guest)?;
    let input = GuestInput::of(arguments.input.as_ref())?;

    let bar = Bar::trying();
    let mut machine = Emulator::new(program.program(), input.reader()?);
    machine.set_debug_sink(Box::new(io::stderr()));
    let max_steps = arguments.max_steps.unwrap_or(u64::MAX);
    let profile = engram_prover::profile(&mut machine, max_steps, &mut |instructions| bar.tried(instructions))
        .map_err(|fault| Failure::of_fault(*fault))?;
    let plan = engram_prover::plan(program.machine(), &profile);
    drop(bar);

    let internal = |error: engram_rv32im_air::plan::PlanError| Failure::Internal { message: error.to_string() };
    let blocks = plan.blocks(program.machine().decoded()).map_err(internal)?;
    // What was looked at may be a sample.
    let seen = profile.seen().max(1);
    let scale = |rows: usize| (rows as f64 * profile.instructions as f64 / seen as f64) as usize;
    let rows: Vec<usize> = rows_in(program.machine(), &blocks, &profile.windows).into_iter().map(scale).collect();
    let file = PlanFile { program_commitment: program.commitment(), plan };
    destination.write(&file.encode())?;

    let in_blocks: usize = blocks.iter().zip(&rows).map(|(block, rows)| rows * block.decoded().len()).sum();
    let share = 100.0 * in_blocks as f64 / (profile.instructions.max(1)) as f64;
    let text = format!(
        "{}: {} blocks for {share:.1} % of {} instructions\n\n{}",
        destination.name(),
        blocks.len(),
        profile.instructions,
        block_table::of_rows(program.machine(), &blocks, &rows),
    );
    if destination.is_standard() {
        console::print_aside(&text)
    } else {
        console::print(&text)
    }
    Ok(0)
}
