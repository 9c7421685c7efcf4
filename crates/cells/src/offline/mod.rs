//! Replay of a log: which message each access takes off the bus, and what must be there besides the accesses.
//!
//! The cells of a space are a partition into aligned blocks, each a power of two of cells and each with the time since when
//! it is there. At first all blocks have their space's size. An access splits and merges blocks until one has its size and
//! place. At the end all touched blocks are brought back to their space's size.
//!
//! A *narrow* access takes a block that is larger than it is, and leaves the other cells as they are. Chips, which put accesses on
//! the bus with [`crate::MemoryBridge`], have none. The log's own tables do: [`OfflineMemory::with_narrow_accesses`].

mod access;
mod inventory;
mod partition;
#[cfg(test)]
mod tests;

use engram_air::{F, PrimeCharacteristicRing, field::Digest};
use engram_memory::tree::{MerkleTree, NodeChange, NodeRecord};

pub use access::{AccessKind, AccessRecord, AccessRecords};
pub use inventory::{AccessAdapterInventory, BlockRecords, MergeRecord, RefreshRecord, SplitRecord};
use partition::{Notes, Partition, Refreshes};

use crate::{
    address::{Place, place, place_write},
    clock::Clock,
    config::{IDENTITY_SPACE, MemoryConfig},
    error::MemoryError,
    image::{MemoryImage, leaf_digest},
    log::{MemoryLogEntry, RecordId},
    size::{ACCESS_CELLS_MAX, LEAF_CELLS, taken_cells},
};

/// Memory, as accesses in the order of their times see and leave it.
#[derive(Clone, Debug)]
pub struct OfflineMemory {
    config: MemoryConfig,
    /// By position among the normal spaces.
    spaces: Vec<Partition>,
    trees: Vec<MerkleTree>,
    refreshes: Refreshes,
    accesses: AccessRecords,
    clock: Clock,
    log: Vec<MemoryLogEntry>,
    narrow: bool,
}

/// A leaf with a cell that was accessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRecord {
    /// Address space.
    pub space: u32,
    /// Position among the leaves of the space: the number of its first cell divided by 16.
    pub leaf: u32,
    /// Cells before the first access.
    pub before: [F; LEAF_CELLS],
    /// Cells after the last access.
    pub after: [F; LEAF_CELLS],
    /// The time of each block's first message, by block of the space's size; zero for a block that is not accessed, and past
    /// the last block.
    pub initial_times: [u32; LEAF_CELLS],
    /// The time of each block's last message, likewise.
    pub final_times: [u32; LEAF_CELLS],
    /// Digest of the cells before.
    pub digest_before: Digest,
    /// Digest of the cells after.
    pub digest_after: Digest,
}

impl LeafRecord {
    /// Whether a cell changed.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// A block of a touched leaf at the end of a replay, in whatever size it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalBlock<const N: usize> {
    /// Address space.
    pub space: u32,
    /// Pointer, in the memory's pointer unit.
    pub pointer: u32,
    /// The cells.
    pub cells: [F; N],
    /// The time of the last access to a block of the space that shares a cell with this one; zero where there was none.
    pub timestamp: u32,
}

/// Everything that a replay shows besides its adapters.
#[derive(Clone, Debug)]
pub struct FinalMemory {
    /// The accesses, in order.
    pub accesses: AccessRecords,
    /// Touched leaves, by ascending space and index.
    pub leaves: Vec<LeafRecord>,
    /// Touched nodes above the leaves, by ascending space, descending height and ascending index.
    pub nodes: Vec<NodeRecord>,
    /// Refreshes, by access size.
    pub refreshes: Vec<BlockRecords<RefreshRecord>>,
    /// Root of each normal space before.
    pub roots_before: Vec<Digest>,
    /// Root of each normal space after.
    pub roots_after: Vec<Digest>,
    /// The cells after.
    pub image: MemoryImage,
}

impl OfflineMemory {
    /// Memory that starts as `image`. Errors: cells that the configuration does not have, or that are not of their space's
    /// kind.
    pub fn new(image: &MemoryImage, config: &MemoryConfig) -> Result<Self, MemoryError> {
        image.check(config)?;
        let partition = |space| Partition::new(space, config.pointer_unit());
        let mut spaces: Vec<Partition> = config.normal_spaces().iter().map(partition).collect();
        for (space, page, values) in image.pages() {
            // A space that is not there has only zeros, or the check would have failed.
            if let Some(position) = config.position(space) {
                spaces[position].set_page(page, values);
            }
        }
        Ok(Self {
            config: config.clone(),
            spaces,
            trees: image.trees(config),
            refreshes: BlockRecords::for_each_size(),
            accesses: AccessRecords::default(),
            clock: Clock::new(config),
            log: vec![],
            narrow: false,
        })
    }

