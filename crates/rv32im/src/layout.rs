//! Where the stack and the heap lie around a program's segments.

use crate::elf::ElfError;

/// Bytes of a page, the unit of memory permissions.
pub const PAGE_BYTES: u32 = 4096;
/// Size of the stack.
pub const STACK_BYTES: u32 = 8 << 20;
/// Unmapped bytes kept below the stack, so that running over its end is a fault and not a silent write to the heap.
pub const STACK_GUARD_BYTES: u32 = 64 << 10;
/// End of the stack, exclusive, for programs that leave that place free.
pub const DEFAULT_STACK_TOP: u32 = 0x7fff_f000;
/// The stack and the heap stay below this address: the last page is never theirs.
pub const HIGHEST_END: u32 = 0xffff_f000;
/// A stack that cannot have its default place stays above this address, so that a null pointer is never on it.
pub const LOWEST_STACK: u32 = 0x0001_0000;
/// Zero bytes between the initial stack pointer and the stack's end: an empty Linux argument block (`argc` = 0, the
/// null pointers that end `argv` and `envp`, and `AT_NULL` of two words), rounded up to the stack's alignment of 16.
pub const ARGUMENT_BLOCK_BYTES: u32 = 32;

/// The address ranges that a program may use beside its own segments. All bounds are multiples of [`PAGE_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// First address of the stack.
    pub stack_low: u32,
    /// End of the stack, exclusive.
    pub stack_top: u32,
    /// The break before the first `brk`: the end of the highest segment, rounded up to a page, as Linux has it.
    pub initial_break: u32,
    /// The highest break that `brk` grants. Equal to [`initial_break`](Self::initial_break) when there is no room.
    pub heap_limit: u32,
}

impl Layout {
    /// Chooses the ranges. `occupied` holds the segments as `(first address, end)`, sorted and disjoint, with ends up to
    /// 2^32.
    pub(crate) fn around(occupied: &[(u32, u64)]) -> Result<Layout, ElfError> {
        let first_of_page = |address: u32| u64::from(address & !(PAGE_BYTES - 1));
        let pages =
            occupied.iter().map(|&(start, end)| (first_of_page(start), end.next_multiple_of(PAGE_BYTES.into())));
        let pages: Vec<(u64, u64)> = pages.collect();
        let needed = u64::from(STACK_BYTES + STACK_GUARD_BYTES);
        let no_room = ElfError::NoRoomForStack { needed_bytes: needed };
        let is_free = |start: u64, end: u64| pages.iter().all(|&(low, high)| end <= low || high <= start);
        let default_low = DEFAULT_STACK_TOP - STACK_BYTES - STACK_GUARD_BYTES;
        let stack_top = if is_free(default_low.into(), DEFAULT_STACK_TOP.into()) {
            Some(DEFAULT_STACK_TOP)
        } else {
            highest_gap_end(&pages, needed).and_then(|end| u32::try_from(end).ok())
        };
        let (stack_top, stack_low) =
            stack_top.and_then(|top| Some((top, top.checked_sub(STACK_BYTES)?))).ok_or(no_room)?;
        let below_stack = stack_low.saturating_sub(STACK_GUARD_BYTES);
        let image_end = pages.iter().map(|&(_, end)| end).max().unwrap_or(0);
        let heap_limit = if image_end <= u64::from(below_stack) { below_stack } else { HIGHEST_END };
        // A segment in the last page leaves a heap of no bytes, whose break is as good as any.
        let initial_break = u32::try_from(image_end).unwrap_or(HIGHEST_END).min(HIGHEST_END);
        Ok(Layout { stack_low, stack_top, initial_break, heap_limit })
    }

    /// The stack pointer at entry: 16-byte aligned, at an empty argument block of zero words.
    #[must_use]
    pub fn initial_stack_pointer(&self) -> u32 {
        self.stack_top.saturating_sub(ARGUMENT_BLOCK_BYTES)
    }
}

/// End of the highest free range of at least `needed` bytes between [`LOWEST_STACK`] and [`HIGHEST_END`].
fn highest_gap_end(pages: &[(u64, u64)], needed: u64) -> Option<u64> {
    let mut end = u64::from(HIGHEST_END);
    for &(low, high) in pages.iter().rev() {
        if end >= high.max(LOWEST_STACK.into()).saturating_add(needed) {
            return Some(end);
        }
        end = end.min(low);
    }
    (end >= needed.saturating_add(LOWEST_STACK.into())).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(occupied: &[(u32, u64)]) -> Layout {
        Layout::around(occupied).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn ordinary_program_has_the_default_stack_and_the_heap_below_it() {
        let layout = around(&[(0x1_0000, 0x1_2345)]);
        assert_eq!(layout.stack_top, DEFAULT_STACK_TOP);
        assert_eq!(layout.initial_break, 0x1_3000);
        assert_eq!(layout.heap_limit, DEFAULT_STACK_TOP - STACK_BYTES - STACK_GUARD_BYTES);
        assert_eq!(layout.initial_stack_pointer() % 16, 0);
    }

    #[test]
    fn program_above_the_stack_has_its_heap_above_itself() {
        let layout = around(&[(0x8000_0000, 0x8000_1001)]);
        assert_eq!(layout.stack_top, DEFAULT_STACK_TOP);
        assert_eq!((layout.initial_break, layout.heap_limit), (0x8000_2000, HIGHEST_END));
    }

    #[test]
    fn program_in_the_stacks_place_moves_the_stack_to_the_highest_gap() {
        let layout = around(&[(0x7fff_0000, 0x7fff_0010)]);
        assert_eq!(layout.stack_top, HIGHEST_END);
        assert_eq!((layout.initial_break, layout.heap_limit), (0x7fff_1000, layout.stack_low - STACK_GUARD_BYTES));
        let layout = around(&[(0x7fff_0000, 0x7fff_0010), (0xffff_fff0, 1 << 32)]);
        assert_eq!(layout.stack_top, HIGHEST_END);
        assert_eq!((layout.initial_break, layout.heap_limit), (HIGHEST_END, HIGHEST_END));
    }

    #[test]
    fn no_gap_is_an_error() {
        let scattered: Vec<(u32, u64)> = (0..1024u32).map(|i| (i << 22, u64::from(i << 22) + 1)).collect();
        assert!(matches!(Layout::around(&scattered), Err(ElfError::NoRoomForStack { .. })));
    }
}
