//! Reuse distances: how many other blocks are touched between two touches of a block (R. L. Mattson and others, "Evaluation
//! techniques for storage hierarchies", 1970, where they are stack distances).
//!
//! Counted exactly, with a Fenwick tree over the touches in which each block's last one is marked (as G. Almási, C. Caşcaval and
//! D. Padua, "Calculating stack distances efficiently", 2002): a touch takes O(log d) for d blocks. The marks are moved
//! together whenever the tree is full, so that it grows with the blocks and not with the touches.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::geometry::BlockAddress;

/// How often each distance occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReuseDistances {
    /// First touches, which have no distance: as many as there are blocks.
    pub first_touches: u64,
    /// By distance: how many touches have it. Zero is a block that is touched twice with none in between.
    pub touches: BTreeMap<u64, u64>,
}

impl ReuseDistances {
    /// All touches.
    pub fn total(&self) -> u64 {
        self.first_touches + self.touches.values().sum::<u64>()
    }

    /// Touches that find their block in a cache of so many blocks that drops the one touched longest ago.
    pub fn hits(&self, blocks: u64) -> u64 {
        self.touches.range(..blocks).map(|(_, touches)| touches).sum()
    }

    /// The smallest distance that at least `percent` of the touches other than first ones do not exceed; nothing where there are
    /// none. More than 100 percent are 100.
    pub fn percentile(&self, percent: u32) -> Option<u64> {
        let repeated = u128::from(self.total() - self.first_touches);
        let (mut sum, percent) = (0u128, u128::from(percent.min(100)));
        let reached = self.touches.iter().find(|(_, touches)| {
            sum += u128::from(**touches);
            sum * 100 >= repeated * percent
        });
        reached.map(|(distance, _)| *distance)
    }
}

/// Fewest places of the tree.
const PLACES_MIN: usize = 1 << 10;

/// Counts reuse distances.
#[derive(Clone, Debug, Default)]
pub(super) struct ReuseCounter {
    distances: ReuseDistances,
    /// By block: the place of its last touch, which is marked.
    last: HashMap<BlockAddress, usize>,
    /// Sums of marks, as a Fenwick tree; position 0 is not used.
    sums: Vec<u32>,
    /// The next touch's place, from 1 on.
    next: usize,
}

impl ReuseCounter {
    pub(super) fn touch(&mut self, address: BlockAddress) {
        if self.next >= self.sums.len() {
            self.move_together();
        }
        let place = self.next;
        self.next += 1;
        match self.last.insert(address, place) {
            None => self.distances.first_touches += 1,
            Some(before) => {
                // The block itself is marked up to its place, and all blocks are marked somewhere.
                let others = self.last.len() as u64 - u64::from(self.marks_up_to(before));
                *self.distances.touches.entry(others).or_default() += 1;
                self.mark(before, u32::MAX);
            }
        }
        self.mark(place, 1);
    }

    pub(super) fn finish(self) -> ReuseDistances {
        self.distances
    }

    /// Add to the mark of a place; `u32::MAX` takes one away.
    fn mark(&mut self, place: usize, change: u32) {
        let mut index = place;
        while let Some(sum) = self.sums.get_mut(index) {
            *sum = sum.wrapping_add(change);
            index += index & index.wrapping_neg();
        }
    }

    fn marks_up_to(&self, place: usize) -> u32 {
        let (mut index, mut marks) = (place, 0u32);
        while index > 0 {
            marks = marks.wrapping_add(self.sums[index]);
            index &= index - 1;
        }
        marks
    }

    /// Give the blocks the first places, in the order of their last touches, and leave at least as many free.
    fn move_together(&mut self) {
        let mut marked: Vec<&mut usize> = self.last.values_mut().collect();
        marked.sort_unstable();
        let blocks = marked.len();
        marked.into_iter().enumerate().for_each(|(index, place)| *place = index + 1);
        self.sums = vec![0; (2 * blocks + 1).max(PLACES_MIN)];
        // Each sum is that of the marks in its own range, of which the first `blocks` places have one.
        for index in 1..self.sums.len() {
            let below = index & (index - 1);
            self.sums[index] = (index.min(blocks) - below.min(blocks)) as u32;
        }
        self.next = blocks + 1;
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn of(touches: &[u32]) -> ReuseDistances {
        let mut counter = ReuseCounter::default();
        touches.iter().for_each(|&block| counter.touch(BlockAddress { space: block % 3, block: block / 3 }));
        counter.finish()
    }

    /// A list in which a touched block moves to the front: its place there is the distance.
    fn by_list(touches: &[u32]) -> ReuseDistances {
        let (mut list, mut distances) = (vec![], ReuseDistances::default());
        for block in touches {
            match list.iter().position(|other| other == block) {
                None => distances.first_touches += 1,
                Some(place) => {
                    *distances.touches.entry(place as u64).or_default() += 1;
                    list.remove(place);
                }
            }
            list.insert(0, *block);
        }
        distances
    }

    #[test]
    fn distances_are_those_of_a_list_that_moves_to_front() {
        for seed in 0..20 {
            println!("seed {seed}");
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            // Fewer and more blocks than the smallest tree has places, many times over.
            let blocks = [3, 40, 700, 3000][seed as usize % 4];
            let hot = random.random_range(1..=blocks);
            let touches: Vec<u32> =
                (0..8000)
                    .map(|_| {
                        if random.random_bool(0.5) {
                            random.random_range(0..hot)
                        } else {
                            random.random_range(0..blocks)
                        }
                    })
                    .collect();
            let distances = of(&touches);
            assert_eq!(distances, by_list(&touches));
            assert_eq!(distances.total(), 8000);
        }
    }

    #[test]
    fn hits_are_those_of_a_cache() {
        let distances = of(&[1, 2, 1, 1, 3, 2, 4, 1]);
        assert_eq!(distances.first_touches, 4);
        assert_eq!(distances.touches, BTreeMap::from([(0, 1), (1, 1), (2, 1), (3, 1)]));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|blocks| distances.hits(blocks)), [0, 1, 2, 3, 4, 4]);
        let percents = [0, 25, 26, 75, 100, 101].map(|percent| distances.percentile(percent));
        assert_eq!(percents, [0, 0, 1, 2, 3, 3].map(Some));
        assert_eq!(ReuseDistances::default().percentile(50), None);
    }
}
