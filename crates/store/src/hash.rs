//! The hash of the trees, as a parameter, and what follows from it: digests of zeros, and seals of records.

/// Bytes in a leaf.
pub const LEAF_BYTES: usize = 32;

/// A leaf: 8 words, little-endian, in order.
pub type Leaf = [u8; LEAF_BYTES];

/// What a leaf or a node hashes to. Opaque here.
pub type Digest = [u8; 32];

/// The hash function of a store's Merkle trees.
///
/// It must be collision resistant: all that a store promises about content rests on that. The bytes that it is asked to
/// hash may come from a damaged file, so no method may panic, whatever the bytes.
pub trait TreeHash: Send + Sync {
    /// The digest of a leaf: 8 words, little-endian, in order.
    fn leaf(&self, bytes: &Leaf) -> Digest;

    /// The digest of a node, from those of its children.
    fn node(&self, left: &Digest, right: &Digest) -> Digest;

    /// Whether these bytes are a digest as the functions above write it.
    ///
    /// Digests read from a file are refused where this is false. A hash over a field, whose digests have several
    /// encodings if numbers need not be reduced, accepts the reduced one only; then equal roots mean equal files.
    fn is_digest(&self, bytes: &Digest) -> bool;
}

/// The digest of a subtree of zeros at each height, leaves first; `height_max` + 1 of them.
pub(crate) fn zero_digests(hash: &dyn TreeHash, height_max: u32) -> Vec<Digest> {
    let mut digests = vec![hash.leaf(&[0; 32])];
    for height in 0..height_max as usize {
        digests.push(hash.node(&digests[height], &digests[height]));
    }
    digests
}

/// A value that tells one hash from another: it is stored, so that a store is not opened with the wrong one.
pub(crate) fn fingerprint(hash: &dyn TreeHash) -> Digest {
    let counting: Leaf = std::array::from_fn(|position| position as u8);
    hash.node(&hash.leaf(&counting), &hash.leaf(&[0; 32]))
}

/// A digest of bytes of any length, for records that are no leaves. The length comes first, so that no two byte strings
/// are hashed alike.
pub(crate) fn seal(hash: &dyn TreeHash, bytes: &[u8]) -> Digest {
    let mut first = [0; 32];
    first[..8].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    bytes.chunks(32).fold(hash.leaf(&first), |digest, chunk| {
        let mut block = [0; 32];
        block[..chunk.len()].copy_from_slice(chunk);
        hash.node(&digest, &hash.leaf(&block))
    })
}
