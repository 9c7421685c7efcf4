//! Rows of the volatile boundary.

use engram_air::{F, PrimeCharacteristicRing, Trace};
use rayon::prelude::*;

use super::constraints::{LIMB_BITS, limb_bits};
use crate::{
    address::LEAF_CELLS,
    error::MemoryError,
    layout::AddressSpaceConfig,
    range_checker::SharedVariableRangeCheckerChip,
    row::RowCells,
    segment::{LeafRecord, SegmentMemory},
};

/// Columns besides the block's cells.
const OTHER_COLUMNS: usize = 8;

/// A block that was accessed.
#[derive(Clone, Copy)]
struct Block<'a> {
    number: u32,
    last: &'a [F],
    initial_timestamp: u32,
    last_timestamp: u32,
}

/// The table of a space's accessed blocks, one a row; counts their lookups. Nothing where there is none.
///
/// # Errors
/// A block did not start as zeros.
pub fn trace(
    space: &AddressSpaceConfig,
    memory: &SegmentMemory,
    range: &SharedVariableRangeCheckerChip,
) -> Result<Option<Trace>, MemoryError> {
    let mut blocks = vec![];
    for leaf in memory.leaves.iter().filter(|leaf| leaf.space == space.number) {
        accessed(leaf, space, &mut blocks)?;
    }
    if blocks.is_empty() {
        return Ok(None);
    }
    let width = OTHER_COLUMNS + space.block_cells;
    let bits = limb_bits(&memory.layout, space);
    let mut trace = Trace::zeros(width, blocks.len());
    let rows = trace.values_mut().par_chunks_exact_mut(width).zip(&blocks).enumerate();
    rows.for_each(|(position, (row, block))| {
        let next = blocks.get(position + 1).map(|next| next.number);
        fill_row(row, *block, next, bits, range);
    });
    Ok(Some(trace))
}

/// A leaf's accessed blocks, ascending.
fn accessed<'a>(
    leaf: &'a LeafRecord,
    space: &AddressSpaceConfig,
    blocks: &mut Vec<Block<'a>>,
) -> Result<(), MemoryError> {
    let first_cell = leaf.leaf * LEAF_CELLS as u32;
    for (index, last) in leaf.after.chunks_exact(space.block_cells).enumerate() {
        // The last message of a block that is accessed has the time of an access, or of a neighbour's in a merge: at least 1.
        if leaf.final_timestamps[index] == 0 {
            continue;
        }
        let start = index * space.block_cells;
        let before = &leaf.before[start..start + space.block_cells];
        if let Some(offset) = before.iter().position(|cell| *cell != F::ZERO) {
            return Err(MemoryError::NotZero { space: space.number, cell: first_cell + (start + offset) as u32 });
        }
        blocks.push(Block {
            number: (first_cell + start as u32) / space.block_cells as u32,
            last,
            initial_timestamp: leaf.initial_timestamps[index],
            last_timestamp: leaf.final_timestamps[index],
        });
    }
    Ok(())
}

fn fill_row(
    row: &mut [F],
    block: Block<'_>,
    next: Option<u32>,
    [low_bits, high_bits]: [u32; 2],
    range: &SharedVariableRangeCheckerChip,
) {
    let limbs = |number: u32| (number >> LIMB_BITS, number % (1 << LIMB_BITS));
    let (high, low) = limbs(block.number);
    range.count(low, low_bits);
    range.count(high, high_bits);
    let (mut same_high, mut step) = (false, 0);
    if let Some((next_high, next_low)) = next.map(limbs) {
        same_high = next_high == high;
        step = if same_high { next_low - low - 1 } else { next_high - high - 1 };
        range.count(step, LIMB_BITS);
    }
    let mut row = RowCells::new(row);
    row.put(F::ONE);
    row.put(F::from_bool(next.is_some()));
    row.put(F::from_bool(same_high));
    for value in [high, low, step, block.initial_timestamp, block.last_timestamp] {
        row.put_integer(value);
    }
    row.put_all(block.last);
    row.finish();
}
