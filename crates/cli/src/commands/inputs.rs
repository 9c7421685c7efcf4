//! What several commands begin with: programs, plans and keys.

use engram_rv32im::{ElfError, Program};
use engram_rv32im_air::{plan::Plan, registry::ExtensionRegistry};
use engram_verifier::{CommittedProgram, KeyError, PlanFile, ProgramKey, RunProof};

use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::source::Source;

/// Reads a guest program.
pub(super) fn read_program(source: &Source) -> Result<Program, Failure> {
    let (_, elf) = source.read(&[FileKind::Elf])?;
    load(&elf).map_err(|error| Failure::Elf { name: source.to_string(), source: error })
}

/// Loads a guest program with the extensions of the command.
pub(super) fn load(elf: &[u8]) -> Result<Program, ElfError> {
    ExtensionRegistry::standard().load(elf)
}

/// Reads a guest program, and commits to it.
pub(super) fn read_committed(source: &Source) -> Result<CommittedProgram, Failure> {
    commit_to(&read_program(source)?)
}

/// Commits to a program: once, because it takes as long as the program's image is large.
pub(super) fn commit_to(program: &Program) -> Result<CommittedProgram, Failure> {
    CommittedProgram::new(program).map_err(|error| Failure::Internal { message: error.to_string() })
}

/// Reads a plan of this program: its own file, or the proof that it was used for.
pub(super) fn read_plan(source: &Source, program: &CommittedProgram) -> Result<Plan, Failure> {
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

/// Decodes a plan's file, by its name for people.
pub(super) fn decode_plan(name: &str, bytes: &[u8]) -> Result<PlanFile, Failure> {
    PlanFile::decode(bytes).map_err(|source| Failure::Plan { name: name.to_owned(), source })
}

/// Derives a program's key for proofs with the blocks of a plan.
pub(super) fn derive_key(program: &CommittedProgram, plan: &Plan) -> Result<ProgramKey, Failure> {
    key_of(ProgramKey::derive_with_plan(program, plan))
}

/// A derived key, or why there is none.
pub(super) fn key_of(derived: Result<ProgramKey, KeyError>) -> Result<ProgramKey, Failure> {
    derived.map_err(|error| match error {
        KeyError::Plan(source) => Failure::InvalidPlan { source },
        error => Failure::Internal { message: error.to_string() },
    })
}
