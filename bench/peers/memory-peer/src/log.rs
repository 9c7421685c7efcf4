//! The log that both memories prove.

use anyhow::{Result, ensure};
use clap::ValueEnum;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Cells of a block: the largest access, and the only one that OpenVM's memory has.
pub const BLOCK_CELLS: usize = 4;
/// Most accesses: engram's tables of reads and of writes have up to 2^20 rows each.
const ACCESSES_MAX: usize = 1 << 21;
/// Most blocks: all cells fit both memories many times.
const BLOCKS_MAX: usize = 1 << 24;

/// Which accesses a log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Whole blocks.
    Words,
    /// Whole blocks, halves and single cells, as 2 : 1 : 1, at the same places.
    Mixed,
}

impl Shape {
    /// Cells of accesses, each of the same frequency.
    fn lens(self) -> &'static [usize] {
        match self {
            Self::Words => &[4],
            Self::Mixed => &[4, 2, 4, 1],
        }
    }
}

/// An access to memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// First cell: a multiple of `len`.
    pub pointer: usize,
    /// How many cells: 1, 2 or 4.
    pub len: usize,
    /// What is written, `len` cells; nothing for a read. OpenVM's main memory has cells of 8 bits.
    pub written: Option<Vec<u8>>,
}

/// A log of so many accesses anywhere in so many blocks, the same for the same seed. Half of the accesses of each size are writes,
/// in random order.
///
/// # Errors
/// When there are no accesses or blocks, or too many; and when the sizes are not equally frequent in so many accesses.
pub fn generate(shape: Shape, accesses: usize, blocks: usize, seed: u64) -> Result<Vec<Access>> {
    let period = 2 * shape.lens().len();
    ensure!(
        (1..=ACCESSES_MAX).contains(&accesses) && accesses.is_multiple_of(period),
        "a log has up to {ACCESSES_MAX} accesses, a multiple of {period}, and not {accesses}"
    );
    ensure!((1..=BLOCKS_MAX).contains(&blocks), "memory has 1 to {BLOCKS_MAX} blocks, and not {blocks}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let kind = |number: usize| (number.is_multiple_of(2), shape.lens()[number / 2 % shape.lens().len()]);
    let mut kinds: Vec<(bool, usize)> = (0..accesses).map(kind).collect();
    kinds.shuffle(&mut random);
    let access = |(write, len): (bool, usize)| Access {
        pointer: random.random_range(0..blocks * BLOCK_CELLS / len) * len,
        len,
        written: write.then(|| (0..len).map(|_| random.random()).collect()),
    };
    Ok(kinds.into_iter().map(access).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_its_seed_and_has_what_its_shape_says() {
        for (shape, shares) in [(Shape::Words, [0, 0, 16]), (Shape::Mixed, [4, 4, 8])] {
            let log = generate(shape, 1 << 10, 50, 3).unwrap();
            assert_eq!(log, generate(shape, 1 << 10, 50, 3).unwrap());
            assert_ne!(log, generate(shape, 1 << 10, 50, 4).unwrap());
            for (len, share) in [1, 2, 4].into_iter().zip(shares) {
                let reads = log.iter().filter(|access| access.len == len && access.written.is_none()).count();
                let writes =
                    log.iter().filter(|access| access.written.as_ref().is_some_and(|cells| cells.len() == len));
                assert_eq!((reads, writes.count()), (32 * share, 32 * share), "{len} cells in {shape:?}");
            }
            assert!(log.iter().all(|access| access.pointer.is_multiple_of(access.len) && access.pointer < 200));
        }
    }

    #[test]
    fn logs_that_cannot_be_are_refused() {
        for (shape, accesses, blocks) in [
            (Shape::Words, 0, 1),
            (Shape::Words, 3, 1),
            (Shape::Mixed, 4, 1),
            (Shape::Words, 1 << 22, 1),
            (Shape::Words, 2, 0),
        ] {
            assert!(generate(shape, accesses, blocks, 0).is_err(), "{shape:?} {accesses} {blocks}");
        }
    }
}
