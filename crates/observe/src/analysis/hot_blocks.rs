//! The blocks that most accesses touch.

use std::{cmp::Reverse, collections::HashMap};

use serde::Serialize;

use crate::geometry::{BlockAddress, Geometry};

/// A block and how often it is touched. An access that touches several blocks counts for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HotBlock {
    /// The block.
    pub address: BlockAddress,
    /// Pointer to its first cell, in the memory's pointer unit.
    pub pointer: u64,
    /// Reads that touch it.
    pub reads: u64,
    /// Writes that touch it.
    pub writes: u64,
}

/// Counts touches of blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockCounter {
    /// Reads and writes.
    blocks: HashMap<BlockAddress, [u64; 2]>,
}

impl BlockCounter {
    pub(super) fn touch(&mut self, address: BlockAddress, writes: bool) {
        self.blocks.entry(address).or_default()[usize::from(writes)] += 1;
    }

    pub(super) fn len(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// Most touched first; among equals the lower address first.
    pub(super) fn hottest(&self, ranked: usize, geometry: &Geometry) -> Vec<HotBlock> {
        let mut blocks: Vec<_> = self.blocks.iter().collect();
        blocks.sort_unstable_by_key(|(address, [reads, writes])| (Reverse(reads + writes), **address));
        let hot = blocks.into_iter().take(ranked).map(|(&address, &[reads, writes])| HotBlock {
            address,
            pointer: geometry.block_pointer(address).unwrap_or(0),
            reads,
            writes,
        });
        hot.collect()
    }
}
