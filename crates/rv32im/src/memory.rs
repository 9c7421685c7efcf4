//! The guest's memory while it runs: 4 GiB of pages, of which only those that the program may touch are mapped and only
//! those that it stored to take up space.

use std::fmt;
use std::sync::Arc;

use crate::access::{Access, AccessError};
use crate::layout::PAGE_BYTES;
use crate::program::Program;

/// Number of pages in the address space.
const PAGES: usize = 1 << 20;
/// Loads may use the entry's frame.
const LOADABLE: u32 = 1;
/// Stores may use the entry's frame: the page allows them and the frame is its own.
const STORABLE: u32 = 2;
/// The page allows stores, though its frame may still be the shared zero frame, or the page absent.
const WRITABLE: u32 = 4;
/// The page allows loads, though it may be absent.
const READABLE: u32 = 8;
/// The contents are still where memory was kept.
const ABSENT: u32 = 16;
/// Where an entry keeps its frame number.
const FRAME_SHIFT: u32 = 5;

/// The contents of one page.
pub type Page = [u8; PAGE_BYTES as usize];

/// Memory that an earlier run left and that is kept elsewhere.
pub trait PageSource: fmt::Debug + Send + Sync {
    /// The contents of the page with this number, its first address divided by [`PAGE_BYTES`]; `None` where all are zero.
    ///
    /// # Errors
    /// Why they cannot be had.
    fn page(&self, number: u32) -> Result<Option<Box<Page>>, String>;
}

/// Sparse memory with permissions per page. Cloning copies the pages that have contents, for a replay.
///
/// One table entry per page holds its permissions and its frame. Pages without contents share frame 0, which stays zero;
/// the first store gives them a frame of their own. Pages that are kept elsewhere are brought in by the first access.
#[derive(Clone)]
pub struct Memory {
    table: Box<[u32; PAGES]>,
    frames: Vec<Page>,
    source: Option<Arc<dyn PageSource>>,
}

impl Memory {
    /// The memory at the program's start: its segments, and an empty stack. Where segments share a page, the page allows
    /// what any of them does, and reads as zero outside of them.
    #[must_use]
    pub fn of(program: &Program) -> Memory {
        let mut memory = Memory::unmapped();
        memory.map_program(program);
        for segment in program.image() {
            memory.poke(segment.address, &segment.data);
        }
        memory
    }

    /// The memory at the program's start where an earlier run left it: its contents come from `source`.
    #[must_use]
    pub fn stored(program: &Program, source: Arc<dyn PageSource>) -> Memory {
        let mut memory = Memory::unmapped();
        memory.table.fill(ABSENT);
        memory.source = Some(source);
        memory.map_program(program);
        memory
    }

    fn map_program(&mut self, program: &Program) {
        for segment in program.image() {
            self.map(u64::from(segment.address), segment.end(), segment.readable, segment.writable);
        }
        let layout = program.layout();
        self.map(u64::from(layout.stack_low), u64::from(layout.stack_top), true, true);
    }

    fn unmapped() -> Memory {
        let table = vec![0; PAGES].into_boxed_slice().try_into();
        let table = table.unwrap_or_else(|_| unreachable!("the table was made with this length"));
        Memory { table, frames: vec![[0; PAGE_BYTES as usize]], source: None }
    }

    /// Allows accesses to all pages that `start..end` touches, beside what they allow already. `end` is at most 2^32.
    pub fn map(&mut self, start: u64, end: u64, readable: bool, writable: bool) {
        let page_bytes = u64::from(PAGE_BYTES);
        let pages = start / page_bytes..end.div_ceil(page_bytes);
        for entry in self.table.iter_mut().skip(pages.start as usize).take((pages.end - pages.start) as usize) {
            *entry |= if readable { READABLE } else { 0 } | if writable { WRITABLE } else { 0 };
            *entry = usable(*entry);
        }
    }

