//! Changes to a page that a transaction has collected.

use crate::{hash::Leaf, page::PAGE_LEAVES};

/// New leaves of a page, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PendingPage {
    /// Which leaves are set.
    mask: u128,
    leaves: Vec<Leaf>,
}

impl PendingPage {
    /// All leaves.
    pub fn whole(leaves: &[Leaf; PAGE_LEAVES]) -> Self {
        Self { mask: u128::MAX, leaves: leaves.to_vec() }
    }

    /// Set a leaf; `position` is below 128.
    pub fn set(&mut self, position: usize, leaf: Leaf) {
        let before = (self.mask & ((1 << position) - 1)).count_ones() as usize;
        if self.mask >> position & 1 == 1 {
            self.leaves[before] = leaf;
        } else {
            self.mask |= 1 << position;
            self.leaves.insert(before, leaf);
        }
    }

    /// Which leaves are set: bit `n` for leaf `n`.
    pub fn mask(&self) -> u128 {
        self.mask
    }

    /// The leaves that are set, with their positions.
    pub fn leaves(&self) -> impl Iterator<Item = (usize, &Leaf)> {
        (0..PAGE_LEAVES).filter(|&position| self.mask >> position & 1 == 1).zip(&self.leaves)
    }
}
