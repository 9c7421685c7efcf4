//! What to do about a fault, and the report of what was done.

use std::{fmt, time::SystemTime};

use engram_memory::error::MemoryError;

/// Most times that one operation is tried again.
pub const RETRIES_MAX: u32 = 1000;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorRecoveryAction {
    /// Ask the same memory again.
    Retry,
    /// Take the memory that failed out of service and go on with the other.
    UseBackup,
    /// Undo the operation and return the error.
    Fail,
}

/// Decides what to do about an error: retry with a limit, then fail over or fail.
///
/// What memory refuses because it is not possible ([`Self::is_refusal`]) is never tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorRecoveryStrategy {
    retries_max: u32,
    then: ErrorRecoveryAction,
}

impl Default for ErrorRecoveryStrategy {
    /// Three more tries, then the backup.
    fn default() -> Self {
        Self::retry_then_use_backup(3)
    }
}

impl ErrorRecoveryStrategy {
    /// No second try, and no backup.
    pub const fn fail() -> Self {
        Self { retries_max: 0, then: ErrorRecoveryAction::Fail }
    }

    /// Up to so many more tries, at most [`RETRIES_MAX`], then fail.
    pub const fn retry_then_fail(retries_max: u32) -> Self {
        Self { retries_max: limited(retries_max), then: ErrorRecoveryAction::Fail }
    }

    /// Up to so many more tries, at most [`RETRIES_MAX`], then the backup.
    pub const fn retry_then_use_backup(retries_max: u32) -> Self {
        Self { retries_max: limited(retries_max), then: ErrorRecoveryAction::UseBackup }
    }

    /// What to do after `failed` tries, the last of which had this error.
    pub fn handle_error(&self, error: &MemoryError, failed: u32) -> ErrorRecoveryAction {
        if Self::is_refusal(error) {
            ErrorRecoveryAction::Fail
        } else if failed <= self.retries_max {
            ErrorRecoveryAction::Retry
        } else {
            self.then
        }
    }

    /// Whether the operation is not possible, on this memory or any other of its configuration. Other errors are faults.
    pub fn is_refusal(error: &MemoryError) -> bool {
        matches!(
            error,
            MemoryError::AddressOutOfBounds { .. }
                | MemoryError::InvalidAccessSize { .. }
                | MemoryError::Misaligned { .. }
                | MemoryError::UnknownSpace { .. }
                | MemoryError::CellOutOfRange { .. }
                | MemoryError::IdentityReadOnly { .. }
        )
    }
}

const fn limited(retries_max: u32) -> u32 {
    if retries_max < RETRIES_MAX { retries_max } else { RETRIES_MAX }
}

/// Which of the two memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberRole {
    /// The one that is asked first.
    Primary,
    /// The replica.
    Backup,
}

impl fmt::Display for MemberRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Primary => "the primary",
            Self::Backup => "the backup",
        })
    }
}

/// What went less well than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Degradation {
    /// It failed and was asked again.
    Retried {
        /// Tries that failed.
        failed: u32,
        /// The last error.
        error: MemoryError,
    },
    /// It failed for good and is out of service; the other goes on.
    FailedOver {
        /// The last error.
        error: MemoryError,
    },
    /// An operation failed for good, and what it did here was undone.
    RolledBack,
    /// What an operation did here could not be undone, so that what it holds is not known. It is out of service.
    StateUnknown {
        /// Why not.
        error: MemoryError,
    },
    /// It answered a read with cells that were never written, or are old. It is out of service.
    Diverged {
        /// Address space of the read.
        address_space: u32,
        /// Pointer of the read.
        pointer: u32,
    },
}

/// A degradation, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DegradationEvent {
    /// The operation in which it occurred, by number from 0 on; refused ones count.
    pub operation: u64,
    /// By the system's clock.
    pub time: SystemTime,
    /// Which memory.
    pub member: MemberRole,
    /// What.
    pub what: Degradation,
}
