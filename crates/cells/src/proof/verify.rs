//! Checking a proof over a log.

use std::sync::Arc;

use engram_air::{
    engine::verifying_key,
    field::{DIGEST_CELLS, Digest},
};

use super::{
    MemoryProof, ProofError, circuits,
    commitment::{CommittedTable, log_digest, roots_digest},
};
use crate::{
    access::{self, ROWS_MAX},
    config::MemoryConfig,
    tables,
};

/// Bits of proven security that a proof must have.
pub const SECURITY_BITS_MIN: f64 = 100.0;

/// What a proof over a log says: memory went from the initial to the final root by the accesses of the committed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryStatement {
    /// Digest over the roots of all normal spaces before.
    pub initial_root: Digest,
    /// Digest over the roots of all normal spaces after.
    pub final_root: Digest,
    /// Root of each normal space before, in the configuration's order.
    pub initial_roots: Vec<Digest>,
    /// Root of each normal space after.
    pub final_roots: Vec<Digest>,
    /// Commitment to the log.
    pub log_commitment: Digest,
}

impl MemoryProof {
    /// Check the proof against a configuration, and say what it proves. Whether the roots and the log are the wanted ones
    /// is the caller's to check.
    pub fn verify(&self, config: &MemoryConfig) -> Result<MemoryStatement, ProofError> {
        let refuse = |what: String| ProofError::Verify(what);
        let circuits: Vec<Arc<_>> = circuits(config).into_iter().map(Arc::new).collect();
        let key = verifying_key(&circuits, self.parameters).map_err(|error| refuse(error.to_string()))?;
        let bits = key.security_bits();
        if bits < SECURITY_BITS_MIN {
            return Err(refuse(format!(
                "its parameters give {bits:.1} bits of security, fewer than {SECURITY_BITS_MIN}"
            )));
        }
        key.verify(&self.proof).map_err(|error| refuse(error.to_string()))?;
        let committed = self.committed_tables(config)?;
        let roots = self.proof.publics(access::tables(config).len() + tables::ROOTS);
        let (roots, rest) = roots.as_chunks::<DIGEST_CELLS>();
        if !rest.is_empty() || roots.len() != 2 * config.normal_spaces().len() {
            return Err(refuse("it has other roots than the configuration has spaces".into()));
        }
        let side = |side: usize| -> Vec<Digest> { roots.iter().copied().skip(side).step_by(2).collect() };
        let (initial_roots, final_roots) = (side(0), side(1));
        Ok(MemoryStatement {
            initial_root: roots_digest(&initial_roots),
            final_root: roots_digest(&final_roots),
            initial_roots,
            final_roots,
            log_commitment: log_digest(&committed, &self.aside),
        })
    }

    /// The log's tables, no higher than times allow.
    fn committed_tables(&self, config: &MemoryConfig) -> Result<Vec<CommittedTable>, ProofError> {
        let table = |circuit| committed_table(self.proof.height(circuit), self.proof.commitment(circuit));
        (0..access::tables(config).len()).map(table).collect()
    }
}

/// A log's table, as a proof has it.
fn committed_table(height: Option<usize>, commitment: Option<Digest>) -> Result<CommittedTable, ProofError> {
    match (height, commitment) {
        (None, None) => Ok(CommittedTable::default()),
        (Some(height), Some(commitment)) if height <= ROWS_MAX => {
            Ok(CommittedTable { height: height as u32, commitment })
        }
        (height, _) => Err(ProofError::Verify(format!("a table of the log has a height of {height:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With more rows, times could pass 2^29.
    #[test]
    fn a_table_of_too_many_rows_is_refused() {
        let commitment = Some(Digest::default());
        assert!(committed_table(Some(ROWS_MAX), commitment).is_ok());
        assert!(committed_table(Some(2 * ROWS_MAX), commitment).is_err());
        assert!(committed_table(Some(1), None).is_err());
        assert!(committed_table(None, None).is_ok());
    }
}
