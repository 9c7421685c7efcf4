//! Replay: which message each access takes off the bus, and what must be there besides the accesses.
//!
//! The cells of a space are a partition into aligned blocks, each a power of two of cells and each with the timestamp since
//! when it is there. At first all blocks have their space's size. An access splits and merges blocks until one has its size and
//! place. At the end of a segment all touched blocks are brought back to their space's size.
//!
//! A *narrow* access takes a block that is larger than it is, and leaves the other cells as they are. Chips, which put accesses on
//! the bus with [`crate::MemoryBridge`], have none. The log's own tables do: [`OfflineMemory::with_narrow_accesses`].
//!
//! Where all accesses of a space are whole words, there is nothing to split or merge, and its words are found faster.

mod accesses;
mod end;
mod partition;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use engram_air::{F, PrimeCharacteristicRing, PrimeField32, field::Digest};

pub use accesses::{AccessKind, AccessRecord, AccessRecords};
pub use end::{FinalBlock, FinalMemory};
use partition::{Notes, Partition, Refreshes};
pub use words::Access;
use words::{Word, WordSpace};

use crate::{
    address::{ACCESS_CELLS_MAX, CELL_BITS, GAP_BITS, IDENTITY_SPACE, WORD_CELLS, cells, taken_cells},
    backing::Backing,
    clock::Clock,
    config::MemoryConfig,
    error::MemoryError,
    image::MemoryImage,
    log::{MemoryLog, MemoryLogEntry, RecordId},
    place::{Place, place, place_write},
    records::{AccessAdapterInventory, BlockRecords, RefreshRecord},
    segment::{LeafRecord, SegmentMemory},
    tree::{MerkleTree, NodeChange, leaf_digest},
};

/// Spaces of words with higher numbers than this are partitions as others are. The fast ones are found by their number, in an array
/// that lies in the memory itself: behind a pointer, an access takes a sixth longer.
const WORD_SPACE_MAX: u32 = 4;

/// Memory, as accesses in the order of their timestamps see and leave it, cut into segments.
///
/// It answers in two ways. [`Self::read_word`] and [`Self::write_word`] access whole words of spaces of words at timestamps that the caller
/// gives: so a machine replays hundreds of millions of accesses a second. [`Self::read_dynamic`] and [`Self::write`], and with
/// them [`Self::replay`], access any cells, take the next timestamp, and keep what each access found and left.
#[derive(Clone, Debug)]
pub struct OfflineMemory {
    config: MemoryConfig,
    /// Spaces of words, by their number less one.
    words: [WordSpace; WORD_SPACE_MAX as usize],
    /// By position in the layout; nothing for a space of words.
    partitions: Vec<Option<Partition>>,
    trees: Vec<MerkleTree>,
    /// Refreshes of words, each with the word.
    word_refreshes: Vec<(RefreshRecord, u32)>,
    refreshes: Refreshes,
    accesses: AccessRecords,
    clock: Clock,
    log: MemoryLog,
    narrow: bool,
}

impl OfflineMemory {
    /// Memory that starts as `image`.
    ///
    /// # Errors
    /// Cells that the configuration does not have, or that are not of their space's kind.
    pub fn new(image: &MemoryImage, config: &MemoryConfig) -> Result<Self, MemoryError> {
        Ok(Self::with_trees(image, image.trees(config.layout())?, config))
    }

    /// The same, from an image whose trees are known: those of the configuration's layout.
    pub fn with_trees(image: &MemoryImage, trees: Vec<MerkleTree>, config: &MemoryConfig) -> Self {
        let layout = config.layout();
        let is_words =
            |space: &crate::layout::AddressSpaceConfig| layout.is_words(space) && space.number <= WORD_SPACE_MAX;
        let mut words = std::array::from_fn(|_| WordSpace::absent());
        for space in layout.spaces().iter().filter(|space| is_words(space)) {
            words[space.number as usize - 1] = WordSpace::of(space, image);
        }
        let partition = |space| (!is_words(space)).then(|| Partition::of(space, layout.pointer_unit(), image));
        Self {
            config: config.clone(),
            words,
            partitions: layout.spaces().iter().map(partition).collect(),
            trees,
            word_refreshes: vec![],
            refreshes: BlockRecords::for_each_size(),
            accesses: AccessRecords::default(),
            clock: Clock::new(config),
            log: MemoryLog::new(),
            narrow: false,
        }
    }