    /// Replay as the log's own tables need it, [`crate::access`]: accesses of fewer cells than a small block take it whole.
    pub fn with_narrow_accesses(self) -> Self {
        Self { narrow: true, ..self }
    }

    /// Memory of zeros with a log to replay: [`Self::replay`] goes through it.
    pub fn from_log(log: Vec<MemoryLogEntry>, config: &MemoryConfig) -> Result<Self, MemoryError> {
        Self::from_image_and_log(&MemoryImage::new(), log, config)
    }

    /// Memory that starts as `image`, with a log to replay.
    pub fn from_image_and_log(
        image: &MemoryImage,
        log: Vec<MemoryLogEntry>,
        config: &MemoryConfig,
    ) -> Result<Self, MemoryError> {
        Ok(Self { log, ..Self::new(image, config)? })
    }

    /// Go through the log that [`Self::from_log`] was given, once. At the first entry that is not possible, its error.
    pub fn replay(&mut self, adapters: &mut AccessAdapterInventory) -> Result<(), MemoryError> {
        std::mem::take(&mut self.log).iter().try_for_each(|entry| self.apply(entry, adapters))
    }

    /// Do what an entry of a log says.
    pub fn apply(&mut self, entry: &MemoryLogEntry, adapters: &mut AccessAdapterInventory) -> Result<(), MemoryError> {
        match entry {
            &MemoryLogEntry::Read { address_space, pointer, len } => {
                self.read_cells(address_space, pointer, len, adapters)?;
            }
            MemoryLogEntry::Write { address_space, pointer, data } => {
                self.write(*address_space, *pointer, data, adapters)?;
            }
            &MemoryLogEntry::IncrementTimestampBy(increment) => self.increment_timestamp_by(increment)?,
        }
        Ok(())
    }

    /// Read `len` cells.
    pub fn read(
        &mut self,
        space: u32,
        pointer: u32,
        len: usize,
        adapters: &mut AccessAdapterInventory,
    ) -> Result<(RecordId, Vec<F>), MemoryError> {
        let id = self.read_cells(space, pointer, len, adapters)?;
        Ok((id, self.accesses.cells(id).to_vec()))
    }

    fn read_cells(
        &mut self,
        space: u32,
        pointer: u32,
        len: usize,
        adapters: &mut AccessAdapterInventory,
    ) -> Result<RecordId, MemoryError> {
        let place = place(&self.config, space, pointer, len)?;
        self.clock.check_access()?;
        let (id, time) = self.clock.access();
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let kind = if space == IDENTITY_SPACE { AccessKind::IdentityRead } else { AccessKind::Read };
        let mut record = AccessRecord { kind, space, pointer, len: len as u8, block_cells: len as u8, time, gap: 0 };
        match place {
            Place::Identity(value) => {
                cells.fill(value);
                self.accesses.push(record, 0, &cells[..len], None);
            }
            Place::Normal { position, cell } => {
                let (block_cells, offset) = self.taken(position, cell, len);
                let cells = &mut cells[..block_cells];
                let mut notes = Notes { adapters, refreshes: &mut self.refreshes };
                let found = self.spaces[position].access(cell - offset as u32, time, cells, None, &mut notes);
                record.block_cells = block_cells as u8;
                record.gap = found.gap;
                self.accesses.push(record, offset, cells, None);
            }
        }
        Ok(id)
    }

    /// Cells of the block that an access of `len` cells takes, and where in it the access starts.
    fn taken(&self, position: usize, cell: u32, len: usize) -> (usize, usize) {
        if !self.narrow {
            return (len, 0);
        }
        let block_cells = taken_cells(len, self.config.normal_spaces()[position].block_cells);
        (block_cells, cell as usize % block_cells)
    }

