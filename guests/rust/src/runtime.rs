//! Start, system calls, heap and panic of a Rust guest. Everything `unsafe` is here.

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

const READ: u32 = 63;
const WRITE: u32 = 64;
const EXIT: u32 = 93;

/// Exit code when reading or writing fails.
const INPUT_OUTPUT_FAILED: u8 = 1;

/// Exit code of a panic, as of a Rust program elsewhere.
const PANICKED: u8 = 101;

// The link script is the C guests'; this program has no thread variables and needs no init array. The loader maps
// fresh zeroed memory, so .bss is not cleared again.
global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "la sp, __stack_top",
    "call {start}",
    "ebreak",
    start = sym start,
);

extern "C" fn start() -> ! {
    exit(crate::main())
}

/// One system call, Linux numbering and argument order. A result of -4095..=-1 is a negated error number.
///
/// # Safety
///
/// Where the call reads or writes memory, the arguments must name memory that is valid for that.
unsafe fn system_call(number: u32, arguments: [usize; 3]) -> isize {
    let result;
    // SAFETY: `ecall` changes `a0` and, for `read`, memory that the caller vouches for.
    unsafe {
        asm!(
            "ecall",
            inlateout("a0") arguments[0] => result,
            in("a1") arguments[1],
            in("a2") arguments[2],
            in("a7") number,
            options(nostack),
        );
    }
    result
}

/// Ends the program.
pub fn exit(code: u8) -> ! {
    loop {
        // SAFETY: touches no memory.
        unsafe { system_call(EXIT, [usize::from(code), 0, 0]) };
    }
}

/// Appends the rest of the input to `bytes`.
pub fn read_to_end(bytes: &mut Vec<u8>) {
    const CHUNK_BYTES: usize = 4096;
    loop {
        bytes.reserve(CHUNK_BYTES);
        let room = bytes.spare_capacity_mut();
        // SAFETY: `room` is exclusively borrowed and as long as stated.
        let result = unsafe { system_call(READ, [0, room.as_mut_ptr() as usize, room.len()]) };
        let Ok(count) = usize::try_from(result) else { exit(INPUT_OUTPUT_FAILED) };
        if count == 0 {
            return;
        }
        // SAFETY: the call has written the first `count` bytes of `room`.
        unsafe { bytes.set_len(bytes.len() + count) };
    }
}

/// A file that can be written.
#[derive(Clone, Copy)]
pub enum File {
    /// Bound by the proof.
    Output = 1,
    /// Not part of the proof.
    Debug = 2,
}

/// Formatted text to a file, one system call for up to 256 bytes. What is left goes out when it is dropped.
pub struct Output {
    file: File,
    buffer: [u8; 256],
    used: usize,
}

impl Output {
    pub fn new(file: File) -> Self {
        Self { file, buffer: [0; 256], used: 0 }
    }

    fn flush(&mut self) {
        let mut rest = &self.buffer[..self.used];
        while !rest.is_empty() {
            // SAFETY: `rest` is borrowed and as long as stated; the call only reads it.
            let result = unsafe { system_call(WRITE, [self.file as usize, rest.as_ptr() as usize, rest.len()]) };
            match usize::try_from(result) {
                Ok(count) if count > 0 => rest = &rest[count..],
                _ => exit(INPUT_OUTPUT_FAILED),
            }
        }
        self.used = 0;
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            if self.used == self.buffer.len() {
                self.flush();
            }
            let count = bytes.len().min(self.buffer.len() - self.used);
            self.buffer[self.used..][..count].copy_from_slice(&bytes[..count]);
            self.used += count;
            bytes = &bytes[count..];
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Hands out the link script's heap from its start and takes nothing back, except that the latest block can grow and
/// shrink in place. A short-lived program needs no more, and every instruction is proven.
struct BumpHeap {
    /// Address of the first free byte; zero before the first allocation.
    next: Cell<usize>,
}

// SAFETY: a guest has one thread.
unsafe impl Sync for BumpHeap {}

#[global_allocator]
static HEAP: BumpHeap = BumpHeap { next: Cell::new(0) };

unsafe extern "C" {
    static __heap_start: u8;
    static __heap_end: u8;
}

// SAFETY: blocks do not overlap, because `next` only moves past them, or back to the start of the latest one.
unsafe impl GlobalAlloc for BumpHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = match self.next.get() {
            0 => &raw const __heap_start as usize,
            next => next,
        };
        // The heap lies far below the end of the address space, so rounding up cannot overflow.
        let start = free.next_multiple_of(layout.align());
        if layout.size() > (&raw const __heap_end as usize).saturating_sub(start) {
            return core::ptr::null_mut();
        }
        self.next.set(start + layout.size());
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.is_latest(block, layout) {
            self.next.set(block as usize);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let room = &raw const __heap_end as usize - block as usize;
        if self.is_latest(block, layout) && size <= room {
            self.next.set(block as usize + size);
            return block;
        }
        // SAFETY: the caller vouches for a valid layout of `size` bytes and for `block`.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                core::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

impl BumpHeap {
    fn is_latest(&self, block: *mut u8, layout: Layout) -> bool {
        block as usize + layout.size() == self.next.get()
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = writeln!(Output::new(File::Debug), "{info}");
    exit(PANICKED)
}
