//! Why there is no proof.

use openvm_cpu_backend::CpuProverError;
use thiserror::Error;

/// Why there is no proof.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The backend fails.
    #[error(transparent)]
    Backend(#[from] CpuProverError),
    /// Messages sent and received differ.
    #[error("the messages do not balance: what is sent is not what is received")]
    SumNotZero,
    /// A circuit reads what this device has no columns for.
    #[error("a circuit reads something other than columns of this row or the next, and public values")]
    UnknownVariable,
    /// The committed matrix lacks a column.
    #[error("a column is missing from the committed matrix")]
    NoColumn,
    /// The parameters name another univariate domain.
    #[error("the parameters have blocks of 2^{log2} rows, which this device does not know")]
    Blocks {
        /// The base-two logarithm of the rows of a block.
        log2: usize,
    },
    /// A layer of fractions is empty.
    #[error("a layer of fractions is empty")]
    NoFractions,
    /// A challenge happened to be one that a proof cannot go on from, which has a chance of about 2^-120.
    #[error(
        "the transcript gave a challenge that no proof can go on from; change the parameters or the tables and try again"
    )]
    ZeroChallenge,
}
