//! How often each entry of a fixed table is asked for.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::range_checker::SharedVariableRangeCheckerChip;

/// Values of a byte.
pub const BYTE_VALUES: u32 = 256;

/// The counters of the fixed tables. Threads that fill tables share one; the fixed tables are filled last.
#[derive(Debug, Default)]
pub struct Lookups {
    /// For [`crate::messages::RANGE`].
    pub range: SharedVariableRangeCheckerChip,
    /// For [`crate::messages::BYTES`].
    pub bytes: ByteCounter,
}

/// Lookups of two bytes and their bitwise and.
#[derive(Debug)]
pub struct ByteCounter {
    /// By `256 x + y`.
    counts: Box<[AtomicU32]>,
}

impl Default for ByteCounter {
    fn default() -> Self {
        Self { counts: (0..BYTE_VALUES * BYTE_VALUES).map(|_| AtomicU32::new(0)).collect() }
    }
}

impl ByteCounter {
    /// One more lookup of `x` and `y`. A false one is not counted: no table has it, and the proof will not verify.
    #[inline]
    pub fn count(&self, x: u32, y: u32) {
        if x < BYTE_VALUES && y < BYTE_VALUES {
            self.counts[(x * BYTE_VALUES + y) as usize].fetch_add(1, Relaxed);
        }
    }

    /// Lookups of `x` and `y` so far; zero for what no table has.
    pub fn get(&self, x: u32, y: u32) -> u32 {
        if x < BYTE_VALUES && y < BYTE_VALUES { self.counts[(x * BYTE_VALUES + y) as usize].load(Relaxed) } else { 0 }
    }
}
