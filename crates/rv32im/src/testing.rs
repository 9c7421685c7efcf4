//! What differential tests need: a small ELF writer, random programs, extensions, the guests' test vectors, and qemu as the
//! reference.

mod elf_writer;
mod extensions;
mod qemu;
mod random;
mod random_program;
mod vectors;

pub use elf_writer::{ElfSegment, elf_file, text_segment};
pub use extensions::{BULK_LOAD, BULK_STORE, ROTATE_XOR, TestExtensions};
pub use qemu::{Qemu, QemuRun};
pub use random::SplitMix64;
pub use random_program::{RandomProgram, link};
pub use vectors::{GuestVector, guest_elf, guest_vectors};
