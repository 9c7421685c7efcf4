//! The Merkle tree of an address space: sparse, and kept from segment to segment.
//!
//! A leaf is [`LEAF_CELLS`] cells, hashed by one compression of its first half and its second half. A tree of cells that
//! are all zero needs no storage; elsewhere nodes are stored by height in pages of neighbours, so that a node and its
//! sibling are found together.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use engram_air::{
    F, PrimeCharacteristicRing,
    field::{DIGEST_CELLS, Digest},
    poseidon2::compress,
};
use rayon::prelude::*;

use crate::{
    address::{LEAF_CELLS, TREE_HEIGHT_MAX},
    backing::Backing,
    error::MemoryError,
    image::{MemoryImage, StoredPage},
    layout::{AddressSpaceConfig, Layout},
};

/// The highest tree.
#[expect(clippy::as_conversions, reason = "evaluated by the compiler")]
const HEIGHT_MAX: usize = TREE_HEIGHT_MAX as usize;

/// Nodes of one height that are stored together, base-two logarithm.
const NODE_PAGE_LOG2: u32 = 6;

const NODE_PAGE: usize = 1 << NODE_PAGE_LOG2;

/// The two halves of a leaf's cells, which its digest compresses.
pub fn leaf_halves<T: Clone>(cells: &[T; LEAF_CELLS]) -> [[T; DIGEST_CELLS]; 2] {
    match (cells.first_chunk(), cells.last_chunk()) {
        (Some(left), Some(right)) => [left.clone(), right.clone()],
        _ => unreachable!("a leaf has as many cells as two digests"),
    }
}

/// Where a node is in its page.
fn place_in_page(index: u32) -> usize {
    let [low, ..] = index.to_le_bytes();
    usize::from(low) % NODE_PAGE
}

/// The digest of a leaf.
pub fn leaf_digest(cells: &[F; LEAF_CELLS]) -> Digest {
    let [left, right] = leaf_halves(cells);
    compress(&left, &right)
}

/// The digest at each height of a tree whose cells are all zero.
fn zero_digests() -> &'static [Digest; HEIGHT_MAX + 1] {
    static DIGESTS: OnceLock<[Digest; HEIGHT_MAX + 1]> = OnceLock::new();
    DIGESTS.get_or_init(|| {
        let mut digest = leaf_digest(&[F::ZERO; LEAF_CELLS]);
        let mut digests = [[F::ZERO; DIGEST_CELLS]; HEIGHT_MAX + 1];
        for slot in &mut digests {
            *slot = digest;
            digest = compress(&digest, &digest);
        }
        digests
    })
}

/// What a segment does to a node, or to one that it leaves alone: then both digests are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeChange {
    /// Position among the nodes of its height, from the left.
    pub index: u32,
    /// Digest before the segment.
    pub before: Digest,
    /// Digest after the segment.
    pub after: Digest,
}

/// A child of a node that a segment touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Whether some leaf below is touched. Where none is, both digests are equal.
    pub touched: bool,
    /// Digest before the segment.
    pub before: Digest,
    /// Digest after the segment.
    pub after: Digest,
}

/// A node above the leaves with at least one touched child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Address space.
    pub space: u32,
    /// Distance from the leaves, at least 1.
    pub height: u32,
    /// Position among the nodes of its height, from the left.
    pub index: u32,
    /// Left and right child.
    pub children: [Child; 2],
    /// Digest before the segment.
    pub before: Digest,
    /// Digest after the segment.
    pub after: Digest,
}

impl NodeRecord {
    /// Whether something below changed.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// The nodes of one height, in pages of neighbours.
#[derive(Clone, Debug, Default)]
struct Level {
    pages: HashMap<u32, Box<[Digest; NODE_PAGE]>>,
}

/// A Merkle tree over an address space.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    space: u32,
    height: u32,
    /// By height, leaves first.
    levels: Vec<Level>,
    /// Where nodes come from that are in no level.
    backing: Option<Arc<dyn Backing>>,
}

impl MerkleTree {
    /// The tree of a space whose cells are all zero.
    pub fn new(layout: &Layout, space: &AddressSpaceConfig) -> Self {
        let height = layout.tree_height(space);
        let levels = (0..=height).map(|_| Level::default()).collect();
        Self { space: space.number, height, levels, backing: None }
    }

    /// The tree of a space whose cells are kept elsewhere.
    pub fn backed(layout: &Layout, space: &AddressSpaceConfig, backing: Arc<dyn Backing>) -> Self {
        Self { backing: Some(backing), ..Self::new(layout, space) }
    }

    /// The digest of everything.
    pub fn root(&self) -> Digest {
        self.node(self.height, 0)
    }

    /// The digest of a node: `height` is the distance from the leaves, `index` counts from the left.
    #[expect(clippy::indexing_slicing, reason = "a place in a page is below its length")]
    pub fn node(&self, height: u32, index: u32) -> Digest {
        match self.level(height).pages.get(&(index >> NODE_PAGE_LOG2)) {
            Some(page) => page[place_in_page(index)],
            None => self.node_behind(height, index),
        }
    }

    /// A node that no level holds.
    fn node_behind(&self, height: u32, index: u32) -> Digest {
        let stored = self.backing.as_ref().and_then(|backing| backing.node(self.space, height, index));
        let zero = || usize::try_from(height).ok().and_then(|height| zero_digests().get(height));
        stored.or_else(|| zero().copied()).unwrap_or_else(|| unreachable!("no tree is {height} high"))
    }

