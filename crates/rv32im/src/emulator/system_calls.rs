//! The guest's system calls, served.
//!
//! Where the emulator differs from `qemu-riscv32`: all calls but five return `-ENOSYS`; there are only files 0, 1 and 2,
//! each for one direction; one call moves at most [`TRANSFER_MAX_BYTES`]; a buffer that may not be accessed is a fault
//! and not `-EFAULT`; memory given up by a lower break stays mapped and keeps its contents, where qemu and Linux hand
//! it out zeroed again.

use std::io::{ErrorKind, Read, Write};

use super::Emulator;
use super::effect::Effect;
use crate::access::Access;
use crate::fault::FaultKind;
use crate::log::ExecutionLog;
use crate::system_calls::{
    FILE_DEBUG, FILE_INPUT, FILE_OUTPUT, MINUS_EBADF, MINUS_ENOSYS, OUTPUT_MAX_BYTES, SYS_BRK, SYS_EXIT,
    SYS_EXIT_GROUP, SYS_READ, SYS_WRITE, TRANSFER_MAX_BYTES,
};

impl Emulator<'_> {
    /// Serves the system call that the registers ask for: `a7` its number, `a0` to `a2` its arguments.
    pub(super) fn system_call(&mut self, log: Option<&mut ExecutionLog>) -> Result<Effect, FaultKind> {
        let [a0, a1, a2, a7] = [10, 11, 12, 17].map(|register| self.registers.get(register));
        match a7 {
            SYS_READ if a0 == FILE_INPUT => self.read_input(a1, a2, log).map(Effect::Return),
            SYS_WRITE if a0 == FILE_OUTPUT || a0 == FILE_DEBUG => self.write(a0, a1, a2, log).map(Effect::Return),
            SYS_READ | SYS_WRITE => Ok(Effect::Return(MINUS_EBADF)),
            SYS_EXIT | SYS_EXIT_GROUP => Ok(Effect::Exit),
            SYS_BRK => Ok(Effect::Return(self.set_break(a0))),
            _ => Ok(Effect::Return(MINUS_ENOSYS)),
        }
    }

    /// Fills the buffer up to its length, the transfer limit or the end of the input, as a file would: a short count
    /// below the limit means the end. The whole buffer must be writable, whatever the input holds.
    fn read_input(&mut self, buffer: u32, length: u32, log: Option<&mut ExecutionLog>) -> Result<u32, FaultKind> {
        let length = length.min(TRANSFER_MAX_BYTES);
        self.check_buffer(SYS_READ, buffer, length, Access::Store)?;
        let bytes = &mut self.transfer;
        bytes.resize(length as usize, 0);
        let mut filled = 0;
        while filled < bytes.len() {
            match self.input.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count.min(bytes.len() - filled),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(FaultKind::Host { stream: "input", message: error.to_string() }),
            }
        }
        let bytes = &bytes[..filled];
        self.memory.poke(buffer, bytes);
        if let Some(log) = log {
            log.note_read(bytes);
        }
        Ok(filled as u32)
    }

    fn write(&mut self, file: u32, buffer: u32, length: u32, log: Option<&mut ExecutionLog>) -> Result<u32, FaultKind> {
        let length = length.min(TRANSFER_MAX_BYTES);
        self.check_buffer(SYS_WRITE, buffer, length, Access::Load)?;
        let bytes = &mut self.transfer;
        bytes.resize(length as usize, 0);
        self.memory.peek(buffer, bytes);
        let (stream, sink) = if file == FILE_OUTPUT {
            if self.output.len() + bytes.len() > OUTPUT_MAX_BYTES {
                return Err(FaultKind::OutputLimit { limit_bytes: OUTPUT_MAX_BYTES });
            }
            ("output", &mut self.output_sink)
        } else {
            ("debug output", &mut self.debug_sink)
        };
        // Flushed at once: a guest that waits for an answer to what it wrote must not wait for ever.
        sink.write_all(bytes)
            .and_then(|()| sink.flush())
            .map_err(|error| FaultKind::Host { stream, message: error.to_string() })?;
        if file == FILE_OUTPUT {
            self.output.extend_from_slice(bytes);
        }
        if let (Some(log), FILE_OUTPUT) = (log, file) {
            log.note_write(length);
        }
        Ok(length)
    }

    /// Linux's `brk`: an address that the heap can end at becomes the break, any other changes nothing, and the break is
    /// returned. Memory is mapped as the break rises and never unmapped.
    fn set_break(&mut self, address: u32) -> u32 {
        let layout = self.program.layout();
        if (layout.initial_break..=layout.heap_limit).contains(&address) {
            self.program_break = address;
            if address > self.heap_mapped_end {
                self.memory.map(u64::from(self.heap_mapped_end), u64::from(address), true, true);
                self.heap_mapped_end = address;
            }
        }
        self.program_break
    }

    /// Checks a buffer, and brings in what it needs.
    fn check_buffer(&mut self, call: u32, buffer: u32, length_bytes: u32, access: Access) -> Result<(), FaultKind> {
        self.memory.check(buffer, length_bytes, access).map_err(|error| FaultKind::Buffer {
            call,
            buffer,
            length_bytes,
            error,
        })?;
        self.bring_in(buffer, length_bytes)
    }
}