    /// Replay as the log's own tables need it, [`crate::log_table`]: accesses of fewer cells than a small block take it whole.
    pub fn with_narrow_accesses(self) -> Self {
        Self { narrow: true, ..self }
    }

    /// The same before the first segment, but with one space of words that is kept elsewhere.
    pub fn with_backing(mut self, space: u32, backing: Arc<dyn Backing>) -> Self {
        let layout = self.config.layout();
        if let (Some(position), Some(of)) = (layout.position(space), layout.space(space))
            && self.partitions[position].is_none()
        {
            self.words[space as usize - 1] = WordSpace::backed(of, backing.clone());
            self.trees[position] = MerkleTree::backed(layout, of, backing);
        }
        self
    }

    /// Read the word at `(space, pointer)`. Timestamps start at 1 in each segment, stay below `2^TIMESTAMP_BITS`, and rise from
    /// access to access of the same word.
    ///
    /// # Panics
    /// Where the space is none of words, or the address does not exist.
    #[inline]
    pub fn read_word(&mut self, space: u32, pointer: u32, timestamp: u32) -> Access {
        let word = self.words[(space - 1) as usize].word_mut(pointer, timestamp);
        let access = Access { previous: word.value, gap: timestamp.wrapping_sub(1).wrapping_sub(word.timestamp) };
        word.timestamp = timestamp;
        self.bridge(access, space, pointer, timestamp)
    }

    /// Write the word at `(space, pointer)`; otherwise as [`Self::read_word`].
    ///
    /// # Panics
    /// Where the space is none of words, or the address does not exist.
    #[inline]
    pub fn write_word(&mut self, space: u32, pointer: u32, timestamp: u32, value: u32) -> Access {
        let word = self.words[(space - 1) as usize].word_mut(pointer, timestamp);
        let access = Access { previous: word.value, gap: timestamp.wrapping_sub(1).wrapping_sub(word.timestamp) };
        *word = Word { value, timestamp };
        self.bridge(access, space, pointer, timestamp)
    }

    /// Change what the last access of a word left there, as if it had written `value` itself.
    ///
    /// # Panics
    /// Where the open segment has not accessed the word.
    #[inline]
    pub fn amend(&mut self, space: u32, pointer: u32, value: u32) {
        self.words[(space - 1) as usize].accessed_mut(pointer).value = value;
    }

    /// The word at `(space, pointer)` as it is now, without an access.
    ///
    /// # Panics
    /// Where the space is none of words.
    pub fn peek(&self, space: u32, pointer: u32) -> u32 {
        self.words[(space - 1) as usize].peek(pointer)
    }

    #[inline]
    fn bridge(&mut self, access: Access, space: u32, pointer: u32, timestamp: u32) -> Access {
        if access.gap < 1 << GAP_BITS { access } else { self.refresh(access, space, pointer, timestamp) }
    }

    /// Read the word once more, a multiple of `2^GAP_BITS` after the access before, so that the gap to the one at `timestamp` is
    /// small.
    #[cold]
    #[inline(never)]
    fn refresh(&mut self, access: Access, space: u32, pointer: u32, timestamp: u32) -> Access {
        let steps = access.gap >> GAP_BITS;
        let start = timestamp.wrapping_sub(1).wrapping_sub(access.gap);
        assert!(start < timestamp, "timestamps of one word rise");
        let timestamp = start + (steps << GAP_BITS);
        self.word_refreshes.push((RefreshRecord { space, pointer, timestamp, steps }, access.previous));
        Access { gap: access.gap & ((1 << GAP_BITS) - 1), ..access }
    }

    /// The Merkle roots of all spaces where the open segment started, in the layout's order.
    pub fn roots(&self) -> Vec<Digest> {
        self.trees.iter().map(MerkleTree::root).collect()
    }

    /// Leaves that the open segment has touched so far.
    pub fn touched_leaves(&self) -> usize {
        let words = self.words.iter().map(WordSpace::touched_leaves);
        words.chain(self.partitions.iter().flatten().map(Partition::touched_leaves)).sum()
    }

    /// Refreshes that the open segment has needed so far.
    pub fn refreshes(&self) -> usize {
        self.word_refreshes.len() + self.refreshes.iter().map(BlockRecords::len).sum::<usize>()
    }

