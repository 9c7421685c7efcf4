//! What a memory was asked to do, in order.

#[cfg(test)]
mod tests;
mod written;

use std::fmt;

use engram_air::F;
pub use written::WrittenCells;

/// An access's number among all accesses of a log, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u32);

/// One entry of a log.
///
/// Each read and write takes the current timestamp and lets it rise by one, so that no two accesses have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryLogEntry<'a> {
    /// A read. What it found follows from the entries before.
    Read {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// Number of cells: 1, 2, 4, 8, 16 or 32.
        len: usize,
    },
    /// A write.
    Write {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// The cells: 1, 2, 4, 8, 16 or 32.
        data: WrittenCells<'a>,
    },
    /// The timestamp was increased without an access.
    IncrementTimestampBy(u32),
}

/// An entry as it is kept: of one size, whatever it wrote.
#[derive(Clone, Copy, Debug)]
enum Record {
    Read {
        address_space: u32,
        pointer: u32,
        len: usize,
    },
    /// The cells are `len` of the log's, from `start` on.
    Write {
        address_space: u32,
        pointer: u32,
        start: usize,
        len: u32,
    },
    /// A write of two cells of 16 bits, as the word that they are: making them field elements would be two multiplications.
    WriteWord {
        address_space: u32,
        pointer: u32,
        word: u32,
    },
    IncrementTimestampBy(u32),
}

const _: () = assert!(size_of::<Record>() <= 24);

/// Entries, in order. Anything can be in it: whoever replays a log refuses what is not possible.
///
/// An entry is a record of 24 bytes, and a write's cells lie one after the other with those of all writes. So an entry is added
/// without an allocation of its own.
#[derive(Clone, Default)]
pub struct MemoryLog {
    records: Vec<Record>,
    cells: Vec<F>,
}

impl MemoryLog {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a read of `len` cells.
    pub fn push_read(&mut self, address_space: u32, pointer: u32, len: usize) {
        self.records.push(Record::Read { address_space, pointer, len });
    }

    /// Add a write. No memory takes more than 32 cells; of a write of 2^32 or more, only the first 2^32 - 1 are kept.
    pub fn push_write(&mut self, address_space: u32, pointer: u32, data: &[F]) {
        let (start, len) = (self.cells.len(), u32::try_from(data.len()).unwrap_or(u32::MAX));
        self.cells.extend_from_slice(&data[..len as usize]);
        self.records.push(Record::Write { address_space, pointer, start, len });
    }

    /// Add a write of a word of 32 bits: two cells of 16 bits, the low one first.
    pub fn push_write_word(&mut self, address_space: u32, pointer: u32, word: u32) {
        self.records.push(Record::WriteWord { address_space, pointer, word });
    }

    /// Add a rise of time without an access.
    pub fn push_increment(&mut self, increment: u32) {
        self.records.push(Record::IncrementTimestampBy(increment));
    }

    /// Add an entry.
    pub fn push(&mut self, entry: MemoryLogEntry<'_>) {
        match entry {
            MemoryLogEntry::Read { address_space, pointer, len } => self.push_read(address_space, pointer, len),
            MemoryLogEntry::Write { address_space, pointer, data } => self.push_write(address_space, pointer, &data),
            MemoryLogEntry::IncrementTimestampBy(increment) => self.push_increment(increment),
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// An entry, counted from 0.
    pub fn get(&self, index: usize) -> Option<MemoryLogEntry<'_>> {
        self.records.get(index).map(|record| self.entry(record))
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = MemoryLogEntry<'_>> + DoubleEndedIterator + Clone {
        self.records.iter().map(|record| self.entry(record))
    }

    fn entry(&self, record: &Record) -> MemoryLogEntry<'_> {
        match *record {
            Record::Read { address_space, pointer, len } => MemoryLogEntry::Read { address_space, pointer, len },
            Record::Write { address_space, pointer, start, len } => {
                let data = WrittenCells::from(&self.cells[start..start + len as usize]);
                MemoryLogEntry::Write { address_space, pointer, data }
            }
            Record::WriteWord { address_space, pointer, word } => {
                MemoryLogEntry::Write { address_space, pointer, data: WrittenCells::of_word(word) }
            }
            Record::IncrementTimestampBy(increment) => MemoryLogEntry::IncrementTimestampBy(increment),
        }
    }
}

/// Equal entries, however they were added.
impl PartialEq for MemoryLog {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for MemoryLog {}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> Extend<MemoryLogEntry<'a>> for MemoryLog {
    fn extend<I: IntoIterator<Item = MemoryLogEntry<'a>>>(&mut self, entries: I) {
        entries.into_iter().for_each(|entry| self.push(entry));
    }
}

impl<'a> FromIterator<MemoryLogEntry<'a>> for MemoryLog {
    fn from_iter<I: IntoIterator<Item = MemoryLogEntry<'a>>>(entries: I) -> Self {
        let mut log = Self::new();
        log.extend(entries);
        log
    }
}
