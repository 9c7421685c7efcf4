//! What can go wrong: what, where, and what to do.

use engram_memory::error::MemoryError;
use thiserror::Error;

/// Why there is no trace, or why an operation was not counted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// Nobody asked for a trace.
    #[error("tracing is not enabled: call `enable` first")]
    Disabled,
    /// The trace should start after the last entry.
    #[error("a trace cannot start at entry {start} of a log of {entries}: enable it from an entry that is there")]
    StartPastEnd {
        /// Number of the first entry to be traced, from 0 on.
        start: usize,
        /// Entries of the log.
        entries: usize,
    },
    /// The initial image is none of this configuration.
    #[error("the initial image does not fit the configuration: {0}")]
    Image(MemoryError),
    /// An entry of the log is not possible.
    #[error("entry {entry} of the log is not possible: {error}")]
    Entry {
        /// Its number, from 0 on.
        entry: usize,
        /// What a memory says to it.
        error: MemoryError,
    },
}

/// Why a trace could not be written. What was written before is incomplete.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The CSV writer failed.
    #[error("the trace cannot be written as CSV: {0}; write it again to a place that takes it")]
    Csv(#[from] csv::Error),
    /// The JSON writer failed.
    #[error("the trace cannot be written as JSON lines: {0}; write it again to a place that takes it")]
    JsonLines(#[from] serde_json::Error),
    /// The Parquet writer failed.
    #[error("the trace cannot be written as Parquet: {0}; write it again to a place that takes it")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The output failed.
    #[error("the output does not take more: {0}; write it again to a place that takes it")]
    Output(#[from] std::io::Error),
}

/// Why a label cannot go with a metric.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelError {
    /// The name is none.
    #[error("a label cannot be called {name:?}: take letters, digits and `_`, no digit first and no `__` at the start")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// The report has a label of this name itself.
    #[error("the label {name:?} is the report's own: take another name")]
    Reserved {
        /// What was asked for.
        name: String,
    },
    /// Two labels have one name.
    #[error("the label {name:?} is there twice: leave one out")]
    Duplicate {
        /// What was asked for.
        name: String,
    },
}