    /// Write as many cells as `data` has.
    pub fn write(
        &mut self,
        space: u32,
        pointer: u32,
        data: &[F],
        adapters: &mut AccessAdapterInventory,
    ) -> Result<RecordId, MemoryError> {
        if data.len() > ACCESS_CELLS_MAX {
            return Err(MemoryError::InvalidAccessSize { len: data.len() });
        }
        let (position, cell) = place_write(&self.config, space, pointer, data)?;
        self.clock.check_access()?;
        let (id, time) = self.clock.access();
        let (block_cells, offset) = self.taken(position, cell, data.len());
        let mut previous = [F::ZERO; ACCESS_CELLS_MAX];
        let previous = &mut previous[..block_cells];
        let mut notes = Notes { adapters, refreshes: &mut self.refreshes };
        let written = Some((offset, data));
        let found = self.spaces[position].access(cell - offset as u32, time, previous, written, &mut notes);
        let (kind, len, block_cells) = (AccessKind::Write, data.len() as u8, block_cells as u8);
        let record = AccessRecord { kind, space, pointer, len, block_cells, time, gap: found.gap };
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let cells = &mut cells[..previous.len()];
        cells.copy_from_slice(previous);
        cells[offset..offset + data.len()].copy_from_slice(data);
        self.accesses.push(record, offset, cells, Some(previous));
        Ok(id)
    }

    /// Let time rise. Error: it would reach 2^29.
    pub fn increment_timestamp_by(&mut self, increment: u32) -> Result<(), MemoryError> {
        self.clock.increment_by(increment)
    }

    /// The time of the next access; from 1 on.
    pub fn timestamp(&self) -> u32 {
        self.clock.timestamp()
    }

    /// The accesses so far.
    pub fn accesses(&self) -> &AccessRecords {
        &self.accesses
    }

    /// A cell as it is now, without an access; nothing where the space is not a normal one.
    pub fn peek(&self, space: u32, cell: u32) -> Option<F> {
        let mut value = [F::ZERO];
        self.spaces[self.config.position(space)?].peek(cell, &mut value);
        Some(value[0])
    }

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
        let config = self.config.clone();
        let end = self.finalize_blocks(adapters);
        let mut blocks = vec![];
        for leaf in &end.leaves {
            let space = config.position(leaf.space).map(|position| &config.normal_spaces()[position]);
            let Some(space) = space else { continue };
            let (cells, _) = leaf.after.as_chunks::<N>();
            for (start, &cells) in (0..).step_by(N).zip(cells) {
                let times = start / space.block_cells..=(start + N - 1) / space.block_cells;
                blocks.push(FinalBlock {
                    space: leaf.space,
                    pointer: ((leaf.leaf as usize * LEAF_CELLS + start) / pointer_unit) as u32,
                    cells,
                    timestamp: leaf.final_times[times].iter().copied().max().unwrap_or(0),
                });
            }
        }
        Ok((end, blocks))
    }

    /// End the replay, with every touched block back at its space's size.
    pub fn finalize_blocks(mut self, adapters: &mut AccessAdapterInventory) -> FinalMemory {
        let roots = |trees: &[MerkleTree]| -> Vec<Digest> { trees.iter().map(MerkleTree::root).collect() };
        let roots_before = roots(&self.trees);
        let (mut leaves, mut nodes, mut image) = (vec![], vec![], MemoryImage::new());
        let spaces = self.spaces.iter_mut().zip(&mut self.trees).zip(self.config.normal_spaces());
        for ((partition, tree), space) in spaces {
            let mut notes = Notes { adapters, refreshes: &mut self.refreshes };
            let mut changes = vec![];
            for touched in partition.touched() {
                let settled = partition.settle(touched.leaf, &mut notes);
                let digest_before = tree.node(0, touched.leaf);
                let changed = touched.before != settled.after;
                let record = LeafRecord {
                    space: space.number,
                    leaf: touched.leaf,
                    before: touched.before,
                    after: settled.after,
                    initial_times: touched.initial_times,
                    final_times: settled.final_times,
                    digest_before,
                    digest_after: if changed { leaf_digest(&settled.after) } else { digest_before },
                };
                changes.push(NodeChange {
                    index: record.leaf,
                    before: record.digest_before,
                    after: record.digest_after,
                });
                leaves.push(record);
            }
            nodes.extend(tree.update(changes));
            for (page, cells) in partition.pages() {
                image.set_page(space.number, page, *cells);
            }
        }
        FinalMemory {
            accesses: self.accesses,
            leaves,
            nodes,
            refreshes: self.refreshes.into(),
            roots_before,
            roots_after: roots(&self.trees),
            image,
        }
    }
}
