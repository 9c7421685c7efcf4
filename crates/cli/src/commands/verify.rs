//! `engram verify`.

use std::time::Instant;

use engram_air::field::Digest;
use engram_verifier::{CommittedProgram, InitialMemory, ProgramKey, RunProof, Statement};
use serde::Serialize;

use super::inputs::{key_of, read_committed};
use crate::arguments::{ProgramArguments, VerifyArguments};
use crate::atomic_file::Destination;
use crate::error_object::ErrorObject;
use crate::failure::{Failure, exit_codes};
use crate::file_kind::FileKind;
use crate::source::{Source, check_outputs_apart, check_standard_input_once};
use crate::statement::{self, StatementObject};
use crate::{console, system_memory};

/// What `--json` prints.
#[derive(Serialize)]
struct VerifyObject {
    /// Whether the proof holds.
    valid: bool,
    /// Whether the guest also exited as it should; `null` where that is not known.
    exit_expected: Option<bool>,
    #[serde(flatten)]
    statement: Option<StatementObject>,
    /// How many were to be checked, each starting on what the one before left.
    proofs: usize,
    proof_bytes: usize,
    /// Reading the key, or deriving it from the program.
    key_s: f64,
    verify_s: f64,
    peak_rss_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

/// Checks proofs, and says what they prove. Returns the exit code.
pub fn verify(arguments: &VerifyArguments) -> Result<u8, Failure> {
    let ProgramArguments { elf, key } = &arguments.program;
    let inputs = || arguments.proofs.iter().chain(elf).chain(key);
    check_standard_input_once(inputs())?;
    check_outputs_apart(inputs(), &arguments.output_to)?;
    let output_to = arguments.output_to.as_ref().map(Destination::of).transpose()?;
    let to_standard = output_to.as_ref().is_some_and(Destination::is_standard);
    if to_standard && arguments.json {
        return Err(Failure::StandardOutputTwice);
    }

    let start = Instant::now();
    let mut checker = Checker { arguments, program: None, key: None, proof_bytes: 0, key_s: 0.0 };
    let mut statement: Option<Statement> = None;
    let mut failure = None;
    for source in &arguments.proofs {
        let result = checker.check(source, statement.as_ref().map(|before| before.final_root));
        let result = result.and_then(|next| {
            let exit_is_expected = arguments.expect_exit.matches(next.exit_value);
            let (value, expected) = (next.exit_value, arguments.expect_exit);
            statement = Some(match statement.take() {
                Some(before) => joined(before, next),
                None => next,
            });
            if exit_is_expected { Ok(()) } else { Err(Failure::UnexpectedExit { value, expected }) }
        });
        match result {
            Ok(()) => {}
            Err(error @ Failure::UnexpectedExit { .. }) => failure = Some(error),
            Err(error) if error.exit_code() == exit_codes::INVALID => {
                (statement, failure) = (None, Some(error));
            }
            // Whether it holds is not known.
            Err(error) => return Err(error),
        }
        if failure.is_some() {
            if arguments.proofs.len() > 1 {
                console::print_aside(&format!("{source}:\n"));
            }
            break;
        }
    }
    let Checker { proof_bytes, key_s, .. } = checker;
    let verify_s = start.elapsed().as_secs_f64() - key_s;
    if let (None, Some(statement), Some(destination)) = (&failure, &statement, &output_to) {
        destination.write(&statement.output)?;
    }
    if arguments.json {
        console::print_json(&VerifyObject {
            valid: statement.is_some(),
            exit_expected: statement.as_ref().map(|_| failure.is_none()),
            statement: statement.as_ref().map(StatementObject::of),
            proofs: arguments.proofs.len(),
            proof_bytes,
            key_s,
            verify_s,
            peak_rss_bytes: system_memory::peak_rss_bytes(),
            error: failure.as_ref().map(ErrorObject::of),
        });
    } else if let (None, Some(statement)) = (&failure, &statement) {
        let text = describe(statement, arguments.proofs.len(), key_s, verify_s);
        if to_standard { console::print_aside(&text) } else { console::print(&text) }
    }
    Ok(failure.map_or(0, |failure| {
        console::print_failure(&failure);
        failure.exit_code()
    }))
}

/// Checks proofs of one program, one after the other.
struct Checker<'a> {
    arguments: &'a VerifyArguments,
    /// What `--elf` names, once it is read.
    program: Option<CommittedProgram>,
    /// What `--key` names, once it is read.
    key: Option<ProgramKey>,
    proof_bytes: usize,
    /// Time that it took to read the key or to derive it.
    key_s: f64,
}

impl Checker<'_> {
    /// Checks a proof of a run on the memory that the one `before` left, or that was asked for. The key is read, or derived for
    /// the proof's plan, after the proof is found to be one, because that takes longer.
    fn check(&mut self, source: &Source, before: Option<Digest>) -> Result<Statement, Failure> {
        let (_, file) = source.read(&[FileKind::Proof])?;
        self.proof_bytes += file.len();
        let proof = RunProof::decode(&file).map_err(|error| Failure::of_proof_file(source.to_string(), error))?;
        drop(file);
        let start = Instant::now();
        let derived = match &self.arguments.program {
            ProgramArguments { key: Some(source), .. } => {
                if self.key.is_none() {
                    let (_, bytes) = source.read(&[FileKind::Key])?;
                    let damaged = |error| Failure::Key { name: source.to_string(), source: error };
                    self.key = Some(ProgramKey::decode(&bytes).map_err(damaged)?);
                }
                None
            }
            ProgramArguments { elf: Some(source), .. } => {
                if self.program.is_none() {
                    self.program = Some(read_committed(source)?);
                }
                let derive = |program: &CommittedProgram| key_of(ProgramKey::derive_for(program, &proof));
                self.program.as_ref().map(derive).transpose()?
            }
            ProgramArguments { .. } => None,
        };
        self.key_s += start.elapsed().as_secs_f64();
        let key = derived.as_ref().or(self.key.as_ref()).ok_or(Failure::NoProgram)?;
        let asked = self.arguments.initial_root.map(|root| root.0);
        let memory = before.or(asked).map_or(InitialMemory::Program, InitialMemory::Root);
        engram_verifier::verify_from(key, &proof, memory).map_err(|error| Failure::InvalidProof { source: error })
    }
}

/// What two runs did, of which the second started on the memory that the first left.
fn joined(first: Statement, second: Statement) -> Statement {
    Statement {
        initial_root: first.initial_root,
        segments: first.segments + second.segments,
        security_bits: first.security_bits.min(second.security_bits),
        ..second
    }
}

fn describe(statement: &Statement, proofs: usize, key_s: f64, verify_s: f64) -> String {
    let head = match proofs {
        1 => "The proof is valid: this program ran as written, from its entry to its exit.".to_owned(),
        _ => format!(
            "All {proofs} proofs are valid: this program ran as written, {proofs} times, each on the memory that the run before \
             left. The output is the last one's."
        ),
    };
    format!(
        "{head}\n{}  {:<14} {verify_s:.2} s, after {key_s:.2} s for the program's key\n",
        statement::describe(statement),
        "checked in",
    )
}
