//! Why a memory's server does not answer as asked.

use engram_memory::error::{MemoryError, MemoryIntegrationError};
use thiserror::Error;

/// Most requests that can wait.
pub const QUEUE_CAPACITY_MAX: usize = 1 << 16;

/// Why a request got no answer from memory, or a refusal.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusServiceError {
    /// Memory refuses the operation.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The server was stopped before it came to the request. Memory has not seen it.
    #[error("the memory's server was stopped before it came to this request: ask whoever runs it to start another")]
    Stopped,
    /// The memory panicked, at this request or at one before.
    #[error("the memory's server stopped at a panic: {message}; its memory is lost, so start from the last state kept")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// As many requests wait as the queue has room for. Memory has not seen this one.
    #[error("the memory's queue has its {capacity} requests: wait for an answer and ask again")]
    QueueFull {
        /// Requests that it has room for.
        capacity: usize,
    },
    /// No answer came in the time that the client gave.
    #[error("no answer came in {waited_ms} ms; the operation may still be done, so read before it is asked again")]
    TimedOut {
        /// Milliseconds waited.
        waited_ms: u64,
    },
    /// No queue of this size.
    #[error("a queue has room for 1 to {QUEUE_CAPACITY_MAX} requests, not {capacity}")]
    QueueCapacity {
        /// What was asked for.
        capacity: usize,
    },
    /// The system has no thread for the server.
    #[error("the memory's server cannot be started: {reason}; end other threads first")]
    NoThread {
        /// The system's answer.
        reason: String,
    },
}

impl From<BusServiceError> for MemoryIntegrationError {
    fn from(error: BusServiceError) -> Self {
        match error {
            BusServiceError::Memory(error) => error.into(),
            error => Self::BusError(error.to_string()),
        }
    }
}
