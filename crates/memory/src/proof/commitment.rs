//! Hashes outside of the circuit: the log's commitment and the digest over all roots.

use engram_air::{
    F, PrimeCharacteristicRing, PrimeField32, Trace,
    field::{DIGEST_CELLS, Digest, MODULUS},
    poseidon2::hash,
};
use engram_stark::{
    engine::{Committed, StarkProof},
    parameters::Parameters,
};

use super::ProofError;
use crate::{
    address::IDENTITY_SPACE,
    log::{MemoryLog, MemoryLogEntry},
};

/// A table with committed columns, as a commitment names it. It binds cells and not their shape, so the height is part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommittedTable {
    /// Zero where the table is absent.
    pub(crate) height: u32,
    pub(crate) commitment: Digest,
}

impl CommittedTable {
    /// The table that a proof has; `what` names it. Errors: a height without a commitment or the reverse, or too many rows.
    pub(crate) fn of_proof(
        proof: &StarkProof,
        circuit: usize,
        rows_max: usize,
        what: &str,
    ) -> Result<Self, ProofError> {
        Self::of(proof.height(circuit), proof.commitment(circuit), rows_max, what)
    }

    pub(crate) fn of(
        height: Option<usize>,
        commitment: Option<Digest>,
        rows_max: usize,
        what: &str,
    ) -> Result<Self, ProofError> {
        match (height, commitment) {
            (None, None) => Ok(Self::default()),
            (Some(height), Some(commitment)) if height <= rows_max => Ok(Self { height: height as u32, commitment }),
            (height, _) => Err(ProofError::Verify(format!("{what} has a height of {height:?}"))),
        }
    }

    /// The table that a prover commits to.
    pub(crate) fn commit(parameters: Parameters, trace: Option<&Trace>) -> Result<Self, ProofError> {
        let Some(trace) = trace else { return Ok(Self::default()) };
        let commitment = Committed::new(parameters, trace).map_err(ProofError::of_backend)?.commitment();
        Ok(Self { height: trace.height() as u32, commitment })
    }

    /// What is hashed of it.
    fn cells(&self) -> [F; 1 + DIGEST_CELLS] {
        let mut cells = [F::from_u32(self.height); 1 + DIGEST_CELLS];
        cells[1..].copy_from_slice(&self.commitment);
        cells
    }

    /// The digest of this table alone.
    pub(crate) fn digest(&self) -> Digest {
        hash(self.cells().into_iter())
    }
}

/// The commitment to a log, of the heights of all tables in order, zero for one that is absent; of the commitment to the columns of
/// all of them; and of what touches no memory.
pub(super) fn log_digest(heights: impl Iterator<Item = usize>, tables: &Digest, aside: &Digest) -> Digest {
    let heights = heights.map(F::from_usize);
    hash(heights.chain(*tables).chain(*aside).collect::<Vec<_>>().into_iter())
}

/// The digest over the roots of all normal spaces, in the configuration's order.
pub fn roots_digest(roots: &[Digest]) -> Digest {
    hash(roots.as_flattened().iter().copied())
}

/// Marks an increment of time.
const INCREMENT: u32 = 1;
/// Marks a read of the identity space.
const IDENTITY_READ: u32 = 2;

/// The digest of those entries of a log that touch no memory, each with its place.
pub(super) fn aside_digest(log: &MemoryLog) -> Digest {
    let mut cells = vec![];
    for (place, entry) in log.iter().enumerate() {
        let (mark, value) = match entry {
            MemoryLogEntry::IncrementTimestampBy(increment) => (INCREMENT, increment),
            MemoryLogEntry::Read { address_space: IDENTITY_SPACE, pointer, .. } => (IDENTITY_READ, pointer),
            _ => continue,
        };
        let place = place as u64;
        let limbs = [place & 0xffff, place >> 16 & 0xffff, place >> 32 & 0xffff, place >> 48];
        cells.extend(limbs.map(F::from_u64));
        cells.extend([mark, value & 0xffff, value >> 16].map(F::from_u32));
    }
    hash(cells.into_iter())
}

/// A cell as the integer below p.
pub(super) fn integer(cell: F) -> u32 {
    cell.as_canonical_u32()
}

/// A digest from the bytes of its eight integers, little-endian; nothing where one is p or more, or their number is another.
pub(super) fn digest_from_bytes(bytes: &[u8]) -> Option<Digest> {
    let (words, rest) = bytes.as_chunks::<4>();
    let integers: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let canonical = rest.is_empty() && integers.len() == DIGEST_CELLS && integers.iter().all(|&cell| cell < MODULUS);
    canonical.then(|| std::array::from_fn(|index| F::from_u32(integers[index])))
}
