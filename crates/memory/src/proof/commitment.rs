//! Hashes outside of the circuit: the log's commitment and the digest over all roots.

use engram_air::{
    F, PrimeCharacteristicRing, PrimeField32,
    field::{DIGEST_CELLS, Digest, MODULUS},
    poseidon2::hash,
};

use crate::{
    address::IDENTITY_SPACE,
    log::{MemoryLog, MemoryLogEntry},
};

/// The commitment to a log, of the heights of all tables in order, zero for one that is absent; of the commitment to the columns of
/// all of them; and of what touches no memory.
pub(super) fn log_digest(heights: impl Iterator<Item = usize>, tables: &Digest, aside: &Digest) -> Digest {
    let heights = heights.map(F::from_usize);
    hash(heights.chain(*tables).chain(*aside).collect::<Vec<_>>().into_iter())
}

/// The digest over the roots of all normal spaces, in the configuration's order.
pub fn roots_digest(roots: &[Digest]) -> Digest {
    hash(roots.as_flattened().iter().copied())
}

/// Marks an increment of time.
const INCREMENT: u32 = 1;
/// Marks a read of the identity space.
const IDENTITY_READ: u32 = 2;

/// The digest of those entries of a log that touch no memory, each with its place.
pub(super) fn aside_digest(log: &MemoryLog) -> Digest {
    let mut cells = vec![];
    for (place, entry) in log.iter().enumerate() {
        let (mark, value) = match entry {
            MemoryLogEntry::IncrementTimestampBy(increment) => (INCREMENT, increment),
            MemoryLogEntry::Read { address_space: IDENTITY_SPACE, pointer, .. } => (IDENTITY_READ, pointer),
            _ => continue,
        };
        let place = place as u64;
        let limbs = [place & 0xffff, place >> 16 & 0xffff, place >> 32 & 0xffff, place >> 48];
        cells.extend(limbs.map(F::from_u64));
        cells.extend([mark, value & 0xffff, value >> 16].map(F::from_u32));
    }
    hash(cells.into_iter())
}

/// A cell as the integer below p.
pub(super) fn integer(cell: F) -> u32 {
    cell.as_canonical_u32()
}

/// A digest from the bytes of its eight integers, little-endian; nothing where one is p or more, or their number is another.
pub(super) fn digest_from_bytes(bytes: &[u8]) -> Option<Digest> {
    let (words, rest) = bytes.as_chunks::<4>();
    let integers: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let canonical = rest.is_empty() && integers.len() == DIGEST_CELLS && integers.iter().all(|&cell| cell < MODULUS);
    canonical.then(|| std::array::from_fn(|index| F::from_u32(integers[index])))
}
