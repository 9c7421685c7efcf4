//! A proof as a file.

use engram_air::field::Digest;
use engram_rv32im_air::plan::Plan;
use engram_stark::parameters::Parameters;
use serde::{Deserialize, Serialize};

use crate::file::{FileError, Kind};

/// Proof files.
pub const PROOF_FILE: Kind = Kind { magic: *b"engramPF", version: 2, name: "proof", made_by: "prove" };

/// Most segments of a proof.
pub const SEGMENTS_MAX: usize = 1 << 20;

/// Most bytes of a proof file.
pub const PROOF_BYTES_MAX: u64 = 1 << 32;

/// A proof that a program ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunProof {
    /// Which program.
    pub program_commitment: Digest,
    /// Which blocks its segments may use: advice from which the circuits are derived.
    pub plan: Plan,
    /// What it wrote.
    pub output: Vec<u8>,
    /// Proofs of its segments, in order.
    pub segments: Vec<SegmentProof>,
}

/// A segment's proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentProof {
    /// The parameter set.
    pub parameters: Parameters,
    /// The backend's proof in its canonical encoding, public values included.
    pub bytes: Vec<u8>,
}

impl RunProof {
    /// The bytes of a proof file.
    pub fn encode(&self) -> Vec<u8> {
        PROOF_FILE.encode(self)
    }

    /// Read a proof file. Exactly one byte string decodes to each proof.
    ///
    /// # Errors
    /// The bytes are no proof file of this version, or a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, FileError> {
        PROOF_FILE.decode(bytes)
    }
}
