//! The range checker that threads share while they fill rows.

use std::sync::Arc;

use engram_air::{Circuit, CircuitBuilder, Expr};
use engram_memory::{
    RangeCounter,
    messages::{RANGE, RANGE_BITS_MAX, range_message},
    range,
};
use engram_stark::engine::Witness;

use crate::{config::MemoryConfig, error::MemoryError};

/// Checks that integers are below a power of two: what circuits ask, and how often rows have asked.
///
/// Clones share their counts. A check of up to 17 bits is one lookup. A wider one, up to 32 bits, is two: of the low 17 bits
/// and of the rest. Both are columns of whoever asks.
#[derive(Clone, Debug)]
pub struct SharedVariableRangeCheckerChip {
    counter: Arc<RangeCounter>,
    bits_max: u32,
}

/// Number of [`SharedVariableRangeCheckerChip::circuits`].
pub(crate) const RANGE_CIRCUITS: usize = 2;

impl SharedVariableRangeCheckerChip {
    /// A checker of up to the configuration's range bits, with nothing asked yet.
    pub fn new(config: &MemoryConfig) -> Self {
        Self { counter: Arc::default(), bits_max: config.range_bits() }
    }

    /// Bits of the widest check.
    pub fn bits_max(&self) -> u32 {
        self.bits_max
    }

    /// Count a row's check that `value < 2^bits`, and return the limbs that the row asks about: the low 17 bits and the rest,
    /// which is zero and not asked about where `bits` is at most 17. Errors: a wider check than the checker answers; a
    /// value that does not fit, of which nothing is counted.
    pub fn check(&self, value: u32, bits: u32) -> Result<[u32; 2], MemoryError> {
        if bits > self.bits_max {
            return Err(MemoryError::RangeTooWide { bits, bits_max: self.bits_max });
        }
        if u64::from(value) >= 1 << bits {
            return Err(MemoryError::OutOfRange { value, bits });
        }
        let limbs = limbs(value, bits);
        self.counter.count(limbs[0], bits.min(RANGE_BITS_MAX));
        if bits > RANGE_BITS_MAX {
            self.counter.count(limbs[1], bits - RANGE_BITS_MAX);
        }
        Ok(limbs)
    }

    /// Ask in a circuit, where `enabled` is one, that `value < 2^bits`, with `bits` at most 17. The caller shows that `enabled`
    /// is boolean.
    pub fn ask(circuit: &mut CircuitBuilder, label: impl Into<String>, value: Expr, bits: u32, enabled: Expr) {
        debug_assert!(bits <= RANGE_BITS_MAX, "a lookup has at most 17 bits");
        circuit.lookup(RANGE, label, range_message(value, bits), enabled);
    }

    /// Count a lookup of the crate's own tables, whatever width the configuration gives to others.
    pub(crate) fn count(&self, value: u32, bits: u32) {
        self.counter.count(value, bits);
    }

    /// The circuits that answer.
    pub fn circuits() -> [Circuit; RANGE_CIRCUITS] {
        [range::circuit(), range::narrow_circuit()]
    }

    /// The witnesses of [`Self::circuits`], once all rows have asked.
    pub fn witnesses(&self) -> [Witness; RANGE_CIRCUITS] {
        [range::trace(&self.counter), range::narrow_trace(&self.counter)]
            .map(|trace| Witness { trace, ..Default::default() })
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
        assert_eq!((chip.counter.get(99, 7), chip.counter.get(100, 7)), (4, 0));
        assert_eq!(chip.check(u32::MAX, 32), Ok([0x1ffff, 0x7fff]));
        assert_eq!((chip.counter.get(0x1ffff, 17), chip.counter.get(0x7fff, 15)), (1, 1));
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
