//! What a store is made for: its address spaces and its program, and how much it keeps.

use crate::{
    error::{Limit, StoreError},
    hash::Digest,
    space::Space,
};

/// Most address spaces of a store.
pub const SPACES_MAX: usize = 16;
/// Lowest tree of an address space: one group of 8 leaves.
pub const HEIGHT_MIN: u32 = 3;
/// Highest tree of an address space: leaf numbers are 32 bits.
pub const HEIGHT_MAX: u32 = 32;
/// Most generations that a store keeps.
pub const GENERATIONS_MAX: u64 = 64;
/// The last generation there can be.
pub const GENERATION_LAST: u64 = u64::MAX - 1;
/// Most bytes of metadata of a generation.
pub const METADATA_BYTES_MAX: usize = 4096;
/// Smallest cache, in bytes.
pub const CACHE_BYTES_MIN: usize = 1 << 20;

/// What a store is made for.
///
/// The spaces and the program are written when a store is created, and opening it with others is an error. The rest
/// may differ from one opening to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The address spaces, 1 to [`SPACES_MAX`], in the order of [`crate::Store::roots`].
    pub spaces: Vec<Space>,
    /// Commitment to the program whose memory this is. Opaque; all zeros where there is none.
    pub program: Digest,
    /// How many generations can be read, the current one included: 1 to [`GENERATIONS_MAX`].
    pub generations_kept: u64,
    /// Memory for pages of the file, in bytes, at least [`CACHE_BYTES_MIN`].
    pub file_cache_bytes: usize,
    /// Memory for nodes whose path to the root has been checked, in bytes, at least [`CACHE_BYTES_MIN`].
    pub node_cache_bytes: usize,
}

impl StoreConfig {
    /// Defaults: 8 generations, 32 MiB of cache for the file, 16 MiB for nodes, no program.
    pub fn new(spaces: Vec<Space>) -> Self {
        Self { spaces, program: [0; 32], generations_kept: 8, file_cache_bytes: 32 << 20, node_cache_bytes: 16 << 20 }
    }

    /// Check every limit, and that space numbers are unique.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        check_spaces(&self.spaces)?;
        let limits = [
            (Limit::GenerationsKept, self.generations_kept, 1, GENERATIONS_MAX),
            (Limit::FileCacheBytes, self.file_cache_bytes as u64, CACHE_BYTES_MIN as u64, u64::MAX),
            (Limit::NodeCacheBytes, self.node_cache_bytes as u64, CACHE_BYTES_MIN as u64, u64::MAX),
        ];
        limits.into_iter().try_for_each(|(limit, found, min, max)| check_limit(limit, found, min, max))
    }
}

/// Check number, heights and uniqueness of spaces.
pub(crate) fn check_spaces(spaces: &[Space]) -> Result<(), StoreError> {
    check_limit(Limit::Spaces, spaces.len() as u64, 1, SPACES_MAX as u64)?;
    for (position, space) in spaces.iter().enumerate() {
        check_limit(Limit::Height, space.height.into(), HEIGHT_MIN.into(), HEIGHT_MAX.into())?;
        if spaces[..position].iter().any(|other| other.number == space.number) {
            return Err(StoreError::RepeatedSpace { space: space.number });
        }
    }
    Ok(())
}

/// An error unless `found` is from `min` to `max`.
pub(crate) fn check_limit(limit: Limit, found: u64, min: u64, max: u64) -> Result<(), StoreError> {
    if (min..=max).contains(&found) { Ok(()) } else { Err(StoreError::Limit { limit, found, min, max }) }
}
