//! A proof over a memory log by itself, without an instruction set.
//!
//! # What it says
//!
//! [`MemoryProof::verify`] answers with a [`MemoryStatement`]: memory went from the roots before to the roots after by the accesses
//! of *the committed log*, each of which found in every cell what the last write before it left there, or the initial
//! memory.
//!
//! # What the commitment to the log binds
//!
//! The log's accesses stand in tables of their own ([`crate::log_table`]): a row has an access's space, pointer, cells (found or
//! left) and time. The log's commitment is a hash, computed outside of the circuit, of
//!
//! - the height of every table of the proof, in order, or zero where it is absent;
//! - the one commitment that a proof has to the columns of all its tables;
//! - a digest of what touches no memory: each increment of time and each read of the identity space, with its place in the
//!   log. The proof shows nothing about these, nor needs to: they change no cell, and their outcome is written on them.
//!
//! The backend's commitment binds cells and not their shape: which table, row and column a cell is in follows from the
//! circuits, that is from the configuration, and from the heights. So the heights are hashed, and those of the log's tables
//! checked against their limit. Two proofs with one log commitment have the same rows in the log's tables, and so the same log.
//!
//! The commitment also binds the other tables, which costs nothing and does no harm: they follow from the log and the image.
//! Whoever has both computes the same commitment with [`log_commitment`], which replays the log, fills all tables and commits to
//! them. A prover who fills them otherwise, in another order of rows for example, has a commitment that nobody expects. The
//! log's columns are not committed apart from the others, as every commitment of the backend is one for each table, padded to the
//! parameter set's height, and is opened by itself: with a dozen tables that was more than half of a proof's time.
//!
//! Timestamps in the proof count accesses, from 1 on: an access's timestamp is its number plus one. The commitment depends on the
//! parameter set, which the proof names, and on how this version of the library replays.

mod commitment;
mod error;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod fitting;
#[cfg(test)]
mod forged_adapters;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod generator;
mod verify;

use engram_air::{Circuit, field::Digest};
use engram_stark::{engine::StarkProof, parameters::Parameters};

pub use commitment::roots_digest;
pub use error::ProofError;
pub use generator::{MemoryProofGenerator, generate_memory_proof, log_commitment};
pub use verify::MemoryStatement;

use crate::{config::MemoryConfig, log_table, range_checker::SharedVariableRangeCheckerChip, tables};

/// A proof over a memory log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryProof {
    parameters: Parameters,
    proof: StarkProof,
    /// Of what touches no memory.
    aside: Digest,
}

/// All circuits of a proof over a log, in order: the log's tables, the memory's, the range checker's.
fn circuits(config: &MemoryConfig) -> Vec<Circuit> {
    let log = log_table::tables(config).into_iter().map(|table| log_table::circuit(config, table));
    let memory = tables::circuits(config.layout());
    log.chain(memory).chain(SharedVariableRangeCheckerChip::circuits()).collect()
}

/// First byte of an encoded proof: which parameter set.
fn parameters_byte(parameters: Parameters) -> u8 {
    u8::try_from(parameters.log_stacked_height()).unwrap_or(u8::MAX)
}

/// The parameter set that the first byte of an encoded proof names, and the other bytes.
fn split_parameters(bytes: &[u8]) -> Result<(Parameters, &[u8]), ProofError> {
    let decode = |what: &str| ProofError::Decode(what.into());
    let (byte, rest) = bytes.split_first().ok_or_else(|| decode("there are none"))?;
    let parameters = Parameters::ALL.into_iter().find(|known| parameters_byte(*known) == *byte);
    Ok((parameters.ok_or_else(|| decode("they name no parameter set"))?, rest))
}

impl MemoryProof {
    /// The parameter set it was made with.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The bytes of the proof: the parameter set, the digest of what touches no memory, the backend's canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![parameters_byte(self.parameters)];
        bytes.extend(self.aside.iter().flat_map(|cell| commitment::integer(*cell).to_le_bytes()));
        bytes.extend(self.proof.encode());
        bytes
    }

    /// Read a proof. Exactly one byte string decodes to each proof.
    ///
    /// # Errors
    /// The bytes are not the encoding of a proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let decode = |what: &str| ProofError::Decode(what.into());
        let (parameters, rest) = split_parameters(bytes)?;
        let (aside, rest) = rest.split_at_checked(size_of::<[u32; 8]>()).ok_or_else(|| decode("they end early"))?;
        let aside = commitment::digest_from_bytes(aside).ok_or_else(|| decode("a digest is not canonical"))?;
        let proof = StarkProof::decode(rest).map_err(|error| decode(&error.to_string()))?;
        Ok(Self { parameters, proof, aside })
    }
}
