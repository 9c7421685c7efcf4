//! The range checker that threads share while they fill rows.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use engram_air::{CircuitBuilder, Count, Expr};

use crate::{
    config::{MemoryConfig, RANGE_BITS_DEFAULT},
    error::MemoryError,
    messages::{RANGE, RANGE_BITS_MAX, range_message},
};

/// Checks that integers are below a power of two: what circuits look up, and how often rows have.
///
/// Clones share their counts. A check of up to 17 bits is one lookup. A wider one, up to 32 bits, is two: of the low 17 bits
/// and of the rest. Both are columns of whoever asks.
#[derive(Clone, Debug)]
pub struct SharedVariableRangeCheckerChip {
    /// How often `value < 2^bits` was looked up, for `bits` from 0 to [`RANGE_BITS_MAX`], by `2^bits - 1 + value`.
    counts: Arc<[AtomicU32]>,
    bits_max: u32,
}

impl Default for SharedVariableRangeCheckerChip {
    /// A checker of up to [`RANGE_BITS_DEFAULT`] bits.
    fn default() -> Self {
        Self::of_bits(RANGE_BITS_DEFAULT)
    }
}

impl SharedVariableRangeCheckerChip {
    /// A checker of up to the configuration's range bits, with nothing looked up yet.
    pub fn new(config: &MemoryConfig) -> Self {
        Self::of_bits(config.range_bits())
    }

    fn of_bits(bits_max: u32) -> Self {
        Self { counts: (0..(2 << RANGE_BITS_MAX) - 1).map(|_| AtomicU32::new(0)).collect(), bits_max }
    }

    /// Bits of the widest check.
    pub fn bits_max(&self) -> u32 {
        self.bits_max
    }

    /// Count a row's check that `value < 2^bits`, and return the limbs that the row looks up: the low 17 bits and the rest,
    /// which is zero and not looked up where `bits` is at most 17.
    ///
    /// # Errors
    /// A wider check than the checker answers; a value that does not fit, of which nothing is counted.
    pub fn check(&self, value: u32, bits: u32) -> Result<[u32; 2], MemoryError> {
        if bits > self.bits_max {
            return Err(MemoryError::RangeTooWide { bits, bits_max: self.bits_max });
        }
        if u64::from(value) >= 1 << bits {
            return Err(MemoryError::OutOfRange { value, bits });
        }
        let [low, high] = limbs(value, bits);
        self.count(low, bits.min(RANGE_BITS_MAX));
        if let Some(bits) = bits.checked_sub(RANGE_BITS_MAX).filter(|&bits| bits > 0) {
            self.count(high, bits);
        }
        Ok([low, high])
    }

    /// Ask in a circuit, where `enabled` is one, that `value < 2^bits`, with `bits` at most 17.
    pub fn ask(circuit: &mut CircuitBuilder, label: impl Into<String>, value: Expr, bits: u32, enabled: &Count) {
        debug_assert!(bits <= RANGE_BITS_MAX, "a lookup has at most 17 bits");
        circuit.lookup(RANGE, label, range_message(value, bits), enabled);
    }

    /// One more lookup of `value < 2^bits`, whatever width the configuration gives to others. A false one is not counted: no
    /// table has it, and the proof will not verify.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects,
        reason = "only provers run it"
    )]
    pub fn count(&self, value: u32, bits: u32) {
        if bits <= RANGE_BITS_MAX && value < 1 << bits {
            self.counts[((1 << bits) - 1 + value) as usize].fetch_add(1, Relaxed);
        }
    }

    /// Lookups of `value < 2^bits` so far; zero for what no table has.
    #[expect(
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects,
        reason = "only provers run it"
    )]
    pub fn get(&self, value: u32, bits: u32) -> u32 {
        if bits <= RANGE_BITS_MAX && value < 1 << bits {
            self.counts[((1 << bits) - 1 + value) as usize].load(Relaxed)
        } else {
            0
        }
    }
}

fn limbs(value: u32, bits: u32) -> [u32; 2] {
    if bits <= RANGE_BITS_MAX { [value, 0] } else { [value % (1 << RANGE_BITS_MAX), value >> RANGE_BITS_MAX] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MemoryConfigBuilder;

    #[test]
    fn checks_are_counted_by_all_clones() {
        let chip = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let chip = chip.clone();
                scope.spawn(move || (0..100).for_each(|value| assert_eq!(chip.check(value, 7), Ok([value, 0]))));
            }
        });
        assert_eq!((chip.get(99, 7), chip.get(100, 7)), (4, 0));
        assert_eq!(chip.check(u32::MAX, 32), Ok([0x1ffff, 0x7fff]));
        assert_eq!((chip.get(0x1ffff, 17), chip.get(0x7fff, 15)), (1, 1));
    }

    #[test]
    fn what_cannot_be_proven_is_refused_and_not_counted() {
        let config = MemoryConfigBuilder::new().with_range_bits(16).build().unwrap();
        let chip = SharedVariableRangeCheckerChip::new(&config);
        assert_eq!(chip.check(0, 17), Err(MemoryError::RangeTooWide { bits: 17, bits_max: 16 }));
        assert_eq!(chip.check(256, 8), Err(MemoryError::OutOfRange { value: 256, bits: 8 }));
        assert_eq!(chip.check(1, 0), Err(MemoryError::OutOfRange { value: 1, bits: 0 }));
        assert!(chip.witnesses().iter().all(|witness| witness.trace.is_none()));
    }
}
