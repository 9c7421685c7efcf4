//! Proofs of runs of custom instructions.

use engram_air::{F, PrimeField32, field::Digest};
use engram_stark::{
    engine::{Committed, StarkProof, Witness, keygen},
    parameters::Parameters,
};

use super::{
    instruction::CustomInstruction,
    list::{self, ListTrace},
    processor::INSTRUCTIONS_MAX,
    registry::ExtensionRegistry,
    tables::{ENDS, LIST, RunTables, circuits, roots_position},
};
use crate::{
    address::TIMESTAMP_BITS,
    proof::{CommittedTable, ProofError, Size, check, parameters_byte, roots, split_parameters},
    range_checker::SharedVariableRangeCheckerChip,
};

/// A proof of a run of custom instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomProof {
    parameters: Parameters,
    proof: StarkProof,
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

/// What the table of the list is in an error.
const LIST_TABLE: &str = "its list of instructions";

/// The number of instructions and the last time, from the public values of the ends.
fn ends(publics: &[F], list: &CommittedTable) -> Result<[u32; 2], ProofError> {
    let &[instructions, last_time] = publics else {
        return Err(ProofError::Verify("it does not say where its run ends".into()));
    };
    let [instructions, last_time] = [instructions, last_time].map(|value| value.as_canonical_u32());
    // Past 2^29 a time could be one that another access has.
    if instructions > list.height || last_time > 1 << TIMESTAMP_BITS {
        return Err(ProofError::Verify(format!("it ends after {instructions} instructions at time {last_time}")));
    }
    Ok([instructions, last_time])
}

/// Prove a run's tables.
pub(super) fn prove(tables: RunTables) -> Result<CustomProof, ProofError> {
    let RunTables { circuits, list, mut witnesses } = tables;
    let size = Size::of(witnesses.iter().filter_map(|witness| witness.trace.as_ref()));
    let list_height = list.as_ref().map_or(0, |list| list.witness.height());
    let size = Size { height_max: size.height_max.max(list_height), ..size };
    let parameters = size.fitting();
    size.check(parameters)?;
    if let Some(ListTrace { committed, witness }) = list {
        let committed = Some(Committed::new(parameters, &committed).map_err(ProofError::of_backend)?);
        witnesses[LIST] = Witness { trace: Some(witness), publics: vec![], committed };
    }
    let (proving, _) = keygen(&circuits, parameters).map_err(ProofError::of_backend)?;
    let proof = proving.prove(witnesses).map_err(ProofError::of_backend)?;
    Ok(CustomProof { parameters, proof })
}

/// The commitment to a list of instructions, as a proof under this parameter set has it: for whoever has the list. Nothing is
/// proven. Error: the list is too long, or the backend cannot commit to it.
pub fn list_commitment(list: &[CustomInstruction], parameters: Parameters) -> Result<Digest, ProofError> {
    if list.len() > INSTRUCTIONS_MAX {
        return Err(ProofError::TooManyRows { rows: list.len(), rows_max: INSTRUCTIONS_MAX });
    }
    // What is looked up is not committed.
    let range = SharedVariableRangeCheckerChip::new(&crate::config::MemoryConfig::default());
    let list = list::trace(list.iter().copied(), &range);
    let list = CommittedTable::commit(parameters, list.as_ref().map(|list| &list.committed))?;
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
        check(&circuits(registry), self.parameters, &self.proof)?;
        let list = CommittedTable::of_proof(&self.proof, LIST, INSTRUCTIONS_MAX, LIST_TABLE)?;
        let [instructions, last_time] = ends(self.proof.publics(ENDS), &list)?;
        let publics = self.proof.publics(roots_position(registry));
        let [initial_roots, final_roots] = roots(publics, registry.config())?;
        Ok(CustomStatement { initial_roots, final_roots, instructions, last_time, list_commitment: list.digest() })
    }

    /// The bytes of the proof: the parameter set's height, then the backend's canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![parameters_byte(self.parameters)];
        bytes.extend(self.proof.encode());
        bytes
    }

    /// Read a proof. Exactly one byte string decodes to each proof.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let (parameters, rest) = split_parameters(bytes)?;
        let proof = StarkProof::decode(rest).map_err(|error| ProofError::Decode(error.to_string()))?;
        Ok(Self { parameters, proof })
    }
}

#[cfg(test)]
mod tests {
    use engram_air::PrimeCharacteristicRing;

    use super::*;

    #[test]
    fn a_list_of_too_many_rows_is_refused() {
        let commitment = Some(Digest::default());
        let list = |height, commitment| CommittedTable::of(height, commitment, INSTRUCTIONS_MAX, LIST_TABLE);
        assert!(list(Some(INSTRUCTIONS_MAX), commitment).is_ok());
        assert!(list(Some(2 * INSTRUCTIONS_MAX), commitment).is_err());
        assert!(list(Some(1), None).is_err());
        assert_eq!(list(None, None), Ok(CommittedTable::default()));
    }

    #[test]
    fn ends_past_the_list_or_past_time_are_refused() {
        let list = CommittedTable { height: 4, commitment: Digest::default() };
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
