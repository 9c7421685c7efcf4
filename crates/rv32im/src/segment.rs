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
        u64::from(self.address).saturating_add(self.memory_bytes.into())
    }

    /// Whether the range holds `address`.
    #[must_use]
    pub fn contains(&self, address: u32) -> bool {
        address >= self.address && u64::from(address) < self.end()
    }

    /// The addresses of the aligned words that the file's part of the segment covers. A word that runs over the segment's end is
    /// left out.
    pub(crate) fn words(&self) -> impl Iterator<Item = u32> {
        let bytes = u64::try_from(self.data.len()).unwrap_or(u64::MAX);
        let data_end = u64::from(self.address).saturating_add(bytes).min(self.end());
        let end = data_end.next_multiple_of(4).min(self.end() & !3);
        let addresses = self.address.checked_next_multiple_of(4).map(|start| (start..=u32::MAX).step_by(4));
        addresses.into_iter().flatten().take_while(move |&address| u64::from(address) < end)
    }

    /// The byte at an address, zero where the file has none.
    pub(crate) fn byte(&self, address: u32) -> u8 {
        let offset = address.checked_sub(self.address).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.data.get(offset)).copied().unwrap_or(0)
    }
}
