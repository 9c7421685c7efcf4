//! A plan as a file.

use engram_air::field::Digest;
use engram_rv32im_air::plan::Plan;
use serde::{Deserialize, Serialize};

use crate::file::{FileError, Kind};

/// Plan files.
pub const PLAN_FILE: Kind = Kind { magic: *b"engramPL", version: 1, name: "plan", made_by: "plan" };

/// Blocks to prove a program's runs with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// Which program they are paths of.
    pub program_commitment: Digest,
    /// The blocks.
    pub plan: Plan,
}

impl PlanFile {
    /// The bytes of a plan file.
    pub fn encode(&self) -> Vec<u8> {
        PLAN_FILE.encode(self)
    }

    /// Read a plan file.
    ///
    /// # Errors
    /// The bytes are no plan file of this version, or a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, FileError> {
        PLAN_FILE.decode(bytes)
    }
}
