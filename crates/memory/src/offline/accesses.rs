//! What each access of a log found and left.

use engram_air::F;

use crate::log::RecordId;

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// It reads the identity space, and is on no bus.
    IdentityRead,
    /// It reads a normal space.
    Read,
    /// It writes a normal space.
    Write,
}

/// One access, but for its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessRecord {
    /// What it does.
    pub kind: AccessKind,
    /// Address space.
    pub space: u32,
    /// Pointer, in the memory's pointer unit.
    pub pointer: u32,
    /// Number of cells.
    pub len: u8,
    /// Cells of the block that it takes, which is aligned: as many as its own, or more where it is a narrow one.
    pub block_cells: u8,
    /// Its timestamp.
    pub timestamp: u32,
    /// `timestamp - 1 -` the timestamp of the message that it takes; below `2^GAP_BITS`.
    pub gap: u32,
}

/// The accesses of a log, in order, with their cells.
#[derive(Clone, Debug, Default)]
pub struct AccessRecords {
    records: Vec<AccessRecord>,
    /// Where the cells of each access's block start: those after, and for a write then those before.
    starts: Vec<usize>,
    /// Where each access starts in its block.
    offsets: Vec<u8>,
    cells: Vec<F>,
}

impl AccessRecords {
    /// An access that starts at cell `offset` of its block, with the block's cells.
    pub(super) fn push(&mut self, record: AccessRecord, offset: usize, cells: &[F], previous: Option<&[F]>) {
        self.records.push(record);
        self.offsets.push(offset as u8);
        self.starts.push(self.cells.len());
        self.cells.extend_from_slice(cells);
        self.cells.extend_from_slice(previous.unwrap_or(&[]));
    }

    /// Number of accesses.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// An access.
    pub fn get(&self, id: RecordId) -> Option<&AccessRecord> {
        self.records.get(id.0 as usize)
    }

    /// The cells that an access leaves: what a read found, what a write wrote. None where there is no such access.
    pub fn cells(&self, id: RecordId) -> &[F] {
        self.part(id, 0)
    }

    /// The cells that an access finds. None where there is no such access.
    pub fn previous(&self, id: RecordId) -> &[F] {
        let writes = self.get(id).is_some_and(|record| record.kind == AccessKind::Write);
        self.part(id, usize::from(writes))
    }

    /// The cells that an access leaves in the block that it takes.
    pub(crate) fn block(&self, id: RecordId) -> &[F] {
        self.part_of_block(id, 0)
    }

    /// The cells that an access finds in the block that it takes.
    pub(crate) fn previous_block(&self, id: RecordId) -> &[F] {
        let writes = self.get(id).is_some_and(|record| record.kind == AccessKind::Write);
        self.part_of_block(id, usize::from(writes))
    }

    /// Where an access starts in the block that it takes, in cells.
    pub(crate) fn offset(&self, id: RecordId) -> usize {
        self.offsets.get(id.0 as usize).map_or(0, |&offset| offset.into())
    }

    fn part(&self, id: RecordId, part: usize) -> &[F] {
        let Some(record) = self.get(id) else { return &[] };
        let offset = self.offset(id);
        &self.part_of_block(id, part)[offset..offset + usize::from(record.len)]
    }

    fn part_of_block(&self, id: RecordId, part: usize) -> &[F] {
        let Some(record) = self.get(id) else { return &[] };
        let block_cells = usize::from(record.block_cells);
        let start = self.starts[id.0 as usize] + part * block_cells;
        &self.cells[start..start + block_cells]
    }

    /// All accesses with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, &AccessRecord)> {
        self.records.iter().enumerate().map(|(index, record)| (RecordId(index as u32), record))
    }
}
