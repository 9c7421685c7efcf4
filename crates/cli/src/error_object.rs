//! A failure as part of a JSON object.

use miette::Diagnostic;
use serde::Serialize;

use crate::failure::Failure;

/// The object that `--json` prints where a command has failed.
#[derive(Debug, Serialize)]
pub struct FailureObject {
    pub error: ErrorObject,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub struct ErrorObject {
    pub code: String,
    pub message: String,
    pub help: Option<String>,
    /// Of the `engram` process.
    pub exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultObject>,
}

/// What the guest did.
#[derive(Debug, Serialize)]
pub struct FaultObject {
    /// One of the names in `guests/README.md`.
    pub kind: &'static str,
    pub pc: u32,
    pub symbol: Option<String>,
    pub source_line: Option<String>,
}

impl ErrorObject {
    pub fn of(failure: &Failure) -> Self {
        let fault = match failure {
            Failure::Fault { fault } | Failure::OutputLimit { fault } => Some(FaultObject {
                kind: fault.kind.code(),
                pc: fault.pc,
                symbol: fault.symbol.clone(),
                source_line: fault.source_line.clone(),
            }),
            _ => None,
        };
        Self {
            code: failure.code().map(|code| code.to_string()).unwrap_or_default(),
            message: failure.to_string(),
            help: failure.help().map(|help| help.to_string()),
            exit_code: failure.exit_code(),
            fault,
        }
    }
}
