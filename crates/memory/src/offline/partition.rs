//! The cells of one space as blocks: which cells are in one message on the bus, and since when.

use std::collections::HashMap;

use engram_air::F;

use crate::{
    address::{ACCESS_SIZES, GAP_BITS, LEAF_CELLS},
    image::MemoryImage,
    layout::AddressSpaceConfig,
    records::{AccessAdapterInventory, BlockRecords, MergeRecord, RefreshRecord, SplitRecord},
};

/// Cells in a page.
const PAGE_CELLS: usize = 1024;

/// Leaves in a page.
const PAGE_LEAVES: usize = PAGE_CELLS / LEAF_CELLS;

/// The timestamp of a block that nothing has touched.
const UNTOUCHED: u32 = u32::MAX;

/// Refreshes by [`ACCESS_SIZES`].
pub(super) type Refreshes = [BlockRecords<RefreshRecord>; ACCESS_SIZES.len()];

#[derive(Clone, Debug)]
struct Page {
    values: [F; PAGE_CELLS],
    /// Base-two logarithm of the size of each cell's block.
    sizes_log2: [u8; PAGE_CELLS],
    /// By the first cell of a block: since when it is there.
    timestamps: [u32; PAGE_CELLS],
    /// One more than the position of each leaf among the touched ones; zero before it is touched.
    touched: [u32; PAGE_LEAVES],
}

/// A leaf as the first access found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TouchedLeaf {
    pub(super) leaf: u32,
    pub(super) before: [F; LEAF_CELLS],
    /// By block of the space's size.
    pub(super) initial_timestamps: [u32; LEAF_CELLS],
}

/// A leaf as the last access left it, in blocks of the space's size.
pub(super) struct SettledLeaf {
    pub(super) after: [F; LEAF_CELLS],
    /// By block of the space's size.
    pub(super) final_timestamps: [u32; LEAF_CELLS],
}

/// The partition of a space into blocks.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    space: u32,
    block_log2: u8,
    unit_log2: u32,
    pages: HashMap<u32, Box<Page>>,
    touched: Vec<TouchedLeaf>,
}

/// An access, as it finds its block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// `timestamp - 1 -` the timestamp of the message before; below `2^GAP_BITS`.
    pub(super) gap: u32,
}

/// What a replay writes down besides the accesses.
pub(super) struct Notes<'a> {
    pub(super) adapters: &'a mut AccessAdapterInventory,
    pub(super) refreshes: &'a mut Refreshes,
}

impl Partition {
    fn new(space: &AddressSpaceConfig, pointer_unit: usize) -> Self {
        Self {
            space: space.number,
            block_log2: space.block_cells.ilog2() as u8,
            unit_log2: pointer_unit.ilog2(),
            pages: HashMap::new(),
            touched: vec![],
        }
    }

    /// The cells of an image, before the first access.
    pub(super) fn of(space: &AddressSpaceConfig, pointer_unit: usize, image: &MemoryImage) -> Self {
        let mut partition = Self::new(space, pointer_unit);
        for page in image.stored(space.number) {
            let cells = page.cells();
            let pages = (page.first() / PAGE_CELLS as u32..).zip(cells.as_chunks::<PAGE_CELLS>().0);
            pages.for_each(|(number, cells)| partition.page_mut(number).values = *cells);
        }
        partition
    }

    fn page_mut(&mut self, number: u32) -> &mut Page {
        let block_log2 = self.block_log2;
        self.pages.entry(number).or_insert_with(|| {
            Box::new(Page {
                values: [F::default(); PAGE_CELLS],
                sizes_log2: [block_log2; PAGE_CELLS],
                timestamps: [UNTOUCHED; PAGE_CELLS],
                touched: [0; PAGE_LEAVES],
            })
        })
    }

    /// The cells now; zero where there is no page.
    pub(super) fn peek(&self, cell: u32, out: &mut [F]) {
        let (number, offset) = page_of(cell);
        match self.pages.get(&number) {
            Some(page) => out.copy_from_slice(&page.values[offset..offset + out.len()]),
            None => out.fill(F::default()),
        }
    }

