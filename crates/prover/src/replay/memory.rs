//! What a log is replayed over.

use engram_memory::offline::{Access, OfflineMemory};

/// A memory of words that a replay accesses: one access after the other, in the order in which a proof makes them.
///
/// [`OfflineMemory`] is the one whose accesses fill a proof's rows. Another one sees the same accesses at the same timestamps.
pub trait ReplayMemory {
    /// Read a word. Who fills no rows may leave the gap zero.
    fn read_word(&mut self, space: u32, pointer: u32, time: u32) -> Access;

    /// Write a word; otherwise as [`Self::read_word`].
    fn write_word(&mut self, space: u32, pointer: u32, time: u32, value: u32) -> Access;

    /// The word as it is now, without an access.
    fn peek(&self, space: u32, pointer: u32) -> u32;
}

impl ReplayMemory for OfflineMemory {
    #[inline(always)]
    fn read_word(&mut self, space: u32, pointer: u32, time: u32) -> Access {
        OfflineMemory::read_word(self, space, pointer, time)
    }

    #[inline(always)]
    fn write_word(&mut self, space: u32, pointer: u32, time: u32, value: u32) -> Access {
        OfflineMemory::write_word(self, space, pointer, time, value)
    }

    #[inline(always)]
    fn peek(&self, space: u32, pointer: u32) -> u32 {
        OfflineMemory::peek(self, space, pointer)
    }
}
