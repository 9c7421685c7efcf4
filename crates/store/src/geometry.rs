//! Where a node of a tree is stored.
//!
//! Nodes above pages are stored in *bundles*: the nodes at height 7 under one node at height 14 are a bundle of tier 0,
//! those at height 14 under one at height 21 a bundle of tier 1, and so on up to the root. The nodes between are computed
//! when a bundle is read. So an image of 1 GiB has some 2000 bundles of 4 KiB, and a path to the root crosses three.

use std::sync::Arc;

use crate::{
    error::StoreError,
    hash::{Digest, TreeHash, fingerprint, zero_digests},
    page::PAGE_HEIGHT,
    space::Space,
};

/// Heights that a bundle spans.
pub(crate) const BUNDLE_HEIGHT: u32 = 7;
/// Most nodes in a bundle's bottom row.
pub(crate) const BUNDLE_NODES: usize = 1 << BUNDLE_HEIGHT;

/// An address space, and its position among those of its store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub position: usize,
    pub space: Space,
}

/// A bundle of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BundleAt {
    pub tier: u32,
    pub index: u32,
}

impl Shape {
    /// Height of a page's node: less than 7 in a space smaller than a page.
    pub fn page_height(&self) -> u32 {
        PAGE_HEIGHT.min(self.space.height)
    }

    /// Number of pages.
    pub fn pages(&self) -> u64 {
        1 << (self.space.height - self.page_height())
    }

    /// Number of leaves.
    pub fn leaves(&self) -> u64 {
        1 << self.space.height
    }

    /// Number of tiers of bundles.
    pub fn tiers(&self) -> u32 {
        (self.space.height - self.page_height()).div_ceil(BUNDLE_HEIGHT)
    }

    /// Height of the bottom row of a tier's bundles.
    pub fn bottom(&self, tier: u32) -> u32 {
        PAGE_HEIGHT + tier * BUNDLE_HEIGHT
    }

    /// Height of the one node above a bundle of a tier.
    pub fn top(&self, tier: u32) -> u32 {
        (self.bottom(tier) + BUNDLE_HEIGHT).min(self.space.height)
    }

    /// Nodes in the bottom row of a tier's bundles.
    pub fn width(&self, tier: u32) -> usize {
        1 << (self.top(tier) - self.bottom(tier))
    }

    /// Number of bundles of a tier.
    pub fn bundles(&self, tier: u32) -> u64 {
        1 << (self.space.height - self.top(tier))
    }

    /// The key of a page.
    pub fn page_key(&self, page: u32) -> u64 {
        (self.position as u64) << 32 | u64::from(page)
    }

    /// The key of a bundle.
    pub fn bundle_key(&self, at: BundleAt) -> u64 {
        (self.position as u64) << 40 | u64::from(at.tier) << 32 | u64::from(at.index)
    }

    /// Refuse a page past the end of the space.
    pub fn check_page(&self, page: u32) -> Result<(), StoreError> {
        if u64::from(page) < self.pages() {
            return Ok(());
        }
        Err(StoreError::Outside { space: self.space.number, what: "page", index: page.into(), count: self.pages() })
    }

    /// Refuse a leaf past the end of the space.
    pub fn check_leaf(&self, leaf: u32) -> Result<(), StoreError> {
        if u64::from(leaf) < self.leaves() {
            return Ok(());
        }
        Err(StoreError::Outside { space: self.space.number, what: "leaf", index: leaf.into(), count: self.leaves() })
    }
}

/// All that does not change while a store is open: spaces, hash, digests of zeros.
pub(crate) struct Geometry {
    pub spaces: Vec<Space>,
    pub program: Digest,
    pub hash: Arc<dyn TreeHash>,
    pub fingerprint: Digest,
    /// By height.
    pub zeros: Vec<Digest>,
}

impl Geometry {
    pub fn new(spaces: Vec<Space>, program: Digest, hash: Arc<dyn TreeHash>) -> Self {
        let height_max = spaces.iter().map(|space| space.height).max().unwrap_or(0);
        let zeros = zero_digests(&*hash, height_max.max(PAGE_HEIGHT));
        let fingerprint = fingerprint(&*hash);
        Self { spaces, program, hash, fingerprint, zeros }
    }

    /// Each space with its position.
    pub fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.spaces.iter().enumerate().map(|(position, &space)| Shape { position, space })
    }

    /// The space with a number.
    pub fn shape(&self, space: u32) -> Result<Shape, StoreError> {
        self.shapes().find(|shape| shape.space.number == space).ok_or(StoreError::UnknownSpace { space })
    }

    /// The roots of a memory of zeros.
    pub fn zero_roots(&self) -> Vec<Digest> {
        self.spaces.iter().map(|space| self.zeros[space.height as usize]).collect()
    }
}
