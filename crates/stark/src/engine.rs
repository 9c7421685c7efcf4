//! Keys, committed columns, proofs, and verifying them.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use engram_air::{Bus, Circuit, F, Trace, circuit::Interaction, field::Digest};
use openvm_cpu_backend::CpuBackend;
use openvm_stark_backend::{
    StarkEngine, SystemParams,
    codec::{Decode, Encode},
    keygen::{
        MultiStarkKeygenBuilder,
        types::{MultiStarkProvingKey, MultiStarkVerifyingKey},
    },
    p3_matrix::dense::RowMajorMatrix,
    prover::{CommittedTraceData, TraceCommitter},
    soundness::SoundnessCalculator,
};
use openvm_stark_sdk::config::baby_bear_poseidon2::{BabyBearPoseidon2Config, BabyBearPoseidon2CpuEngine};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{backend::BackendAir, parameters::Parameters};

pub use crate::proving::{ProvingKey, Witness, check_witnesses, common_commitment, keygen};

pub(crate) type Config = BabyBearPoseidon2Config;
pub(crate) type Engine = BabyBearPoseidon2CpuEngine;

/// What went wrong in the backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A circuit that the backend cannot take: an error of the circuit's author.
    #[error("the backend refuses the circuits: {0}")]
    Keygen(String),
    /// The traces cannot be proven.
    #[error("the backend cannot prove these traces: {0}")]
    Prove(String),
    /// The proof does not hold.
    #[error("the proof does not verify: {0}")]
    Verify(String),
    /// The bytes are no proof.
    #[error("the bytes do not encode a proof: {0}")]
    Decode(String),
}

/// Columns committed once for many proofs.
#[derive(Clone)]
pub struct Committed(pub(crate) CommittedTraceData<CpuBackend<Config>>);

impl std::fmt::Debug for Committed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Committed").field(&self.0.commitment).finish()
    }
}

impl Committed {
    /// Commit to columns under a parameter set.
    ///
    /// # Errors
    /// The table is higher than the parameter set allows.
    pub fn new(parameters: Parameters, trace: &Trace) -> Result<Self, EngineError> {
        Self::with(parameters.system(), trace)
    }

    pub(crate) fn with(parameters: SystemParams, trace: &Trace) -> Result<Self, EngineError> {
        let trace = matrix(trace.clone());
        let (commitment, data) = Engine::new(parameters)
            .device()
            .commit(&[&trace])
            .map_err(|error| EngineError::Prove(error.to_string()))?;
        Ok(Self(CommittedTraceData { commitment, trace, data: Arc::new(data) }))
    }

    /// The commitment that a verifier compares.
    pub fn commitment(&self) -> Digest {
        self.0.commitment
    }

    /// How many columns and rows there are.
    pub fn size(&self) -> (usize, usize) {
        let matrix = &self.0.trace;
        (matrix.width, matrix.values.len().checked_div(matrix.width).unwrap_or(0))
    }

    /// The columns, row-major.
    pub fn trace(&self) -> Trace {
        Trace::from_rows(self.0.trace.values.clone(), self.0.trace.width)
    }
}

/// What a verifier needs of a list of circuits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyingKey {
    pub(crate) key: MultiStarkVerifyingKey<Config>,
    pub(crate) parameters: Parameters,
}

/// A proof that tables of some circuits exist, with their public values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarkProof(pub(crate) openvm_stark_backend::proof::Proof<Config>);

/// The backend tells buses apart by their numbers alone: two buses of one number would be one, on which messages of each undo the other's.
fn check_bus_numbers(circuits: &[Arc<Circuit>]) -> Result<(), EngineError> {
    let mut known: BTreeMap<u16, (Bus, &str)> = BTreeMap::new();
    for circuit in circuits {
        for Interaction { bus, .. } in &circuit.interactions {
            let (other, of) = known.entry(bus.index).or_insert((*bus, &circuit.name));
            if other != bus {
                return Err(EngineError::Keygen(format!(
                    "\"{}\" of {of} and \"{}\" of {} are two buses of number {}; give one another number",
                    other.name, bus.name, circuit.name, bus.index
                )));
            }
        }
    }
    Ok(())
}

