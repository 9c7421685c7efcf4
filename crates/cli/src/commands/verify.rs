//! `engram verify`.

use std::time::Instant;

use engram_verifier::{ProgramKey, Proof, Statement};
use serde::Serialize;

use super::{key_of, read_program};
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
    proof_bytes: usize,
    /// Reading the key, or deriving it from the program.
    key_s: f64,
    verify_s: f64,
    peak_rss_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

/// Checks a proof, and says what it proves. Returns the exit code.
pub fn verify(arguments: &VerifyArguments) -> Result<u8, Failure> {
    let ProgramArguments { elf, key } = &arguments.program;
    let inputs = || [&arguments.proof].into_iter().chain(elf).chain(key);
    check_standard_input_once(inputs())?;
    check_outputs_apart(inputs(), &arguments.output_to)?;
    let output_to = arguments.output_to.as_ref().map(Destination::of).transpose()?;
    let to_standard = output_to.as_ref().is_some_and(Destination::is_standard);
    if to_standard && arguments.json {
        return Err(Failure::StandardOutputTwice);
    }

    let (_, file) = arguments.proof.read(&[FileKind::Proof])?;
    let mut key_s = 0.0;
    let start = Instant::now();
    let result = check(&arguments.program, &file, &arguments.proof, &mut key_s);
    let verify_s = start.elapsed().as_secs_f64() - key_s;

    let (statement, failure) = match result {
        Ok(statement) if arguments.expect_exit.matches(statement.exit_value) => (Some(statement), None),
        Ok(statement) => {
            let failure = Failure::UnexpectedExit { value: statement.exit_value, expected: arguments.expect_exit };
            (Some(statement), Some(failure))
        }
        Err(failure) if failure.exit_code() == exit_codes::INVALID => (None, Some(failure)),
        // Whether it holds is not known.
        Err(failure) => return Err(failure),
    };
    if let (None, Some(statement), Some(destination)) = (&failure, &statement, &output_to) {
        destination.write(&statement.output)?;
    }
    if arguments.json {
        console::print_json(&VerifyObject {
            valid: statement.is_some(),
            exit_expected: statement.as_ref().map(|_| failure.is_none()),
            statement: statement.as_ref().map(StatementObject::of),
            proof_bytes: file.len(),
            key_s,
            verify_s,
            peak_rss_bytes: system_memory::peak_rss_bytes(),
            error: failure.as_ref().map(ErrorObject::of),
        });
    } else if let (None, Some(statement)) = (&failure, &statement) {
        let text = describe(statement, key_s, verify_s);
        if to_standard { console::print_aside(&text) } else { console::print(&text) }
    }
    Ok(failure.map_or(0, |failure| {
        console::print_failure(&failure);
        failure.exit_code()
    }))
}

/// Checks a proof's file. The key is read, or derived for the proof's plan, after the proof is found to be one, because that
/// takes longer.
fn check(program: &ProgramArguments, file: &[u8], source: &Source, key_s: &mut f64) -> Result<Statement, Failure> {
    let proof = Proof::decode(file).map_err(|error| Failure::of_proof_file(source.to_string(), error))?;
    let start = Instant::now();
    let key = match program {
        ProgramArguments { key: Some(source), .. } => {
            let (_, bytes) = source.read(&[FileKind::Key])?;
            ProgramKey::decode(&bytes).map_err(|error| Failure::Key { name: source.to_string(), source: error })?
        }
        ProgramArguments { elf: Some(source), .. } => key_of(ProgramKey::derive_for(&read_program(source)?, &proof))?,
        ProgramArguments { .. } => return Err(Failure::NoProgram),
    };
    *key_s = start.elapsed().as_secs_f64();
    engram_verifier::verify(&key, &proof).map_err(|error| Failure::InvalidProof { source: error })
}

fn describe(statement: &Statement, key_s: f64, verify_s: f64) -> String {
    format!(
        "The proof is valid: this program ran as written, from its entry to its exit.\n{}  {:<14} {verify_s:.2} s, after \
         {key_s:.2} s for the program's key\n",
        statement::describe(statement),
        "checked in",
    )
}
