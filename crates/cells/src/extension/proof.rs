//! Proofs of runs of custom instructions.

use std::sync::Arc;

use engram_air::{
    Circuit, F, PrimeCharacteristicRing, PrimeField32,
    engine::{Committed, EngineError, Proof, Witness, keygen, verifying_key},
    field::{DIGEST_CELLS, Digest},
    parameters::Parameters,
    poseidon2::hash,
};

use super::{
    instruction::CustomInstruction,
    list::{self, ListTrace},
    processor::INSTRUCTIONS_MAX,
    registry::ExtensionRegistry,
    tables::{ENDS, LIST, RunTables, circuits, roots_position},
};
use crate::{proof::ProofError, range_checker::SharedVariableRangeCheckerChip, size::TIME_BITS};

/// Bits of proven security that a proof must have.
pub const SECURITY_BITS_MIN: f64 = 100.0;

/// A proof of a run of custom instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomProof {
    parameters: Parameters,
    proof: Proof,
}

/// What a proof says: this list of instructions, executed in order on a memory with the initial roots, left one with the final roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomStatement {
    /// Root of each normal space before, in the configuration's order.
    pub initial_roots: Vec<Digest>,
    /// Root of each normal space after.
    pub final_roots: Vec<Digest>,
    /// Number of instructions.
    pub instructions: u32,
    /// One more than the number of accesses.
    pub last_time: u32,
    /// Commitment to the list of instructions: compare it with [`list_commitment`].
    pub list_commitment: Digest,
}

/// The table of the list, as a proof has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CommittedList {
    /// Zero where there is no instruction.
    height: u32,
    commitment: Digest,
}

impl CommittedList {
    /// The digest of both: a commitment binds cells and not their shape, so the height is part of it.
    fn digest(&self) -> Digest {
        let mut cells = vec![F::from_u32(self.height)];
        cells.extend(self.commitment);
        hash(cells.into_iter())
    }

    fn of(height: Option<usize>, commitment: Option<Digest>) -> Result<Self, ProofError> {
        match (height, commitment) {
            (None, None) => Ok(Self::default()),
            (Some(height), Some(commitment)) if height <= INSTRUCTIONS_MAX => {
                Ok(Self { height: height as u32, commitment })
            }
            (height, _) => Err(ProofError::Verify(format!("its list of instructions has a height of {height:?}"))),
        }
    }
}

/// The number of instructions and the last time, from the public values of the ends.
fn ends(publics: &[F], list: &CommittedList) -> Result<[u32; 2], ProofError> {
    let &[instructions, last_time] = publics else {
        return Err(ProofError::Verify("it does not say where its run ends".into()));
    };
    let [instructions, last_time] = [instructions, last_time].map(|value| value.as_canonical_u32());
    // Past 2^29 a time could be one that another access has.
    if instructions > list.height || last_time > 1 << TIME_BITS {
        return Err(ProofError::Verify(format!("it ends after {instructions} instructions at time {last_time}")));
    }
    Ok([instructions, last_time])
}

fn backend(error: EngineError) -> ProofError {
    ProofError::Backend(error.to_string())
}

/// Prove a run's tables.
pub(super) fn prove(tables: RunTables) -> Result<CustomProof, ProofError> {
    let RunTables { circuits, list, mut witnesses } = tables;
    let parameters = fitting(&circuits, &list, &witnesses)?;
    if let Some(ListTrace { committed, witness }) = list {
        let committed = Some(Committed::new(parameters, &committed).map_err(backend)?);
        witnesses[LIST] = Witness { trace: Some(witness), publics: vec![], committed };
    }
    let (proving, _) = keygen(&circuits, parameters).map_err(backend)?;
    let proof = proving.prove(witnesses).map_err(backend)?;
    Ok(CustomProof { parameters, proof })
}

/// Cells up to which a parameter set is the fastest, measured on logs of mixed accesses.
const FITTING_CELLS: [(usize, Parameters); 2] = [(1 << 24, Parameters::Height18), (1 << 28, Parameters::Height20)];

/// The parameter set for tables of this size.
fn fitting(
    circuits: &[Arc<Circuit>],
    list: &Option<ListTrace>,
    witnesses: &[Witness],
) -> Result<Parameters, ProofError> {
    let heights = witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, engram_air::Trace::height));
    let heights: Vec<usize> = heights.collect();
    let list_height = list.as_ref().map_or(0, |list| list.witness.height());
    let widths = circuits.iter().map(|circuit| circuit.width());
    let cells = widths.zip(&heights).map(|(width, height)| width * height).sum::<usize>();
    let rows = heights.into_iter().max().unwrap_or(0).max(list_height);
    let fits = |parameters: Parameters| rows <= 1 << parameters.log_stacked_height();
    let fitting = FITTING_CELLS.into_iter().find(|&(limit, parameters)| cells <= limit && fits(parameters));
    let parameters = fitting.map_or(Parameters::Height22, |(_, parameters)| parameters);
    if fits(parameters) {
        Ok(parameters)
    } else {
        Err(ProofError::TooManyRows { rows, rows_max: 1 << parameters.log_stacked_height() })
    }
}

