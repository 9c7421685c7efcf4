//! How far accesses are from each other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use serde::Serialize;

/// A distance between two accesses that follow each other in one space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stride {
    /// From the first cell of the one to the first cell of the next, in cells; negative where it goes back.
    pub cells: i64,
    /// How often.
    pub count: u64,
}

/// The strides of one space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpaceStrides {
    /// Address space.
    pub space: u32,
    /// Pairs of accesses: one fewer than there are accesses of the space.
    pub pairs: u64,
    /// How many strides differ.
    pub distinct: u64,
    /// The most frequent strides, most frequent first; among equals the lower first.
    pub top: Vec<Stride>,
}

/// Counts strides.
#[derive(Clone, Debug, Default)]
pub(super) struct StrideCounter {
    /// By space: the last access's first cell, and the strides up to it.
    spaces: BTreeMap<u32, (u64, HashMap<i64, u64>)>,
}

impl StrideCounter {
    /// An access whose first cell has this number, below 2^32.
    pub(super) fn access(&mut self, space: u32, cell: u64) {
        let Some((last, strides)) = self.spaces.get_mut(&space) else {
            self.spaces.insert(space, (cell, HashMap::new()));
            return;
        };
        *strides.entry(cell as i64 - *last as i64).or_default() += 1;
        *last = cell;
    }

    pub(super) fn finish(self, ranked: usize) -> Vec<SpaceStrides> {
        let spaces = self.spaces.into_iter().map(|(space, (_, strides))| {
            let mut top: Vec<Stride> = strides.iter().map(|(&cells, &count)| Stride { cells, count }).collect();
            top.sort_unstable_by_key(|stride| (Reverse(stride.count), stride.cells));
            top.truncate(ranked);
            SpaceStrides { space, pairs: strides.values().sum(), distinct: strides.len() as u64, top }
        });
        spaces.collect()
    }
}
