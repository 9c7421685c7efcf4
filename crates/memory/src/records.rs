//! Records of rows about blocks of cells, by the size of the block.

use engram_air::F;

use crate::address::ACCESS_SIZES;

/// Records that each go with one block of `block_cells` cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecords<R> {
    block_cells: usize,
    records: Vec<R>,
    cells: Vec<F>,
}

impl<R> BlockRecords<R> {
    pub(crate) fn new(block_cells: usize) -> Self {
        Self { block_cells, records: vec![], cells: vec![] }
    }

    /// For each of [`ACCESS_SIZES`], none yet.
    pub(crate) fn for_each_size() -> [Self; ACCESS_SIZES.len()] {
        ACCESS_SIZES.map(Self::new)
    }

    pub(crate) fn push(&mut self, record: R, cells: &[F]) {
        debug_assert_eq!(cells.len(), self.block_cells);
        self.records.push(record);
        self.cells.extend_from_slice(cells);
    }

    /// Cells in each block.
    pub fn block_cells(&self) -> usize {
        self.block_cells
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A record and its block's cells.
    pub fn get(&self, index: usize) -> Option<(&R, &[F])> {
        let start = index * self.block_cells;
        Some((self.records.get(index)?, self.cells.get(start..start + self.block_cells)?))
    }

    /// All records, each with its block's cells.
    pub fn iter(&self) -> impl Iterator<Item = (&R, &[F])> {
        self.records.iter().zip(self.cells.chunks_exact(self.block_cells))
    }
}

/// A block that falls apart into its halves. Both have been there as long as it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitRecord {
    /// Address space.
    pub space: u32,
    /// The block's pointer.
    pub pointer: u32,
    /// The timestamp of the block and of both halves.
    pub timestamp: u32,
}

/// Two halves that become a block. It has been there as long as the later of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeRecord {
    /// Address space.
    pub space: u32,
    /// The block's pointer, which is its left half's.
    pub pointer: u32,
    /// The timestamps of the left and of the right half, fewer than `2^GAP_BITS` apart.
    pub timestamps: [u32; 2],
}

/// A read that only shortens the gap between two messages about a block: it takes the block as it was `2^GAP_BITS · steps`
/// earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRecord {
    /// Address space.
    pub space: u32,
    /// The block's pointer.
    pub pointer: u32,
    /// Timestamp of the read.
    pub timestamp: u32,
    /// How far back the message before is, in units of `2^GAP_BITS`: from 1 to `2^TIMESTAMP_HIGH_BITS`.
    pub steps: u32,
}

/// Every split and merge that a replay needed, by the size of the larger block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessAdapterInventory {
    splits: [BlockRecords<SplitRecord>; ACCESS_SIZES.len()],
    merges: [BlockRecords<MergeRecord>; ACCESS_SIZES.len()],
}

impl Default for AccessAdapterInventory {
    fn default() -> Self {
        Self { splits: BlockRecords::for_each_size(), merges: BlockRecords::for_each_size() }
    }
}

impl AccessAdapterInventory {
    /// No adapters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Splits, by [`ACCESS_SIZES`]; none of single cells.
    pub fn splits(&self) -> &[BlockRecords<SplitRecord>] {
        &self.splits
    }

    /// Merges, by [`ACCESS_SIZES`]; none into single cells.
    pub fn merges(&self) -> &[BlockRecords<MergeRecord>] {
        &self.merges
    }

    /// Number of splits and merges.
    pub fn len(&self) -> usize {
        self.splits.iter().map(BlockRecords::len).sum::<usize>()
            + self.merges.iter().map(BlockRecords::len).sum::<usize>()
    }

    /// Whether no adapter was needed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn split(&mut self, log2: u8, record: SplitRecord, cells: &[F]) {
        self.splits[log2 as usize].push(record, cells);
    }

    pub(crate) fn merge(&mut self, log2: u8, record: MergeRecord, cells: &[F]) {
        self.merges[log2 as usize].push(record, cells);
    }
}
