//! An earlier generation of a persistent memory.

use crate::Snapshot;
use engram_air::{F, field::Digest};
use engram_memory::{config::MemoryConfig, online::Memory, proof::roots_digest};

use super::{
    error::PersistentError,
    layout::{CellRange, cell, decoded_roots},
};

/// A generation as it was committed, to read. All that it reads is checked against its roots.
pub struct PersistentSnapshot {
    snapshot: Snapshot,
    config: MemoryConfig,
}

impl std::fmt::Debug for PersistentSnapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PersistentSnapshot").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

impl PersistentSnapshot {
    pub(super) fn new(snapshot: Snapshot, config: MemoryConfig) -> Self {
        Self { snapshot, config }
    }

    /// Its number.
    pub fn generation(&self) -> u64 {
        self.snapshot.info().generation
    }

    /// The digest over the roots of all normal spaces.
    ///
    /// # Errors
    /// Stored roots that are no digests.
    pub fn root(&self) -> Result<Digest, PersistentError> {
        Ok(roots_digest(&self.roots()?))
    }

    /// The root of each normal space, in the configuration's order.
    ///
    /// # Errors
    /// Stored roots that are no digests.
    pub fn roots(&self) -> Result<Vec<Digest>, PersistentError> {
        decoded_roots(&self.snapshot.info().roots)
    }

    /// Read `len` cells. Nothing is logged.
    ///
    /// # Errors
    /// Those of online memory; stored bytes that do not hash to the root.
    pub fn read(&self, space: u32, pointer: u32, len: usize) -> Result<Vec<F>, PersistentError> {
        // It says whether the access is possible, and reads the identity space.
        let (_, checked) = Memory::new(&self.config).read_dynamic(space, pointer, len)?;
        let Some(range) = CellRange::of(&self.config, space, pointer, len) else { return Ok(checked) };
        let mut cells = Vec::with_capacity(len);
        let mut leaf = None;
        for (at, place) in range.places() {
            let words = match leaf {
                Some((of, words)) if of == at => words,
                _ => self.snapshot.read_leaf(at.0, at.1)?,
            };
            leaf = Some((at, words));
            cells.push(cell(&words, place));
        }
        Ok(cells)
    }
}