    /// Put the cells as they are now into an image.
    pub(super) fn write_to(&self, image: &mut MemoryImage) {
        for (number, page) in &self.pages {
            image.set_cells(self.space, number * PAGE_CELLS as u32, &page.values);
        }
    }

    /// Leaves that the open segment has touched so far.
    pub(super) fn touched_leaves(&self) -> usize {
        self.touched.len()
    }

    /// An access at `timestamp` that takes an aligned block of `previous.len()` cells, a possible size. Its cells are written to
    /// `previous`; those from an offset on are replaced by the cells of `written` where there are some.
    pub(super) fn access(
        &mut self,
        cell: u32,
        timestamp: u32,
        previous: &mut [F],
        written: Option<(usize, &[F])>,
        notes: &mut Notes<'_>,
    ) -> Found {
        let (number, offset) = page_of(cell);
        self.page_mut(number);
        let mut blocks = self.blocks(number, timestamp - 1);
        let log2 = previous.len().ilog2() as u8;
        blocks.gather(offset, log2, notes);
        let since = blocks.bridge(offset, log2, timestamp - 1, notes);
        let page = blocks.page;
        let values = &mut page.values[offset..offset + previous.len()];
        previous.copy_from_slice(values);
        if let Some((first, written)) = written {
            values[first..first + written.len()].copy_from_slice(written);
        }
        page.timestamps[offset] = timestamp;
        Found { gap: timestamp - 1 - since }
    }

    /// The page must be there.
    fn blocks(&mut self, number: u32, now: u32) -> Blocks<'_> {
        Blocks {
            page: self.pages.get_mut(&number).expect("the page was made before its blocks are used"),
            touched: &mut self.touched,
            first_cell: number * PAGE_CELLS as u32,
            space: self.space,
            block_log2: self.block_log2,
            unit_log2: self.unit_log2,
            now,
        }
    }

    /// The touched leaves, ascending.
    pub(super) fn touched(&mut self) -> Vec<TouchedLeaf> {
        self.touched.sort_unstable_by_key(|leaf| leaf.leaf);
        std::mem::take(&mut self.touched)
    }

    /// Forget when these leaves were touched: the next segment's timestamps start anew. Their blocks have the space's size.
    pub(super) fn reset(&mut self, leaves: &[TouchedLeaf]) {
        for leaf in leaves {
            let (number, start) = page_of(leaf.leaf * LEAF_CELLS as u32);
            let page = self.page_mut(number);
            page.touched[start / LEAF_CELLS] = 0;
            page.timestamps[start..start + LEAF_CELLS].fill(UNTOUCHED);
        }
    }

    /// Bring all blocks of a touched leaf to the space's size.
    pub(super) fn settle(&mut self, leaf: u32, notes: &mut Notes<'_>) -> SettledLeaf {
        let (number, start) = page_of(leaf * LEAF_CELLS as u32);
        // No block is touched for the first time here: the timestamp does not matter.
        let mut blocks = self.blocks(number, 0);
        let block_cells = 1 << blocks.block_log2;
        let mut final_timestamps = [0; LEAF_CELLS];
        for (block, offset) in (start..start + LEAF_CELLS).step_by(block_cells).enumerate() {
            if blocks.page.timestamps[offset] == UNTOUCHED && blocks.page.sizes_log2[offset] == blocks.block_log2 {
                continue;
            }
            blocks.gather(offset, blocks.block_log2, notes);
            final_timestamps[block] = blocks.page.timestamps[offset];
        }
        let after = std::array::from_fn(|index| blocks.page.values[start + index]);
        SettledLeaf { after, final_timestamps }
    }
}

/// The blocks of one page, at the timestamp before an access.
struct Blocks<'a> {
    page: &'a mut Page,
    touched: &'a mut Vec<TouchedLeaf>,
    first_cell: u32,
    space: u32,
    block_log2: u8,
    unit_log2: u32,
    /// The first timestamp of blocks that are touched now.
    now: u32,
}

