//! One module for each command.

mod inspect;
mod prove;
mod run;
mod setup;
mod verify;

use engram_machine::plan::Plan;
use engram_rv32im::Program;
use engram_verifier::{KeyError, ProgramKey, Proof};

use crate::arguments::Command;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::source::Source;

/// Does what was asked for. Returns the exit code.
pub fn execute(command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Prove(arguments) => prove::prove(arguments),
        Command::Verify(arguments) => verify::verify(arguments),
        Command::Setup(arguments) => setup::setup(arguments),
        Command::Inspect(arguments) => inspect::inspect(arguments),
    }
}

/// Reads a guest program.
fn read_program(source: &Source) -> Result<Program, Failure> {
    let (_, elf) = source.read(&[FileKind::Elf])?;
    Program::from_elf(&elf).map_err(|error| Failure::Elf { name: source.to_string(), source: error })
}

/// Reads a proof.
fn read_proof(source: &Source) -> Result<Proof, Failure> {
    let (_, bytes) = source.read(&[FileKind::Proof])?;
    Proof::decode(&bytes).map_err(|error| Failure::of_proof_file(source.to_string(), error))
}

/// Derives a program's key for proofs with the blocks of a plan.
fn derive_key(program: &Program, plan: &Plan) -> Result<ProgramKey, Failure> {
    key_of(ProgramKey::derive_with_plan(program, plan))
}

/// A derived key, or why there is none.
fn key_of(derived: Result<ProgramKey, KeyError>) -> Result<ProgramKey, Failure> {
    derived.map_err(|error| match error {
        KeyError::Plan(source) => Failure::InvalidPlan { source },
        error => Failure::Internal { message: error.to_string() },
    })
}