/// The commitment to a list of instructions, as a proof under this parameter set has it: for whoever has the list. Nothing is
/// proven. Error: the list is too long, or the backend cannot commit to it.
pub fn list_commitment(list: &[CustomInstruction], parameters: Parameters) -> Result<Digest, ProofError> {
    if list.len() > INSTRUCTIONS_MAX {
        return Err(ProofError::TooManyRows { rows: list.len(), rows_max: INSTRUCTIONS_MAX });
    }
    // What is looked up is not committed.
    let range = SharedVariableRangeCheckerChip::new(&crate::config::MemoryConfig::default());
    let list = match list::trace(list.iter().copied(), &range) {
        None => CommittedList::default(),
        Some(ListTrace { committed, .. }) => CommittedList {
            height: committed.height() as u32,
            commitment: Committed::new(parameters, &committed).map_err(backend)?.commitment(),
        },
    };
    Ok(list.digest())
}

impl CustomProof {
    /// The parameter set it was made with.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Check the proof against the configuration and extensions, and say what it proves. Whether the roots and the list are the
    /// wanted ones is the caller's to check.
    pub fn verify(&self, registry: &ExtensionRegistry) -> Result<CustomStatement, ProofError> {
        let refuse = |what: String| ProofError::Verify(what);
        let key = verifying_key(&circuits(registry), self.parameters).map_err(|error| refuse(error.to_string()))?;
        let bits = key.security_bits();
        if bits < SECURITY_BITS_MIN {
            return Err(refuse(format!(
                "its parameters give {bits:.1} bits of security, fewer than {SECURITY_BITS_MIN}"
            )));
        }
        key.verify(&self.proof).map_err(|error| refuse(error.to_string()))?;
        let list = CommittedList::of(self.proof.height(LIST), self.proof.commitment(LIST))?;
        let [instructions, last_time] = ends(self.proof.publics(ENDS), &list)?;
        let (roots, rest) = self.proof.publics(roots_position(registry)).as_chunks::<DIGEST_CELLS>();
        if !rest.is_empty() || roots.len() != 2 * registry.config().normal_spaces().len() {
            return Err(refuse("it has other roots than the configuration has spaces".into()));
        }
        let side = |side: usize| -> Vec<Digest> { roots.iter().copied().skip(side).step_by(2).collect() };
        Ok(CustomStatement {
            initial_roots: side(0),
            final_roots: side(1),
            instructions,
            last_time,
            list_commitment: list.digest(),
        })
    }

    /// The bytes of the proof: the parameter set's height, then the backend's canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.parameters.log_stacked_height() as u8];
        bytes.extend(self.proof.encode());
        bytes
    }

    /// Read a proof. Exactly one byte string decodes to each proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let decode = |what: &str| ProofError::Decode(what.into());
        let (&byte, rest) = bytes.split_first().ok_or_else(|| decode("there are none"))?;
        let named = |parameters: &Parameters| parameters.log_stacked_height() == usize::from(byte);
        let parameters = Parameters::ALL.into_iter().find(named);
        let parameters = parameters.ok_or_else(|| decode("they name no parameter set"))?;
        let proof = Proof::decode(rest).map_err(|error| decode(&error.to_string()))?;
        Ok(Self { parameters, proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_too_many_rows_is_refused() {
        let commitment = Some(Digest::default());
        assert!(CommittedList::of(Some(INSTRUCTIONS_MAX), commitment).is_ok());
        assert!(CommittedList::of(Some(2 * INSTRUCTIONS_MAX), commitment).is_err());
        assert!(CommittedList::of(Some(1), None).is_err());
        assert_eq!(CommittedList::of(None, None), Ok(CommittedList::default()));
    }

    #[test]
    fn ends_past_the_list_or_past_time_are_refused() {
        let list = CommittedList { height: 4, commitment: Digest::default() };
        let ends = |publics: &[u32]| ends(&publics.iter().map(|&value| F::from_u32(value)).collect::<Vec<_>>(), &list);
        assert_eq!(ends(&[4, 1 << 29]), Ok([4, 1 << 29]));
        for publics in [&[5, 1][..], &[4, (1 << 29) + 1], &[4], &[], &[4, 1, 0]] {
            assert!(ends(publics).is_err(), "{publics:?}");
        }
    }

    #[test]
    fn a_list_and_a_longer_one_have_different_commitments() {
        let instruction = |rd| CustomInstruction::new(0, rd, 0, 0).unwrap();
        let lists = [vec![], vec![instruction(0)], vec![instruction(1)], vec![instruction(0); 2]];
        let commitments = lists.map(|list| list_commitment(&list, Parameters::SMALLEST).unwrap());
        for (index, commitment) in commitments.iter().enumerate() {
            assert!(!commitments[..index].contains(commitment));
        }
    }
}
