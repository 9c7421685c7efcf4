//! A range of a program's initial memory.

use std::sync::Arc;

/// A range of initial memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte; any alignment.
    pub address: u32,
    /// The first bytes of the range; the rest, up to [`memory_bytes`](Self::memory_bytes), is zero.
    pub data: Arc<[u8]>,
    /// Length of the range, at least that of `data`.
    pub memory_bytes: u32,
    /// Loads are allowed.
    pub readable: bool,
    /// Stores are allowed.
    pub writable: bool,
    /// Words of `data` are instructions.
    pub executable: bool,
}

impl Segment {
    /// The address after the last byte, up to 2^32.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64::from(self.address) + u64::from(self.memory_bytes)
    }

    /// Whether the range holds `address`.
    #[must_use]
    pub fn contains(&self, address: u32) -> bool {
        address >= self.address && u64::from(address) < self.end()
    }

    /// The aligned word addresses that the file's part of the segment covers, `start..end` with `end` up to 2^32. A
    /// word that runs over the segment's end is left out.
    pub(crate) fn words(&self) -> (u64, u64) {
        let data_end = u64::from(self.address) + self.data.len() as u64;
        let start = u64::from(self.address).next_multiple_of(4);
        let end = data_end.next_multiple_of(4).min(self.end() / 4 * 4);
        (start, end.max(start))
    }

    /// The byte at an address of the segment.
    pub(crate) fn byte(&self, address: u64) -> u8 {
        let offset = address - u64::from(self.address);
        self.data.get(offset as usize).copied().unwrap_or(0)
    }
}
