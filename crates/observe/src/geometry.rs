//! Which blocks of a space an access touches.

use std::ops::RangeInclusive;

use engram_memory::{config::MemoryConfig, offline::AccessRecord};
use serde::Serialize;

/// A block of a space's own size: what memory's boundary puts on the bus at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BlockAddress {
    /// Address space.
    pub space: u32,
    /// Number of the block in its space, from 0 on: the number of its first cell divided by the space's block size.
    pub block: u32,
}

/// The block sizes of a configuration's spaces.
#[derive(Clone, Debug)]
pub struct Geometry {
    pointer_unit: u64,
    /// Number and cells in a block, by ascending number.
    spaces: Vec<(u32, u64)>,
}

impl Geometry {
    /// Of this configuration.
    pub fn new(config: &MemoryConfig) -> Self {
        let spaces = config.normal_spaces().iter().map(|space| (space.number, space.block_cells as u64));
        Self { pointer_unit: config.pointer_unit() as u64, spaces: spaces.collect() }
    }

    /// Cells in a block of a normal space; nothing where there is no such space.
    pub fn block_cells(&self, space: u32) -> Option<u64> {
        let position = self.spaces.binary_search_by_key(&space, |(number, _)| *number).ok()?;
        self.spaces.get(position).map(|(_, block_cells)| *block_cells)
    }

    /// Number of the cell that a pointer points to.
    pub fn cell(&self, pointer: u32) -> u64 {
        u64::from(pointer) * self.pointer_unit
    }

    /// The pointer to a block's first cell; nothing where there is no such space.
    pub fn block_pointer(&self, address: BlockAddress) -> Option<u64> {
        Some(u64::from(address.block) * self.block_cells(address.space)? / self.pointer_unit)
    }

    /// The block that `pointer` points into; nothing where there is no such space.
    pub fn block_of(&self, space: u32, pointer: u32) -> Option<BlockAddress> {
        // A space has less than 2^32 cells.
        Some(BlockAddress { space, block: (self.cell(pointer) / self.block_cells(space)?) as u32 })
    }

    /// Numbers of the blocks that an access touches: one, or neighbours where it is larger than a block. Nothing where it
    /// touches no normal space.
    pub fn blocks_of(&self, access: &AccessRecord) -> Option<RangeInclusive<u32>> {
        let block_cells = self.block_cells(access.space)?;
        let first = self.cell(access.pointer);
        let last = first + u64::from(access.len).saturating_sub(1);
        Some((first / block_cells) as u32..=(last / block_cells) as u32)
    }
}

#[cfg(test)]
mod tests {
    use engram_memory::{
        config::{AddressSpaceConfig, AddressSpaceType, MemoryConfigBuilder},
        offline::AccessKind,
    };

    use super::*;

    #[test]
    fn blocks_are_counted_in_cells_and_pointers_in_units() {
        let normal = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
        let config = MemoryConfigBuilder::new()
            .with_pointer_unit(2)
            .add_address_space(normal(7).with_block_cells(8))
            .add_address_space(normal(3).with_block_cells(2))
            .build()
            .unwrap();
        let geometry = Geometry::new(&config);
        let access = |space, pointer, len| AccessRecord {
            kind: AccessKind::Read,
            space,
            pointer,
            len,
            block_cells: len,
            timestamp: 1,
            gap: 0,
        };
        assert_eq!(geometry.blocks_of(&access(7, 6, 4)), Some(1..=1));
        assert_eq!(geometry.blocks_of(&access(7, 16, 32)), Some(4..=7));
        assert_eq!(geometry.blocks_of(&access(3, 6, 4)), Some(6..=7));
        assert_eq!(geometry.blocks_of(&access(0, 6, 1)), None);
        let block = geometry.block_of(7, 7).unwrap();
        assert_eq!((block, geometry.block_pointer(block)), (BlockAddress { space: 7, block: 1 }, Some(4)));
    }
}
