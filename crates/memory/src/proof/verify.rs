//! Checking a proof over a log.

use std::sync::Arc;

use engram_air::{Circuit, F, field::Digest};
use engram_stark::{
    engine::{EngineError, StarkProof, verifying_key},
    parameters::Parameters,
};

use super::{
    MemoryProof, ProofError, circuits,
    commitment::{log_digest, roots_digest},
};
use crate::{
    config::MemoryConfig,
    log_table::{self, ROWS_MAX},
    roots::roots_of,
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
    ///
    /// # Errors
    /// The proof does not hold, or is of another configuration.
    pub fn verify(&self, config: &MemoryConfig) -> Result<MemoryStatement, ProofError> {
        let circuits: Vec<Arc<_>> = circuits(config).into_iter().map(Arc::new).collect();
        check(&circuits, self.parameters, &self.proof)?;
        let log_tables = log_table::tables(config).len();
        (0..log_tables).try_for_each(|table| check_height(self.proof.height(table)))?;
        let position = log_tables + tables::ROOTS;
        let heights = (0..circuits.len()).map(|table| self.proof.height(table).unwrap_or(0));
        let [initial_roots, final_roots] = roots(self.proof.publics(position), config)?;
        Ok(MemoryStatement {
            initial_root: roots_digest(&initial_roots),
            final_root: roots_digest(&final_roots),
            initial_roots,
            final_roots,
            log_commitment: log_digest(heights, &self.proof.common_commitment(), &self.aside),
        })
    }
}

/// A table of the log is no higher than timestamps allow.
fn check_height(height: Option<usize>) -> Result<(), ProofError> {
    match height {
        Some(rows) if rows > ROWS_MAX => {
            Err(ProofError::Verify(format!("a table of the log has {rows} rows, and may have {ROWS_MAX}")))
        }
        _ => Ok(()),
    }
}

/// The proof holds for these circuits, with as much security as is asked for.
pub(crate) fn check(circuits: &[Arc<Circuit>], parameters: Parameters, proof: &StarkProof) -> Result<(), ProofError> {
    let refuse = |error: EngineError| ProofError::Verify(error.to_string());
    let key = verifying_key(circuits, parameters).map_err(refuse)?;
    let bits = key.security_bits();
    if bits < SECURITY_BITS_MIN {
        return Err(ProofError::Verify(format!(
            "its parameters give {bits:.1} bits of security, fewer than {SECURITY_BITS_MIN}"
        )));
    }
    key.verify(proof).map_err(refuse)
}

/// The roots of all normal spaces before and after, from the public values of [`crate::roots`].
pub(crate) fn roots(publics: &[F], config: &MemoryConfig) -> Result<[Vec<Digest>; 2], ProofError> {
    roots_of(config.layout(), publics)
        .ok_or_else(|| ProofError::Verify("it has other roots than the configuration has spaces".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With more rows, timestamps could pass 2^29.
    #[test]
    fn a_table_of_too_many_rows_is_refused() {
        assert!(check_height(Some(ROWS_MAX)).is_ok());
        assert!(check_height(Some(2 * ROWS_MAX)).is_err());
        assert!(check_height(None).is_ok());
    }
}
