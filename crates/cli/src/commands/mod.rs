//! One module for each command.

mod inputs;
mod inspect;
mod plan;
mod prove;
mod run;
mod setup;
mod state;
mod store;
mod trace;
mod verify;

use crate::arguments::Command;
use crate::failure::Failure;

/// Does what was asked for. Returns the exit code.
pub fn execute(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Prove(arguments) => prove::prove(arguments),
        Command::Plan(arguments) => plan::plan(arguments),
        Command::Verify(arguments) => verify::verify(arguments),
        Command::Setup(arguments) => setup::setup(arguments),
        Command::Inspect(arguments) => inspect::inspect(arguments),
        Command::Store(command) => store::store(command),
    }
}
