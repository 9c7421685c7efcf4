//! A bundle of nodes: the bottom row is stored, the nodes between it and the top are computed.
//!
//! Record: which nodes of the bottom row are not those of zeros (16 bytes, bit `n` of the little-endian number for node
//! `n`), and their digests in order. A bundle of zeros has no record.

use crate::{
    geometry::{BUNDLE_NODES, BundleAt, Shape},
    hash::{Digest, TreeHash},
    page::parent,
};

/// The nodes of a bundle as a heap: the top at 1, the children of `n` at `2n` and `2n + 1`, the bottom row last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bundle {
    nodes: Box<[Digest]>,
}

impl Bundle {
    /// The bundle over a bottom row.
    fn over(row: &[Digest], bottom: u32, hash: &dyn TreeHash, zeros: &[Digest]) -> Self {
        let mut nodes = vec![[0; 32]; row.len()];
        nodes.extend(row);
        let (mut first, mut height) = (row.len() / 2, bottom as usize);
        while first > 0 {
            for node in first..2 * first {
                nodes[node] = parent(hash, zeros, height, &nodes[2 * node], &nodes[2 * node + 1]);
            }
            (first, height) = (first / 2, height + 1);
        }
        Self { nodes: nodes.into() }
    }

    /// Nodes in the bottom row.
    pub fn width(&self) -> usize {
        self.nodes.len() / 2
    }

    /// The node above all others.
    pub fn top(&self) -> Digest {
        self.nodes[1]
    }

    /// A node: `rise` counts rows from the bottom, `position` nodes from the left.
    pub fn node(&self, rise: u32, position: usize) -> Digest {
        self.nodes[(self.width() >> rise) + position]
    }

    /// The bottom row.
    pub fn row(&self) -> &[Digest] {
        &self.nodes[self.width()..]
    }

    /// A bundle with other nodes in its bottom row; `changes` are by ascending position.
    pub fn with(&self, changes: &[(usize, Digest)], bottom: u32, hash: &dyn TreeHash, zeros: &[Digest]) -> Self {
        let mut nodes = self.nodes.clone();
        let mut touched: Vec<usize> = changes.iter().map(|&(position, _)| self.width() + position).collect();
        for &(position, digest) in changes {
            nodes[self.width() + position] = digest;
        }
        let mut height = bottom as usize;
        while touched.first().is_some_and(|&node| node > 1) {
            for node in &mut touched {
                *node /= 2;
            }
            touched.dedup();
            for &node in &touched {
                nodes[node] = parent(hash, zeros, height, &nodes[2 * node], &nodes[2 * node + 1]);
            }
            height += 1;
        }
        Self { nodes }
    }

    /// The bundle of zeros at some place.
    pub fn zero(shape: &Shape, at: BundleAt, zeros: &[Digest]) -> Self {
        let bottom = shape.bottom(at.tier) as usize;
        let width = shape.width(at.tier);
        let mut nodes = vec![zeros[bottom]; 2 * width];
        for (node, digest) in nodes.iter_mut().enumerate().take(width).skip(1) {
            *digest = zeros[shape.top(at.tier) as usize - node.ilog2() as usize];
        }
        nodes[0] = [0; 32];
        Self { nodes: nodes.into() }
    }

    /// The record, or nothing for a bundle of zeros. `zero` is the digest of zeros in the bottom row.
    pub fn encode(&self, zero: &Digest) -> Option<Vec<u8>> {
        encode_row(self.row(), zero)
    }

    /// The bundle of a record, or what is wrong with it.
    pub fn decode(
        record: &[u8],
        shape: &Shape,
        at: BundleAt,
        hash: &dyn TreeHash,
        zeros: &[Digest],
    ) -> Result<Self, &'static str> {
        let bottom = shape.bottom(at.tier);
        let row = decode_row(record, shape.width(at.tier), hash, &zeros[bottom as usize])?;
        Ok(Self::over(&row, bottom, hash, zeros))
    }

    /// The bundle after its bottom row was changed by `edit`.
    pub fn edited(mut self, bottom: u32, hash: &dyn TreeHash, zeros: &[Digest], edit: impl Fn(&mut [Digest])) -> Self {
        let width = self.width();
        edit(&mut self.nodes[width..]);
        Self::over(self.row(), bottom, hash, zeros)
    }
}

/// A row as a record, or nothing where all of it is zeros.
pub(crate) fn encode_row(row: &[Digest], zero: &Digest) -> Option<Vec<u8>> {
    let mask = row.iter().enumerate().fold(0u128, |mask, (at, digest)| mask | u128::from(digest != zero) << at);
    if mask == 0 {
        return None;
    }
    let mut record = mask.to_le_bytes().to_vec();
    row.iter().filter(|digest| *digest != zero).for_each(|digest| record.extend(digest));
    Some(record)
}

fn decode_row(record: &[u8], width: usize, hash: &dyn TreeHash, zero: &Digest) -> Result<Vec<Digest>, &'static str> {
    let Some((mask, rest)) = record.split_first_chunk::<16>() else { return Err("it is too short") };
    let mask = u128::from_le_bytes(*mask);
    if mask == 0 {
        return Err("it says that all its nodes are zero");
    }
    if width < BUNDLE_NODES && mask >> width != 0 {
        return Err("it has nodes past its end");
    }
    let (digests, []) = rest.as_chunks::<32>() else { return Err("its length is wrong") };
    if digests.len() != mask.count_ones() as usize {
        return Err("its length is wrong");
    }
    let mut row = vec![*zero; width];
    let places = (0..width).filter(|place| mask >> place & 1 == 1);
    for (place, digest) in places.zip(digests) {
        if digest == zero || !hash.is_digest(digest) {
            return Err("it has bytes that are no digest of something stored");
        }
        row[place] = *digest;
    }
    Ok(row)
}
