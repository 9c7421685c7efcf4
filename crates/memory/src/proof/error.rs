//! What can go wrong with a proof over a log.

use engram_stark::engine::EngineError;
use thiserror::Error;

use crate::error::{MemoryError, MemoryIntegrationError};

/// Why there is no proof, or why it does not hold.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The log is not possible on the image.
    #[error("the log cannot be replayed: {0}")]
    Log(#[from] MemoryError),
    /// A table would be too high.
    #[error("a table of {rows} rows is higher than the {rows_max} that it may have: cut the log in two")]
    TooManyRows {
        /// Rows that the table needs.
        rows: usize,
        /// Rows that it may have.
        rows_max: usize,
    },
    /// A row or a bus of the tables is false: an error of this library.
    #[error("the tables of this log are false, which is a defect of the library: {0}")]
    Rows(String),
    /// The backend could not prove.
    #[error("the backend cannot prove this log: {0}")]
    Backend(String),
    /// The proof is not one of this configuration, or not a true one.
    #[error("the proof does not hold: {0}; prove the log again with the same configuration")]
    Verify(String),
    /// The bytes are no proof.
    #[error("the bytes are no proof of a memory log: {0}")]
    Decode(String),
}

impl ProofError {
    /// The backend could not prove.
    pub(super) fn of_backend(error: EngineError) -> Self {
        Self::Backend(error.to_string())
    }
}

impl From<ProofError> for MemoryIntegrationError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Log(error) => error.into(),
            error => Self::ProofGenerationError(error.to_string()),
        }
    }
}
