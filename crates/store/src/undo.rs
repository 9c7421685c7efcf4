//! What a commit replaced, so that earlier generations can still be read.
//!
//! A record of generation `g` turns a page, or the bottom row of a bundle, as `g` has it into what `g - 1` had. Record:
//! which blocks of 32 bytes differ and which of these were not zero (16 bytes each, bit `n` for block `n`), then those
//! that were not zero in order. *Zero* is a leaf of zeros in a page, the digest of zeros in a bundle.

/// Earlier blocks of 32 bytes, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    /// Which blocks differ.
    pub changed: u128,
    nonzero: u128,
    blocks: Vec<[u8; 32]>,
}

impl Undo {
    /// What turns `after` back into `before`. Both have the same length, at most 128.
    pub fn between(before: &[[u8; 32]], after: &[[u8; 32]], zero: &[u8; 32]) -> Self {
        let (mut changed, mut nonzero, mut blocks) = (0, 0, vec![]);
        for (position, (before, after)) in before.iter().zip(after).enumerate() {
            if before != after {
                changed |= 1 << position;
                if before != zero {
                    nonzero |= 1 << position;
                    blocks.push(*before);
                }
            }
        }
        Self { changed, nonzero, blocks }
    }

    /// Put the earlier blocks back.
    pub fn apply(&self, blocks: &mut [[u8; 32]], zero: &[u8; 32]) {
        let mut earlier = self.blocks.iter();
        for (position, block) in blocks.iter_mut().enumerate() {
            if self.nonzero >> position & 1 == 1 {
                *block = *earlier.next().unwrap_or(zero);
            } else if self.changed >> position & 1 == 1 {
                *block = *zero;
            }
        }
    }

    /// The record.
    pub fn encode(&self) -> Vec<u8> {
        let mut record = Vec::with_capacity(32 + self.blocks.len() * 32);
        record.extend(self.changed.to_le_bytes());
        record.extend(self.nonzero.to_le_bytes());
        self.blocks.iter().for_each(|block| record.extend(block));
        record
    }

    /// What a record says, or what is wrong with it. What it puts back is checked with the page or bundle.
    pub fn decode(record: &[u8]) -> Result<Self, &'static str> {
        let Some((changed, rest)) = record.split_first_chunk::<16>() else { return Err("it is too short") };
        let Some((nonzero, rest)) = rest.split_first_chunk::<16>() else { return Err("it is too short") };
        let (changed, nonzero) = (u128::from_le_bytes(*changed), u128::from_le_bytes(*nonzero));
        let (blocks, []) = rest.as_chunks::<32>() else { return Err("its length is wrong") };
        if nonzero & !changed != 0 || blocks.len() != nonzero.count_ones() as usize {
            return Err("its length is wrong");
        }
        Ok(Self { changed, nonzero, blocks: blocks.to_vec() })
    }
}