    /// Brings in what is kept elsewhere of `length_bytes` bytes from `address` on. Addresses wrap at 2^32.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn bring_in(&mut self, address: u32, length_bytes: u32) -> Result<(), String> {
        let (Some(source), Some(last_offset)) = (&self.source, length_bytes.checked_sub(1)) else { return Ok(()) };
        let pages = (u64::from(address) + u64::from(last_offset)) / u64::from(PAGE_BYTES);
        for page in u64::from(address / PAGE_BYTES)..=pages {
            let number = page as u32 % PAGES as u32;
            let entry = &mut self.table[number as usize];
            if *entry & ABSENT == 0 {
                continue;
            }
            if let Some(contents) = source.page(number)? {
                *entry |= (self.frames.len() as u32) << FRAME_SHIFT;
                self.frames.push(*contents);
            }
            *entry = usable(*entry & !ABSENT);
        }
        Ok(())
    }

    /// The page that holds `address` if loads may use it.
    #[inline(always)]
    pub(crate) fn loadable(&self, address: u32) -> Option<&Page> {
        let entry = self.table[(address / PAGE_BYTES) as usize];
        if entry & LOADABLE != 0 { self.frames.get((entry >> FRAME_SHIFT) as usize) } else { None }
    }

    /// The page that holds `address` if stores may use it as it is.
    #[inline(always)]
    pub(crate) fn storable(&mut self, address: u32) -> Option<&mut Page> {
        let entry = self.table[(address / PAGE_BYTES) as usize];
        if entry & STORABLE != 0 { self.frames.get_mut((entry >> FRAME_SHIFT) as usize) } else { None }
    }

    /// Checks that all of `length_bytes` bytes from `address` allow the access.
    ///
    /// # Errors
    /// The first byte that does not.
    pub fn check(&self, address: u32, length_bytes: u32, access: Access) -> Result<(), AccessError> {
        let Some(last_offset) = length_bytes.checked_sub(1) else { return Ok(()) };
        let last = u64::from(address) + u64::from(last_offset);
        for page in u64::from(address / PAGE_BYTES)..=last / u64::from(PAGE_BYTES) {
            let address = address.max((page as u32).wrapping_mul(PAGE_BYTES));
            let Some(&entry) = self.table.get(page as usize) else {
                return Err(AccessError::Unmapped { address: 0 });
            };
            match access {
                Access::Load if entry & READABLE != 0 => {}
                Access::Store if entry & WRITABLE != 0 => {}
                Access::Load if entry & WRITABLE != 0 => return Err(AccessError::NotReadable { address }),
                Access::Store if entry & READABLE != 0 => return Err(AccessError::ReadOnly { address }),
                _ => return Err(AccessError::Unmapped { address }),
            }
        }
        Ok(())
    }

    /// The aligned word that holds `address`, whatever its permissions; 0 where nothing was stored, and where it was not
    /// brought in.
    #[must_use]
    pub fn word(&self, address: u32) -> u32 {
        let entry = self.table[(address / PAGE_BYTES) as usize];
        let frame = &self.frames[(entry >> FRAME_SHIFT) as usize];
        word_in(frame, address)
    }

    /// Sets the aligned word that holds `address`, whatever its permissions. It was brought in before, with its page.
    pub fn set_word(&mut self, address: u32, word: u32) {
        let offset = ((address % PAGE_BYTES) & !3) as usize;
        self.own_frame(address)[offset..offset + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// Copies out the bytes from `address` on, whatever their permissions; 0 where they were not brought in. Addresses wrap at
    /// 2^32.
    pub fn peek(&self, mut address: u32, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let offset = (address % PAGE_BYTES) as usize;
            let length = bytes.len().min(PAGE_BYTES as usize - offset);
            let entry = self.table[(address / PAGE_BYTES) as usize];
            let (now, later) = bytes.split_at_mut(length);
            now.copy_from_slice(&self.frames[(entry >> FRAME_SHIFT) as usize][offset..offset + length]);
            (address, bytes) = (address.wrapping_add(length as u32), later);
        }
    }

    /// Copies in bytes from `address` on, whatever the permissions there, which stay as they are. Their pages were brought in
    /// before. Addresses wrap at 2^32.
    pub fn poke(&mut self, mut address: u32, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let offset = (address % PAGE_BYTES) as usize;
            let length = bytes.len().min(PAGE_BYTES as usize - offset);
            let (now, later) = bytes.split_at(length);
            self.own_frame(address)[offset..offset + length].copy_from_slice(now);
            (address, bytes) = (address.wrapping_add(length as u32), later);
        }
    }

    /// The frame of the page that holds `address`, made its own if it was the shared one.
    fn own_frame(&mut self, address: u32) -> &mut Page {
        let entry = &mut self.table[(address / PAGE_BYTES) as usize];
        if *entry >> FRAME_SHIFT == 0 {
            *entry = usable(*entry | (self.frames.len() as u32) << FRAME_SHIFT);
            self.frames.push([0; PAGE_BYTES as usize]);
        }
        &mut self.frames[(*entry >> FRAME_SHIFT) as usize]
    }

    /// The pages that have contents, mapped or not, each with its first address, in order of address. All other memory
    /// is zero, or was never brought in.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.table
            .iter()
            .zip(0u32..)
            .filter(|&(&entry, _)| entry >> FRAME_SHIFT != 0)
            .map(|(&entry, number)| (number * PAGE_BYTES, &self.frames[(entry >> FRAME_SHIFT) as usize]))
    }
}

