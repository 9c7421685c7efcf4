//! How often each entry of a fixed table is asked for.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::messages::RANGE_BITS_MAX;

/// Values of a byte.
pub const BYTE_VALUES: u32 = 256;

/// The counters of the fixed tables. Threads that fill tables share one; the fixed tables are filled last.
#[derive(Debug, Default)]
pub struct Lookups {
    /// For [`crate::messages::RANGE`].
    pub range: RangeCounter,
    /// For [`crate::messages::BYTES`].
    pub bytes: ByteCounter,
}

/// Lookups of `value < 2^bits`, for `bits` from 0 to [`RANGE_BITS_MAX`].
#[derive(Debug)]
pub struct RangeCounter {
    /// By `2^bits - 1 + value`.
    counts: Box<[AtomicU32]>,
}

/// Lookups of two bytes and their bitwise and.
#[derive(Debug)]
pub struct ByteCounter {
    /// By `256 x + y`.
    counts: Box<[AtomicU32]>,
}

fn zeros(count: u32) -> Box<[AtomicU32]> {
    (0..count).map(|_| AtomicU32::new(0)).collect()
}

impl Default for RangeCounter {
    fn default() -> Self {
        Self { counts: zeros((2 << RANGE_BITS_MAX) - 1) }
    }
}

impl RangeCounter {
    /// One more lookup of `value < 2^bits`. A false one is not counted: no table has it, and the proof will not verify.
    #[inline]
    pub fn count(&self, value: u32, bits: u32) {
        if bits <= RANGE_BITS_MAX && value < 1 << bits {
            self.counts[((1 << bits) - 1 + value) as usize].fetch_add(1, Relaxed);
        }
    }

    /// Lookups of `value < 2^bits` so far; zero for what no table has.
    pub fn get(&self, value: u32, bits: u32) -> u32 {
        if bits <= RANGE_BITS_MAX && value < 1 << bits {
            self.counts[((1 << bits) - 1 + value) as usize].load(Relaxed)
        } else {
            0
        }
    }
}

impl Default for ByteCounter {
    fn default() -> Self {
        Self { counts: zeros(BYTE_VALUES * BYTE_VALUES) }
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
