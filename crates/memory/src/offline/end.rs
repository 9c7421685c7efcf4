//! The end of a log's replay.

use engram_air::F;

use super::{OfflineMemory, accesses::AccessRecords};
use crate::{
    address::LEAF_CELLS, error::MemoryError, image::MemoryImage, records::AccessAdapterInventory,
    segment::SegmentMemory,
};

/// A block of a touched leaf at the end of a replay, in whatever size it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalBlock<const N: usize> {
    /// Address space.
    pub space: u32,
    /// Pointer, in the memory's pointer unit.
    pub pointer: u32,
    /// The cells.
    pub cells: [F; N],
    /// The timestamp of the last access to a block of the space that shares a cell with this one; zero where there was none.
    pub timestamp: u32,
}

/// A whole log, replayed.
#[derive(Clone, Debug)]
pub struct FinalMemory {
    /// The accesses, in order.
    pub accesses: AccessRecords,
    /// What they did to memory.
    pub segment: SegmentMemory,
    /// The cells after.
    pub image: MemoryImage,
}

impl OfflineMemory {
    /// End the replay; returns also the cells of all touched leaves in blocks of `N` cells. The boundary's rows have blocks of their
    /// space's size, whatever `N` is.
    ///
    /// # Errors
    /// [`MemoryError::BlockSize`] where no space could be configured with blocks of `N` cells.
    pub fn finalize<const N: usize>(
        self,
        adapters: &mut AccessAdapterInventory,
    ) -> Result<(FinalMemory, Vec<FinalBlock<N>>), MemoryError> {
        let pointer_unit = self.config.pointer_unit();
        if !N.is_power_of_two() || !(pointer_unit..=LEAF_CELLS).contains(&N) {
            return Err(MemoryError::BlockSize { pointer_unit, asked: N });
        }
        let end = self.finalize_blocks(adapters);
        let mut blocks = vec![];
        for leaf in &end.segment.leaves {
            let Some(space) = end.segment.layout.space(leaf.space) else { continue };
            let (cells, _) = leaf.after.as_chunks::<N>();
            for (start, &cells) in (0..).step_by(N).zip(cells) {
                let timestamps = start / space.block_cells..=(start + N - 1) / space.block_cells;
                blocks.push(FinalBlock {
                    space: leaf.space,
                    pointer: ((leaf.leaf as usize * LEAF_CELLS + start) / pointer_unit) as u32,
                    cells,
                    timestamp: leaf.final_timestamps[timestamps].iter().copied().max().unwrap_or(0),
                });
            }
        }
        Ok((end, blocks))
    }

    /// End the replay, with every touched block back at its space's size. `adapters` then has all splits and merges, and so has the
    /// result.
    pub fn finalize_blocks(self, adapters: &mut AccessAdapterInventory) -> FinalMemory {
        let end = self.finish(std::mem::take(adapters));
        adapters.clone_from(&end.segment.adapters);
        end
    }

    /// End the replay, with the splits and merges that its accesses needed.
    pub(crate) fn finish(mut self, adapters: AccessAdapterInventory) -> FinalMemory {
        let segment = self.finish_with(adapters);
        FinalMemory { segment, image: self.image(), accesses: self.accesses }
    }
}
