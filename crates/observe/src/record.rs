//! One access of a trace, as all formats write it.

use std::borrow::Cow;

use engram_memory::offline::AccessKind;
use serde::{Deserialize, Serialize};

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It reads the identity space.
    IdentityRead,
    /// It reads a normal space.
    Read,
    /// It writes a normal space.
    Write,
}

impl Operation {
    /// Its name in all formats: `identity_read`, `read` or `write`.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdentityRead => "identity_read",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl From<AccessKind> for Operation {
    fn from(kind: AccessKind) -> Self {
        match kind {
            AccessKind::IdentityRead => Self::IdentityRead,
            AccessKind::Read => Self::Read,
            AccessKind::Write => Self::Write,
        }
    }
}

/// One access, as the formats write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRecord {
    /// Its number among all accesses of the log, from 0 on.
    pub record: u32,
    /// Its timestamp, from 1 to below 2^29.
    pub timestamp: u32,
    /// What it does.
    pub operation: Operation,
    /// Address space.
    pub space: u32,
    /// The space's name; empty where it has none.
    pub space_name: Cow<'static, str>,
    /// Pointer, in the memory's pointer unit.
    pub pointer: u32,
    /// Number of cells: 1, 2, 4, 8, 16 or 32.
    pub len: u32,
    /// Its timestamp, less one, less that of the message that it takes off the bus; below 2^17. Zero for identity reads.
    pub gap: u32,
    /// Split rows that it needed.
    pub splits: u32,
    /// Merge rows that it needed.
    pub merges: u32,
    /// The cells that it found, each an integer below p.
    pub before: Vec<u32>,
    /// The cells that it left, likewise; what it found, unless it is a write.
    pub after: Vec<u32>,
}