    fn level(&self, height: u32) -> &Level {
        let level = usize::try_from(height).ok().and_then(|height| self.levels.get(height));
        level.unwrap_or_else(|| unreachable!("the tree is not {height} high"))
    }

    fn level_mut(&mut self, height: u32) -> &mut Level {
        let level = usize::try_from(height).ok().and_then(|height| self.levels.get_mut(height));
        level.unwrap_or_else(|| unreachable!("the tree is not {height} high"))
    }

    /// Store what changed among nodes of one height, given by ascending index.
    #[expect(clippy::indexing_slicing, reason = "a place in a page is below its length")]
    fn store(&mut self, height: u32, nodes: &[NodeChange]) {
        for neighbours in nodes.chunk_by(|a, b| a.index >> NODE_PAGE_LOG2 == b.index >> NODE_PAGE_LOG2) {
            let mut changed = neighbours.iter().filter(|node| node.before != node.after).peekable();
            let Some(first) = changed.peek() else { continue };
            let number = first.index >> NODE_PAGE_LOG2;
            if !self.level(height).pages.contains_key(&number) {
                let nodes_max = 1 << self.height.saturating_sub(height);
                let mut page = Box::new([Digest::default(); NODE_PAGE]);
                for (index, node) in (number << NODE_PAGE_LOG2..nodes_max).zip(page.iter_mut()) {
                    *node = self.node_behind(height, index);
                }
                self.level_mut(height).pages.insert(number, page);
            }
            let Some(page) = self.level_mut(height).pages.get_mut(&number) else { continue };
            for node in changed {
                page[place_in_page(node.index)] = node.after;
            }
        }
    }

    /// The siblings of a leaf's path to the root, lowest first.
    pub fn siblings(&self, leaf: u32) -> Vec<Digest> {
        (0..self.height).map(|height| self.node(height, (leaf >> height) ^ 1)).collect()
    }

    /// Set the digests of leaves, given by ascending index.
    pub fn set_leaves(&mut self, leaves: Vec<(u32, Digest)>) {
        let change = |(index, after)| NodeChange { index, before: self.node(0, index), after };
        let changes = leaves.into_iter().map(change).collect();
        self.climb(changes, |_| {});
    }

    /// Take over the changes of touched leaves, given by ascending index. Returns all touched nodes above them, highest first.
    pub fn update(&mut self, leaves: Vec<NodeChange>) -> Vec<NodeRecord> {
        let mut records = vec![];
        self.climb(leaves, |level| records.push(level));
        records.into_iter().rev().flatten().collect()
    }

    fn climb(&mut self, leaves: Vec<NodeChange>, mut keep: impl FnMut(Vec<NodeRecord>)) {
        self.store(0, &leaves);
        let mut below = leaves;
        for height in 1..=self.height {
            let pairs: Vec<&[NodeChange]> = below.chunk_by(|a, b| a.index / 2 == b.index / 2).collect();
            let records: Vec<NodeRecord> = pairs.par_iter().map(|pair| self.record(height, pair)).collect();
            below = records
                .iter()
                .map(|&NodeRecord { index, before, after, .. }| NodeChange { index, before, after })
                .collect();
            self.store(height, &below);
            keep(records);
        }
    }

    /// The node above one touched child or two.
    fn record(&self, height: u32, touched: &[NodeChange]) -> NodeRecord {
        let [first, ..] = touched else { unreachable!("a chunk of changes has one") };
        let index = first.index / 2;
        let children =
            [index << 1, index << 1 | 1].map(|child| match touched.iter().find(|node| node.index == child) {
                Some(node) => Child { touched: true, before: node.before, after: node.after },
                None => {
                    let digest = self.node(height.saturating_sub(1), child);
                    Child { touched: false, before: digest, after: digest }
                }
            });
        let before = self.node(height, index);
        let changed = children.iter().any(|child| child.before != child.after);
        let after = if changed { compress(&children[0].after, &children[1].after) } else { before };
        NodeRecord { space: self.space, height, index, children, before, after }
    }
}

impl MemoryImage {
    /// The Merkle trees of a layout's normal spaces, in its order.
    ///
    /// # Errors
    /// As for [`Self::check`].
    pub fn trees(&self, layout: &Layout) -> Result<Vec<MerkleTree>, MemoryError> {
        self.check(layout)?;
        let tree = |space: &AddressSpaceConfig| {
            let pages: Vec<StoredPage<'_>> = self.stored(space.number).collect();
            let leaves = pages.par_iter().flat_map_iter(|page| {
                let cells = page.cells();
                let leaves = (page.first() >> LEAF_CELLS.ilog2()..).zip(cells.as_chunks::<LEAF_CELLS>().0);
                let used = leaves.filter(|(_, leaf)| leaf.iter().any(|cell| *cell != F::ZERO));
                used.map(|(index, leaf)| (index, leaf_digest(leaf))).collect::<Vec<_>>()
            });
            let mut tree = MerkleTree::new(layout, space);
            tree.set_leaves(leaves.collect());
            tree
        };
        Ok(layout.spaces().iter().map(tree).collect())
    }

    /// The Merkle roots of a layout's normal spaces, in its order.
    ///
    /// # Errors
    /// As for [`Self::check`].
    pub fn roots(&self, layout: &Layout) -> Result<Vec<Digest>, MemoryError> {
        Ok(self.trees(layout)?.iter().map(MerkleTree::root).collect())
    }
}
