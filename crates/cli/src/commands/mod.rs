//! One module for each command.

mod inspect;
mod plan;
mod prove;
mod run;
mod setup;
mod state;
mod store;
mod trace;
mod verify;

use engram_rv32im::{ElfError, Program};
use engram_rv32im_air::{plan::Plan, registry::ExtensionRegistry};
use engram_verifier::{CommittedProgram, KeyError, PlanFile, ProgramKey, RunProof};

use crate::arguments::Command;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::source::Source;

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

/// Reads a guest program.
fn read_program(source: &Source) -> Result<Program, Failure> {
    let (_, elf) = source.read(&[FileKind::Elf])?;
    load(&elf).map_err(|error| Failure::Elf { name: source.to_string(), source: error })
}

/// Loads a guest program with the extensions of the command.
fn load(elf: &[u8]) -> Result<Program, ElfError> {
    ExtensionRegistry::standard().load(elf)
}

/// Reads a guest program, and commits to it.
fn read_committed(source: &Source) -> Result<CommittedProgram, Failure> {
    commit_to(&read_program(source)?)
}

/// Commits to a program: once, because it takes as long as the program's image is large.
fn commit_to(program: &Program) -> Result<CommittedProgram, Failure> {
    CommittedProgram::new(program).map_err(|error| Failure::Internal { message: error.to_string() })
}

/// Reads a plan of this program: its own file, or the proof that it was used for.
fn read_plan(source: &Source, program: &CommittedProgram) -> Result<Plan, Failure> {
    let name = source.to_string();
    let file = match source.read(&[FileKind::Plan, FileKind::Proof])? {
        (FileKind::Proof, bytes) => {
            let proof = RunProof::decode(&bytes).map_err(|error| Failure::of_proof_file(name.clone(), error))?;
            PlanFile { program_commitment: proof.program_commitment, plan: proof.plan }
        }
        (_, bytes) => decode_plan(&name, &bytes)?,
    };
    if file.program_commitment != program.commitment() {
        return Err(Failure::PlanOfOther { name });
    }
    file.plan.blocks(program.machine().decoded()).map_err(|source| Failure::PlanUnusable { name, source })?;
    Ok(file.plan)
}

fn decode_plan(name: &str, bytes: &[u8]) -> Result<PlanFile, Failure> {
    PlanFile::decode(bytes).map_err(|source| Failure::Plan { name: name.to_owned(), source })
}

/// Derives a program's key for proofs with the blocks of a plan.
fn derive_key(program: &CommittedProgram, plan: &Plan) -> Result<ProgramKey, Failure> {
    key_of(ProgramKey::derive_with_plan(program, plan))
}

/// A derived key, or why there is none.
fn key_of(derived: Result<ProgramKey, KeyError>) -> Result<ProgramKey, Failure> {
    derived.map_err(|error| match error {
        KeyError::Plan(source) => Failure::InvalidPlan { source },
        error => Failure::Internal { message: error.to_string() },
    })
}