pub(crate) fn generate(
    circuits: &[Arc<Circuit>],
    parameters: Parameters,
) -> Result<MultiStarkProvingKey<Config>, EngineError> {
    check_bus_numbers(circuits)?;
    let engine = Engine::new(parameters.system());
    let mut builder = MultiStarkKeygenBuilder::new(engine.config().clone());
    for circuit in circuits {
        let air = Arc::new(BackendAir(circuit.clone()));
        if circuit.required {
            builder.add_required_air(air);
        } else {
            builder.add_air(air);
        }
    }
    builder.generate_pk().map_err(|error| EngineError::Keygen(error.to_string()))
}

/// The verifying key alone.
///
/// # Errors
/// As for [`keygen`].
pub fn verifying_key(circuits: &[Arc<Circuit>], parameters: Parameters) -> Result<VerifyingKey, EngineError> {
    Ok(VerifyingKey { key: generate(circuits, parameters)?.get_vk(), parameters })
}

impl VerifyingKey {
    /// The parameter set.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// A digest of the circuits and parameters.
    pub fn digest(&self) -> Digest {
        self.key.pre_hash
    }

    /// Bits of proven security for any proof under this key, by the backend's own calculator. None for a key that was read
    /// from a file and is not of its parameter set, or so malformed that the calculator stops.
    pub fn security_bits(&self) -> f64 {
        if self.key.inner.params != self.parameters.system() {
            return 0.0;
        }
        catch_unwind(|| SoundnessCalculator::calculate_from_vk(&self.key).total_bits).unwrap_or(0.0)
    }

    /// Check a proof. Public values and commitments of tables are the caller's to check.
    ///
    /// # Errors
    /// The proof does not hold.
    pub fn verify(&self, proof: &StarkProof) -> Result<(), EngineError> {
        // The backend checks a proof's shape before it computes with it. Should a malformed one get past that, it must
        // still be an answer and not the end of the process.
        let engine = Engine::new(self.parameters.system());
        match catch_unwind(AssertUnwindSafe(|| engine.verify(&self.key, &proof.0))) {
            Ok(result) => result.map_err(|error| EngineError::Verify(error.to_string())),
            Err(_) => Err(EngineError::Verify("the backend's verifier stopped on a malformed proof".into())),
        }
    }
}

impl StarkProof {
    /// The bytes of the proof: the backend's canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        // Writing to memory fails only for lengths above 2^32, which the parameters exclude.
        self.0.encode_to_vec().unwrap_or_default()
    }

    /// Read a proof. Exactly one byte string decodes to each proof.
    ///
    /// # Errors
    /// The bytes are not the encoding of a proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, EngineError> {
        let decoded = openvm_stark_backend::proof::Proof::<Config>::decode_from_bytes(bytes);
        let proof = Self(decoded.map_err(|error| EngineError::Decode(error.to_string()))?);
        if proof.encode() != bytes {
            return Err(EngineError::Decode("not the canonical encoding".into()));
        }
        Ok(proof)
    }

    /// The public values of a table, by the circuit's position; empty where the table is absent.
    pub fn publics(&self, circuit: usize) -> &[F] {
        self.0.public_values.get(circuit).map_or(&[], Vec::as_slice)
    }

    /// The commitment to a table's committed columns, where the table is present and has some.
    pub fn commitment(&self, circuit: usize) -> Option<Digest> {
        self.0.trace_vdata.get(circuit)?.as_ref()?.cached_commitments.first().copied()
    }

    /// The commitment to all columns of all tables but those that are committed apart. It binds cells: which table and row a
    /// cell is in follows from the circuits and from the height of each table.
    pub fn common_commitment(&self) -> Digest {
        self.0.common_main_commit
    }

    /// Rows of a table, where it is present.
    pub fn height(&self, circuit: usize) -> Option<usize> {
        let log_height = self.0.trace_vdata.get(circuit)?.as_ref()?.log_height;
        1usize.checked_shl(u32::try_from(log_height).ok()?)
    }

    /// Number of tables, present or not.
    pub fn tables(&self) -> usize {
        self.0.trace_vdata.len()
    }
}

pub(crate) fn matrix(trace: Trace) -> RowMajorMatrix<F> {
    let width = trace.width();
    RowMajorMatrix::new(trace.into_values(), width)
}
