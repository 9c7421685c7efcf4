//! Hashes outside of the circuit: the log's commitment and the digest over all roots.

use engram_air::{
    F, PrimeCharacteristicRing, PrimeField32,
    field::{DIGEST_CELLS, Digest, MODULUS},
    poseidon2::hash,
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

/// A cell as the integer below p.
pub(super) fn integer(cell: F) -> u32 {
    cell.as_canonical_u32()
}

/// A digest from the bytes of its eight integers, little-endian; nothing where one is p or more, or their number is another.
pub(super) fn digest_from_bytes(bytes: &[u8]) -> Option<Digest> {
    let (words, rest) = bytes.as_chunks::<4>();
    let integers: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let integers: [u32; DIGEST_CELLS] = integers.try_into().ok()?;
    let canonical = rest.is_empty() && integers.iter().all(|&cell| cell < MODULUS);
    canonical.then(|| integers.map(F::from_u32))
}