    /// The cells as they are now; of a space that is kept elsewhere, the pages that were touched.
    pub fn image(&self) -> MemoryImage {
        let mut image = MemoryImage::of_layout(self.config.layout());
        self.words.iter().for_each(|words| words.write_to(&mut image));
        self.partitions.iter().flatten().for_each(|partition| partition.write_to(&mut image));
        image
    }

    /// End the open segment of a memory that needs no splits and merges: bring the Merkle trees up to date and say what the
    /// segment did. The next starts at timestamp 1.
    pub fn finish_segment(&mut self) -> SegmentMemory {
        self.finish_with(AccessAdapterInventory::new())
    }

    /// End the open segment, as [`Self::finish_segment`]; `adapters` are those that its accesses needed. Every touched block comes
    /// back to its space's size.
    pub fn finish_with(&mut self, mut adapters: AccessAdapterInventory) -> SegmentMemory {
        let roots_before = self.roots();
        let (mut leaves, mut nodes) = (vec![], vec![]);
        let spaces = self.config.layout().spaces().iter().zip(&mut self.partitions).zip(&mut self.trees);
        for ((space, partition), tree) in spaces {
            let touched = match partition {
                None => self.words[space.number as usize - 1].finish(tree),
                Some(partition) => {
                    let mut notes = Notes { adapters: &mut adapters, refreshes: &mut self.refreshes };
                    settled_leaves(space.number, partition, tree, &mut notes)
                }
            };
            let change = |record: &LeafRecord| NodeChange {
                index: record.leaf,
                before: record.digest_before,
                after: record.digest_after,
            };
            nodes.extend(tree.update(touched.iter().map(change).collect()));
            leaves.extend(touched);
        }
        let mut refreshes = std::mem::replace(&mut self.refreshes, BlockRecords::for_each_size());
        for (record, word) in self.word_refreshes.drain(..) {
            refreshes[WORD_CELLS.ilog2() as usize].push(record, &cells(word));
        }
        self.clock.restart();
        let layout = self.config.layout().clone();
        let roots_after = self.roots();
        SegmentMemory { layout, leaves, nodes, refreshes: refreshes.into(), adapters, roots_before, roots_after }
    }

