//! A page of words, as leaves, and as the record that is stored for it.
//!
//! A page has 1024 words in 128 leaves. Its record holds the leaves that are not zero, and the digest of each *group* of 8
//! neighbouring leaves that is not zero. So one leaf is checked, or replaced, with some 30 hashes instead of 255, and
//! the room that it takes is free: a page of 4 KiB and its key never fit in one page of the file.
//!
//! Record: which leaves are not zero (16 bytes, bit `n` of the little-endian number for leaf `n`), the groups' digests in
//! order, the leaves in order. A page of zeros has no record.

use crate::hash::{Digest, LEAF_BYTES, Leaf, TreeHash};

/// Words in a leaf.
pub const LEAF_WORDS: usize = 8;
/// Words in a page: 4 KiB.
pub const PAGE_WORDS: usize = 1024;
/// Leaves in a page.
pub const PAGE_LEAVES: usize = PAGE_WORDS / LEAF_WORDS;

/// Height of a page's node above its leaves, in a space that is not smaller than a page.
pub(crate) const PAGE_HEIGHT: u32 = 7;
/// Height of a group's node above its leaves.
pub(crate) const GROUP_HEIGHT: u32 = 3;
/// Leaves in a group.
pub(crate) const GROUP_LEAVES: usize = 1 << GROUP_HEIGHT;
/// Groups in a page.
pub(crate) const PAGE_GROUPS: usize = PAGE_LEAVES / GROUP_LEAVES;

/// The words of a page.
pub type PageWords = [u32; PAGE_WORDS];

const ZERO_LEAF: Leaf = [0; LEAF_BYTES];

/// A page as leaves, with the digests of its groups.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub leaves: Box<[Leaf; PAGE_LEAVES]>,
    /// Meaningful for the groups that are in the page's space.
    pub groups: [Digest; PAGE_GROUPS],
}

/// Words as leaves.
pub(crate) fn leaves_of(words: &PageWords) -> Box<[Leaf; PAGE_LEAVES]> {
    let mut leaves = Box::new([ZERO_LEAF; PAGE_LEAVES]);
    for (leaf, words) in leaves.iter_mut().zip(words.as_chunks::<LEAF_WORDS>().0) {
        for (bytes, word) in leaf.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
    }
    leaves
}

