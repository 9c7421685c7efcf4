//! The numbers, results and limits of system calls: Linux's, so that the same program runs under qemu.

/// Most bytes that one `read` or `write` moves; a longer request is served in part, as POSIX allows.
pub const TRANSFER_MAX_BYTES: u32 = 1 << 20;
/// Most bytes of public output that a run may write.
pub const OUTPUT_MAX_BYTES: usize = 1 << 30;

/// `read(file, buffer, length)`.
pub const SYS_READ: u32 = 63;
/// `write(file, buffer, length)`.
pub const SYS_WRITE: u32 = 64;
/// `exit(code)`.
pub const SYS_EXIT: u32 = 93;
/// `exit_group(code)`, the same with one thread.
pub const SYS_EXIT_GROUP: u32 = 94;
/// `brk(address)`.
pub const SYS_BRK: u32 = 214;

/// The file that holds the private input.
pub const FILE_INPUT: u32 = 0;
/// The file that takes the public output.
pub const FILE_OUTPUT: u32 = 1;
/// The file that takes debug text, which is not part of any statement.
pub const FILE_DEBUG: u32 = 2;

/// Linux's "bad file number", negated, as a register value.
pub const MINUS_EBADF: u32 = (-9_i32).cast_unsigned();
/// Linux's "function not implemented", negated, as a register value.
pub const MINUS_ENOSYS: u32 = (-38_i32).cast_unsigned();
