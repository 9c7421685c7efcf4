//! Counts of what was done to a memory.

use std::collections::BTreeMap;

use engram_memory::address::ACCESS_SIZES;
use serde::Serialize;

/// What was done in one space. Position *k* is for accesses of `2^k` cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SpaceMetrics {
    /// Reads.
    pub reads: [u64; ACCESS_SIZES.len()],
    /// Writes.
    pub writes: [u64; ACCESS_SIZES.len()],
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PerformanceMetrics {
    /// Reads of normal spaces.
    pub read_count: u64,
    /// Writes.
    pub write_count: u64,
    /// Reads of the identity space.
    pub identity_read_count: u64,
    /// Reads, of the identity space too, and writes.
    pub total_operations: u64,
    /// Increments of the timestamp without an access.
    pub increment_count: u64,
    /// The sum of these increments.
    pub idle_time: u64,
    /// Reads and writes of each normal space that was accessed.
    pub spaces: BTreeMap<u32, SpaceMetrics>,
}
