//! Rows of the volatile boundary.

use std::collections::BTreeMap;

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::{
    columns::{LIMB_BITS, VolatileCols},
    image_table::words,
};
use crate::{
    address::{LEAF_WORDS, cells},
    image::MemoryImage,
    lookups::Lookups,
    messages::RANGE_BITS_MAX,
    segment::SegmentMemory,
};

/// A word of the image, or one that was accessed.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    in_image: bool,
    initial: u32,
    last: u32,
    initial_time: u32,
    last_time: u32,
}

/// An address: space and pointer.
type Address = (u32, u32);

/// The table of all words that are part of the image or accessed, one a row; nothing where there are none.
/// `image` is the memory before the segment, which is the only one; counts the rows' lookups.
pub fn trace(segment: &SegmentMemory, image: &MemoryImage, lookups: &Lookups) -> Option<Trace> {
    let words: Vec<(Address, Word)> = boundary_words(segment, image).into_iter().collect();
    if words.is_empty() {
        return None;
    }
    let mut trace = Trace::zeros(VolatileCols::<F>::WIDTH, words.len());
    let rows = trace.values_mut().par_chunks_exact_mut(VolatileCols::<F>::WIDTH);
    rows.zip(&words).enumerate().for_each(|(position, (row, &(address, word)))| {
        let next = words.get(position + 1).map(|&(address, _)| address);
        fill_row(row, address, word, next, lookups);
    });
    Some(trace)
}

fn boundary_words(segment: &SegmentMemory, image: &MemoryImage) -> BTreeMap<Address, Word> {
    let of_image = |(space, pointer, word)| {
        ((space, pointer), Word { in_image: true, initial: word, last: word, ..Default::default() })
    };
    let mut all: BTreeMap<Address, Word> = words(image).map(of_image).collect();
    for leaf in &segment.leaves {
        for index in (0..LEAF_WORDS).filter(|&index| leaf.final_times[index] > 0) {
            let word = all.entry((leaf.space, leaf.leaf * LEAF_WORDS as u32 + index as u32)).or_default();
            *word = Word {
                in_image: word.in_image,
                initial: leaf.before[index],
                last: leaf.after[index],
                initial_time: leaf.initial_times[index],
                last_time: leaf.final_times[index],
            };
        }
    }
    all
}

fn fill_row(row: &mut [F], (space, pointer): Address, word: Word, next: Option<Address>, lookups: &Lookups) {
    let (high, low) = limbs(pointer);
    let block = |space: u32, high: u32| (space << LIMB_BITS) + high;
    lookups.range.count(high, LIMB_BITS);
    lookups.range.count(low, LIMB_BITS);
    let (mut same_block, mut step) = (false, 0);
    if let Some((next_space, next_pointer)) = next {
        let (next_high, next_low) = limbs(next_pointer);
        let (block, next_block) = (block(space, high), block(next_space, next_high));
        same_block = block == next_block;
        step = if same_block { next_low - low - 1 } else { next_block - block - 1 };
        lookups.range.count(step, RANGE_BITS_MAX);
    }
    let columns = VolatileCols {
        real: F::ONE,
        more: F::from_bool(next.is_some()),
        in_image: F::from_bool(word.in_image),
        same_block: F::from_bool(same_block),
        space: F::from_u32(space),
        pointer_high: F::from_u32(high),
        pointer_low: F::from_u32(low),
        step: F::from_u32(step),
        initial: cells(word.initial),
        last: cells(word.last),
        initial_time: F::from_u32(word.initial_time),
        last_time: F::from_u32(word.last_time),
    };
    columns.write(row);
}

fn limbs(pointer: u32) -> (u32, u32) {
    (pointer >> LIMB_BITS, pointer % (1 << LIMB_BITS))
}
