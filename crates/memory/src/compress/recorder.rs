//! Which compressions other tables ask for, and how often.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use engram_air::{PrimeField32, field::Digest};

/// A compression that is asked for.
#[derive(Clone, Debug)]
pub struct Compression {
    pub(super) input: [Digest; 2],
    pub(super) multiplicity: u32,
}

/// Compressions by how often they are asked for: fresh memory asks for those of zeros over and over.
#[derive(Clone, Debug, Default)]
pub struct Compressions {
    distinct: Vec<Compression>,
    /// Position in `distinct` by output.
    positions: HashMap<DigestKey, u32, BuildHasherDefault<DigestHasher>>,
}

impl Compressions {
    /// One more request for the digest of two digests. `out` is that digest; where it is not, the proof does not verify.
    pub fn record(&mut self, input: [Digest; 2], out: Digest) {
        let next = self.distinct.len() as u32;
        let position = *self.positions.entry(DigestKey(out)).or_insert(next);
        if position == next {
            self.distinct.push(Compression { input, multiplicity: 0 });
        }
        self.distinct[position as usize].multiplicity += 1;
    }

    /// The compressions that were asked for, each once.
    pub fn distinct(&self) -> &[Compression] {
        &self.distinct
    }

    /// Number of distinct compressions.
    pub fn len(&self) -> usize {
        self.distinct.len()
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.distinct.is_empty()
    }
}

/// A digest as a key: it is the output of a hash already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DigestKey(Digest);

impl std::hash::Hash for DigestKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [low, high, ..] = self.0.map(|cell| u64::from(cell.as_canonical_u32()));
        state.write_u64(low | high << 32);
    }
}

/// Spreads the two cells of a [`DigestKey`] over all bits.
#[derive(Debug, Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u64(&mut self, value: u64) {
        // The map takes its top seven bits as a tag, which cells below 2^31 leave almost constant.
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
