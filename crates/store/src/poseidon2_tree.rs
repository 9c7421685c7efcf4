//! Poseidon2 as the hash of a store, and digests as bytes.

use crate::{StoreError, TreeHash};
use engram_air::{
    F, PrimeCharacteristicRing, PrimeField32,
    field::{Digest, MODULUS},
    poseidon2::compress,
};
use engram_memory::{
    address::{LEAF_WORDS, leaf_cells},
    tree::leaf_digest,
};

/// Bytes of a field element.
const ELEMENT_BYTES: usize = 4;

/// The hash of the machine's Merkle trees.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poseidon2Tree;

/// A digest as 32 bytes: each element as its number from 0 to p − 1, four bytes, highest first. In hexadecimal digits it is
/// what `engram` prints.
pub fn digest_bytes(digest: &Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (slot, element) in bytes.as_chunks_mut::<ELEMENT_BYTES>().0.iter_mut().zip(digest) {
        *slot = element.as_canonical_u32().to_be_bytes();
    }
    bytes
}

/// The digest that these bytes are; `None` where a number is not below p.
pub fn digest_of(bytes: &[u8; 32]) -> Option<Digest> {
    is_digest(bytes).then(|| elements(bytes))
}

/// A digest that a store holds.
pub(crate) fn stored_digest(bytes: &[u8; 32], reason: &str) -> Result<Digest, StoreError> {
    digest_of(bytes).ok_or_else(|| StoreError::NotAStore { reason: reason.to_owned() })
}

fn is_digest(bytes: &[u8; 32]) -> bool {
    bytes.as_chunks::<ELEMENT_BYTES>().0.iter().all(|element| u32::from_be_bytes(*element) < MODULUS)
}

/// Numbers are taken modulo p.
fn elements(bytes: &[u8; 32]) -> Digest {
    let elements = bytes.as_chunks::<ELEMENT_BYTES>().0;
    std::array::from_fn(|index| F::from_u32(u32::from_be_bytes(elements[index]) % MODULUS))
}

impl TreeHash for Poseidon2Tree {
    fn leaf(&self, bytes: &[u8; 32]) -> [u8; 32] {
        let words = bytes.as_chunks::<4>().0;
        let words: [u32; LEAF_WORDS] = std::array::from_fn(|index| u32::from_le_bytes(words[index]));
        digest_bytes(&leaf_digest(&leaf_cells(&words)))
    }

    fn node(&self, left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        digest_bytes(&compress(&elements(left), &elements(right)))
    }

    fn is_digest(&self, bytes: &[u8; 32]) -> bool {
        is_digest(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_digests_are_one_to_one() {
        let digest: Digest = std::array::from_fn(|index| F::from_u32(MODULUS - 1 - index as u32));
        let bytes = digest_bytes(&digest);
        assert_eq!(bytes[..4], (MODULUS - 1).to_be_bytes());
        assert_eq!(digest_of(&bytes), Some(digest));
        let mut unreduced = bytes;
        unreduced[4..8].copy_from_slice(&MODULUS.to_be_bytes());
        assert_eq!(digest_of(&unreduced), None);
        assert!(!Poseidon2Tree.is_digest(&unreduced));
    }

    #[test]
    fn leaves_and_nodes_hash_as_the_machine_hashes_them() {
        let words = [1, 2, 3, 4, 5, 6, 7, 0xffff_ffff_u32];
        let mut bytes = [0; 32];
        bytes.as_chunks_mut::<4>().0.iter_mut().zip(words).for_each(|(slot, word)| *slot = word.to_le_bytes());
        let leaf = Poseidon2Tree.leaf(&bytes);
        assert_eq!(digest_of(&leaf), Some(leaf_digest(&leaf_cells(&words))));
        let node = digest_of(&Poseidon2Tree.node(&leaf, &leaf));
        assert_eq!(node, Some(compress(&leaf_digest(&leaf_cells(&words)), &leaf_digest(&leaf_cells(&words)))));
    }
}