/// Leaves as words.
pub(crate) fn words_of(leaves: &[Leaf; PAGE_LEAVES]) -> Box<PageWords> {
    let mut words = Box::new([0; PAGE_WORDS]);
    for (words, leaf) in words.as_chunks_mut::<LEAF_WORDS>().0.iter_mut().zip(leaves) {
        for (word, bytes) in words.iter_mut().zip(leaf.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }
    words
}

/// The digest of a group, from the digests of its leaves.
pub(crate) fn group_digest(hash: &dyn TreeHash, zeros: &[Digest], leaves: &[Leaf]) -> Digest {
    let mut digests = [zeros[0]; GROUP_LEAVES];
    for (digest, leaf) in digests.iter_mut().zip(leaves) {
        if *leaf != ZERO_LEAF {
            *digest = hash.leaf(leaf);
        }
    }
    fold(hash, zeros, 0, &mut digests)
}

/// The digest above `digests`, a power of two of neighbours at `height`, which are overwritten.
pub(crate) fn fold(hash: &dyn TreeHash, zeros: &[Digest], height: usize, digests: &mut [Digest]) -> Digest {
    let (mut count, mut height) = (digests.len(), height);
    while count > 1 {
        count /= 2;
        for position in 0..count {
            digests[position] = parent(hash, zeros, height, &digests[2 * position], &digests[2 * position + 1]);
        }
        height += 1;
    }
    digests[0]
}

/// The digest of the node above two nodes at `height`; that of zeros is known.
pub(crate) fn parent(hash: &dyn TreeHash, zeros: &[Digest], height: usize, left: &Digest, right: &Digest) -> Digest {
    if *left == zeros[height] && *right == zeros[height] { zeros[height + 1] } else { hash.node(left, right) }
}

impl Page {
    /// A page of zeros.
    pub fn zero(zeros: &[Digest]) -> Self {
        Self { leaves: Box::new([ZERO_LEAF; PAGE_LEAVES]), groups: [zeros[GROUP_HEIGHT as usize]; PAGE_GROUPS] }
    }

    /// The leaves of a group.
    pub fn group(&self, group: usize) -> &[Leaf] {
        &self.leaves[group * GROUP_LEAVES..(group + 1) * GROUP_LEAVES]
    }

    /// The digest of a group, from its leaves.
    pub fn hash_group(&self, hash: &dyn TreeHash, zeros: &[Digest], group: usize) -> Digest {
        group_digest(hash, zeros, self.group(group))
    }

    /// The digest of the page, from its groups' digests; `page_height` is that of its node.
    pub fn digest(&self, hash: &dyn TreeHash, zeros: &[Digest], page_height: u32) -> Digest {
        let mut digests = self.groups;
        fold(hash, zeros, GROUP_HEIGHT as usize, &mut digests[..1 << (page_height - GROUP_HEIGHT)])
    }

    /// Which leaves are not zero.
    pub fn nonzero(&self) -> u128 {
        let bits = self.leaves.iter().enumerate().map(|(leaf, bytes)| u128::from(*bytes != ZERO_LEAF) << leaf);
        bits.fold(0, |mask, bit| mask | bit)
    }

    /// The record, or nothing for a page of zeros.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mask = self.nonzero();
        if mask == 0 {
            return None;
        }
        let mut record = Vec::with_capacity(16 + LEAF_BYTES * (PAGE_GROUPS + mask.count_ones() as usize));
        record.extend(mask.to_le_bytes());
        for (group, digest) in self.groups.iter().enumerate() {
            if group_bits(mask, group) != 0 {
                record.extend(digest);
            }
        }
        for (leaf, bytes) in self.leaves.iter().enumerate() {
            if mask >> leaf & 1 == 1 {
                record.extend(bytes);
            }
        }
        Some(record)
    }

    /// The page of a record, or what is wrong with it; `page_height` is the height of the page's node.
    pub fn decode(
        record: &[u8],
        hash: &dyn TreeHash,
        zeros: &[Digest],
        page_height: u32,
    ) -> Result<Self, &'static str> {
        let Some((mask, rest)) = record.split_first_chunk::<16>() else { return Err("it is too short") };
        let mask = u128::from_le_bytes(*mask);
        if mask == 0 {
            return Err("it says that the page is zero");
        }
        if page_height < PAGE_HEIGHT && mask >> (1u32 << page_height) != 0 {
            return Err("it has leaves past the end of the space");
        }
        let (blocks, []) = rest.as_chunks::<LEAF_BYTES>() else { return Err("its length is wrong") };
        let groups_count = (0..PAGE_GROUPS).filter(|&group| group_bits(mask, group) != 0).count();
        if blocks.len() != groups_count + mask.count_ones() as usize {
            return Err("its length is wrong");
        }
        let mut blocks = blocks.iter();
        let mut page = Self::zero(zeros);
        for group in (0..PAGE_GROUPS).filter(|&group| group_bits(mask, group) != 0) {
            page.groups[group] = *blocks.next().ok_or("its length is wrong")?;
            if !hash.is_digest(&page.groups[group]) {
                return Err("it has bytes that are no digest");
            }
        }
        for leaf in (0..PAGE_LEAVES).filter(|&leaf| mask >> leaf & 1 == 1) {
            page.leaves[leaf] = *blocks.next().ok_or("its length is wrong")?;
            if page.leaves[leaf] == ZERO_LEAF {
                return Err("it has a leaf of zeros");
            }
        }
        Ok(page)
    }
}

/// The bits of a group's leaves.
pub(crate) fn group_bits(mask: u128, group: usize) -> u8 {
    (mask >> (group * GROUP_LEAVES)) as u8
}