/// An entry with the bits that the fast path looks at.
fn usable(entry: u32) -> u32 {
    let is_present = entry & ABSENT == 0;
    let loadable = if is_present && entry & READABLE != 0 { LOADABLE } else { 0 };
    let storable = if is_present && entry & WRITABLE != 0 && entry >> FRAME_SHIFT != 0 { STORABLE } else { 0 };
    entry & !(LOADABLE | STORABLE) | loadable | storable
}

/// The aligned word of a page that holds `address`.
#[inline(always)]
pub(crate) fn word_in(page: &Page, address: u32) -> u32 {
    let offset = ((address % PAGE_BYTES) & !3) as usize;
    u32::from_le_bytes([page[offset], page[offset + 1], page[offset + 2], page[offset + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwritten_pages_are_zero_and_take_no_space() {
        let mut memory = Memory::unmapped();
        memory.map(0, 1 << 32, true, true);
        assert_eq!(memory.word(0xffff_fffc), 0);
        assert_eq!(memory.pages().count(), 0);
        memory.set_word(0x1234_5678, 7);
        assert_eq!(memory.word(0x1234_5678), 7);
        assert_eq!(memory.pages().map(|(address, _)| address).collect::<Vec<_>>(), [0x1234_5000]);
    }

    #[test]
    fn checks_name_the_first_byte_refused() {
        let mut memory = Memory::unmapped();
        memory.map(0x1000, 0x1001, true, false);
        memory.map(0x2000, 0x3000, true, true);
        memory.map(0x3000, 0x4000, false, true);
        assert_eq!(memory.check(0x1ffe, 4, Access::Load), Ok(()));
        assert_eq!(memory.check(0x1ffe, 4, Access::Store), Err(AccessError::ReadOnly { address: 0x1ffe }));
        assert_eq!(memory.check(0x2ffe, 4, Access::Load), Err(AccessError::NotReadable { address: 0x3000 }));
        assert_eq!(memory.check(0x3ffe, 4, Access::Store), Err(AccessError::Unmapped { address: 0x4000 }));
        assert_eq!(memory.check(0x9000, 0, Access::Store), Ok(()));
        memory.map(0xffff_f000, 1 << 32, true, true);
        memory.map(0, 1, true, true);
        assert_eq!(memory.check(0xffff_fffe, 4, Access::Load), Err(AccessError::Unmapped { address: 0 }));
        assert_eq!(memory.check(0xffff_fffc, 4, Access::Load), Ok(()));
    }

    #[test]
    fn bytes_cross_pages_both_ways() {
        let mut memory = Memory::unmapped();
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        memory.poke(0xffe, &bytes);
        let mut back = vec![0; bytes.len()];
        memory.peek(0xffe, &mut back);
        assert_eq!(back, bytes);
        assert!(memory.loadable(0x1000).is_none() && memory.storable(0x1000).is_none());
    }

    #[derive(Debug)]
    struct Kept;

    impl PageSource for Kept {
        fn page(&self, number: u32) -> Result<Option<Box<Page>>, String> {
            match number {
                5 => Ok(Some(Box::new([number as u8; PAGE_BYTES as usize]))),
                7 => Err("page 7 is lost".to_owned()),
                _ => Ok(None),
            }
        }
    }

    #[test]
    fn pages_that_are_kept_elsewhere_are_brought_in_once_and_not_before() {
        let mut memory = Memory::unmapped();
        memory.table.fill(ABSENT);
        memory.source = Some(Arc::new(Kept));
        memory.map(0x4000, 0x8000, true, true);
        assert_eq!(memory.check(0x4000, 0x4000, Access::Store), Ok(()));
        assert!(memory.loadable(0x5000).is_none() && memory.storable(0x5000).is_none());
        assert_eq!(memory.bring_in(0x4ffe, 4), Ok(()));
        assert_eq!((memory.word(0x4ffc), memory.word(0x5000)), (0, 0x0505_0505));
        assert!(memory.loadable(0x4000).is_some() && memory.storable(0x4000).is_none());
        assert!(memory.storable(0x5000).is_some() && memory.loadable(0x6000).is_none());
        memory.set_word(0x5000, 9);
        assert_eq!(memory.bring_in(0x5000, 4), Ok(()));
        assert_eq!(memory.word(0x5000), 9);
        assert_eq!(memory.bring_in(0x6fff, 2), Err("page 7 is lost".to_owned()));
        assert_eq!(memory.bring_in(0x7000, 0), Ok(()));
        assert_eq!(memory.pages().count(), 1);
    }

    #[test]
    fn a_page_with_contents_becomes_storable_when_mapped_later() {
        let mut memory = Memory::unmapped();
        memory.set_word(0x5000, 1);
        memory.map(0x5000, 0x6000, true, true);
        assert!(memory.storable(0x5000).is_some());
    }
}