impl Blocks<'_> {
    fn pointer(&self, offset: usize) -> u32 {
        (self.first_cell + offset as u32) >> self.unit_log2
    }

    /// Split or merge until one block of `2^log2` cells starts at `offset`.
    fn gather(&mut self, offset: usize, log2: u8, notes: &mut Notes<'_>) {
        let size = self.page.sizes_log2[offset];
        if size == log2 {
            self.touch(offset);
        } else if size > log2 {
            self.split(offset, size, log2, notes);
        } else {
            self.gather(offset, log2 - 1, notes);
            self.gather(offset + (1 << (log2 - 1)), log2 - 1, notes);
            self.merge(offset, log2, notes);
        }
    }

    /// Split the block of `2^size` cells around `offset` until one of `2^log2` starts there.
    fn split(&mut self, offset: usize, size: u8, log2: u8, notes: &mut Notes<'_>) {
        let mut start = offset >> size << size;
        self.touch(start);
        for size in (log2 + 1..=size).rev() {
            let (end, right) = (start + (1 << size), start + (1 << (size - 1)));
            let timestamp = self.page.timestamps[start];
            let record = SplitRecord { space: self.space, pointer: self.pointer(start), timestamp };
            notes.adapters.split(size, record, &self.page.values[start..end]);
            self.page.sizes_log2[start..end].fill(size - 1);
            self.page.timestamps[right] = timestamp;
            if offset >= right {
                start = right;
            }
        }
    }

    /// Merge the two halves of the block of `2^log2` cells at `offset`.
    fn merge(&mut self, offset: usize, log2: u8, notes: &mut Notes<'_>) {
        let (right, end) = (offset + (1 << (log2 - 1)), offset + (1 << log2));
        let later = self.page.timestamps[offset].max(self.page.timestamps[right]);
        let timestamps = [offset, right].map(|half| self.bridge(half, log2 - 1, later, notes));
        let record = MergeRecord { space: self.space, pointer: self.pointer(offset), timestamps };
        notes.adapters.merge(log2, record, &self.page.values[offset..end]);
        self.page.sizes_log2[offset..end].fill(log2);
        self.page.timestamps[offset] = later;
    }

    /// Where the block of `2^log2` cells at `offset` is `2^GAP_BITS` older than `until` or more, refresh it once, so that it is not.
    /// Returns its timestamp.
    fn bridge(&mut self, offset: usize, log2: u8, until: u32, notes: &mut Notes<'_>) -> u32 {
        let mut timestamp = self.page.timestamps[offset];
        let steps = (until - timestamp) >> GAP_BITS;
        if steps > 0 {
            timestamp += steps << GAP_BITS;
            let record = RefreshRecord { space: self.space, pointer: self.pointer(offset), timestamp, steps };
            notes.refreshes[log2 as usize].push(record, &self.page.values[offset..offset + (1 << log2)]);
        }
        self.page.timestamps[offset] = timestamp;
        timestamp
    }

    /// Give a block of the space's size its first timestamp, unless it has one.
    #[inline]
    fn touch(&mut self, offset: usize) {
        if self.page.timestamps[offset] != UNTOUCHED {
            return;
        }
        self.page.timestamps[offset] = self.now;
        let leaf = offset / LEAF_CELLS;
        let slot = &mut self.page.touched[leaf];
        if *slot == 0 {
            *slot = self.touched.len() as u32 + 1;
            let before = std::array::from_fn(|index| self.page.values[leaf * LEAF_CELLS + index]);
            self.touched.push(TouchedLeaf {
                leaf: self.first_cell / LEAF_CELLS as u32 + leaf as u32,
                before,
                initial_timestamps: [0; LEAF_CELLS],
            });
        }
        let block = (offset % LEAF_CELLS) >> self.block_log2;
        self.touched[*slot as usize - 1].initial_timestamps[block] = self.now;
    }
}

/// The page of a cell, and the cell's place in it.
#[inline]
fn page_of(cell: u32) -> (u32, usize) {
    (cell / PAGE_CELLS as u32, cell as usize % PAGE_CELLS)
}