    /// Memory of zeros with a log to replay: [`Self::replay`] goes through it.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn from_log(log: MemoryLog, config: &MemoryConfig) -> Result<Self, MemoryError> {
        Self::from_image_and_log(&MemoryImage::new(), log, config)
    }

    /// Memory that starts as `image`, with a log to replay.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn from_image_and_log(image: &MemoryImage, log: MemoryLog, config: &MemoryConfig) -> Result<Self, MemoryError> {
        Ok(Self { log, ..Self::new(image, config)? })
    }

    /// Go through the log that [`Self::from_log`] was given, once. At the first entry that is not possible, its error.
    ///
    /// # Errors
    /// The first entry that is not possible. Entries before it are replayed.
    pub fn replay(&mut self, adapters: &mut AccessAdapterInventory) -> Result<(), MemoryError> {
        let log = std::mem::take(&mut self.log);
        log.iter().try_for_each(|entry| self.apply(entry, adapters))
    }

    /// Do what an entry of a log says.
    ///
    /// # Errors
    /// The entry is not possible. Then nothing has changed.
    pub fn apply(
        &mut self,
        entry: MemoryLogEntry<'_>,
        adapters: &mut AccessAdapterInventory,
    ) -> Result<(), MemoryError> {
        match entry {
            MemoryLogEntry::Read { address_space, pointer, len } => {
                self.read_cells(address_space, pointer, len, adapters)?;
            }
            MemoryLogEntry::Write { address_space, pointer, data } => {
                self.write(address_space, pointer, &data, adapters)?;
            }
            MemoryLogEntry::IncrementTimestampBy(increment) => self.increment_timestamp_by(increment)?,
        }
        Ok(())
    }

    /// Read `len` cells.
    ///
    /// # Errors
    /// Those of [`Memory`](crate::online::Memory).
    pub fn read_dynamic(
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
        let (id, timestamp) = self.clock.access();
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let kind = if space == IDENTITY_SPACE { AccessKind::IdentityRead } else { AccessKind::Read };
        let mut record =
            AccessRecord { kind, space, pointer, len: len as u8, block_cells: len as u8, timestamp, gap: 0 };
        match place {
            Place::Identity(value) => {
                cells.fill(value);
                self.accesses.push(record, 0, &cells[..len], None);
            }
            Place::Normal { position, cell } => {
                let (block_cells, offset) = self.taken(position, cell, len);
                let cells = &mut cells[..block_cells];
                record.block_cells = block_cells as u8;
                record.gap = self.access(position, cell - offset as u32, timestamp, cells, None, adapters);
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
    ///
    /// # Errors
    /// Those of [`Memory`](crate::online::Memory).
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
        let (id, timestamp) = self.clock.access();
        let (block_cells, offset) = self.taken(position, cell, data.len());
        let mut previous = [F::ZERO; ACCESS_CELLS_MAX];
        let previous = &mut previous[..block_cells];
        let gap = self.access(position, cell - offset as u32, timestamp, previous, Some((offset, data)), adapters);
        let (kind, len, block_cells) = (AccessKind::Write, data.len() as u8, block_cells as u8);
        let record = AccessRecord { kind, space, pointer, len, block_cells, timestamp, gap };
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let cells = &mut cells[..previous.len()];
        cells.copy_from_slice(previous);
        cells[offset..offset + data.len()].copy_from_slice(data);
        self.accesses.push(record, offset, cells, Some(previous));
        Ok(id)
    }

    /// An access of an aligned block: its cells are written to `previous`, and those from an offset on replaced where something is
    /// written. Returns its gap.
    fn access(
        &mut self,
        position: usize,
        cell: u32,
        timestamp: u32,
        previous: &mut [F],
        written: Option<(usize, &[F])>,
        adapters: &mut AccessAdapterInventory,
    ) -> u32 {
        if let Some(partition) = &mut self.partitions[position] {
            let mut notes = Notes { adapters, refreshes: &mut self.refreshes };
            return partition.access(cell, timestamp, previous, written, &mut notes).gap;
        }
        let (space, pointer) = (self.config.layout().spaces()[position].number, cell / WORD_CELLS as u32);
        // An access of such a space is a whole word, at offset zero.
        let access = match written {
            None => self.read_word(space, pointer, timestamp),
            Some((_, word)) => {
                let word = word.iter().rev().fold(0, |word, cell| word << CELL_BITS | cell.as_canonical_u32());
                self.write_word(space, pointer, timestamp, word)
            }
        };
        previous.copy_from_slice(&cells(access.previous));
        access.gap
    }

    /// Increase the timestamp.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    pub fn increment_timestamp_by(&mut self, increment: u32) -> Result<(), MemoryError> {
        self.clock.increment_by(increment)
    }

    /// The timestamp of the next access; from 1 on.
    pub fn timestamp(&self) -> u32 {
        self.clock.timestamp()
    }

    /// The accesses so far.
    pub fn accesses(&self) -> &AccessRecords {
        &self.accesses
    }

    /// A cell as it is now, without an access; nothing where the space is not a normal one.
    pub fn peek_cell(&self, space: u32, cell: u32) -> Option<F> {
        let position = self.config.layout().position(space)?;
        let Some(partition) = &self.partitions[position] else {
            let word = self.peek(space, cell / WORD_CELLS as u32);
            return Some(cells(word)[cell as usize % WORD_CELLS]);
        };
        let mut value = [F::ZERO];
        partition.peek(cell, &mut value);
        Some(value[0])
    }
}

/// The touched leaves of a partition, ascending, with all blocks back at the space's size; none is touched any more.
fn settled_leaves(space: u32, partition: &mut Partition, tree: &MerkleTree, notes: &mut Notes<'_>) -> Vec<LeafRecord> {
    let touched = partition.touched();
    let mut records = vec![];
    for leaf in &touched {
        let settled = partition.settle(leaf.leaf, notes);
        let digest_before = tree.node(0, leaf.leaf);
        let changed = leaf.before != settled.after;
        records.push(LeafRecord {
            space,
            leaf: leaf.leaf,
            before: leaf.before,
            after: settled.after,
            initial_timestamps: leaf.initial_timestamps,
            final_timestamps: settled.final_timestamps,
            digest_before,
            digest_after: if changed { leaf_digest(&settled.after) } else { digest_before },
        });
    }
    partition.reset(&touched);
    records
}
