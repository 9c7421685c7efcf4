//! System calls, replayed, and the transfers that they start.

use engram_memory::address::{SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS};
use engram_rv32im::system_calls::{MINUS_EBADF, MINUS_ENOSYS, TRANSFER_MAX_BYTES};
use engram_rv32im_air::{
    calls::CALLS,
    chip::Chip,
    program::Decoded,
    system::{A0, A1, A2, A7, BREAK_POINTER},
    transfer::{OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER},
};

use super::{ReplayError, ReplayMemory, Segment};

impl<M: ReplayMemory> Segment<'_, M> {
    pub(super) fn call(&mut self, index: u32, decoded: &Decoded, diverged: ReplayError) -> Result<(), ReplayError> {
        let [a0, a1, a2, a7] = [A0, A1, A2, A7].map(|register| self.peek_register(register));
        let time = self.open.time;
        let chip = CALLS.chip(a7, a0);
        let entry = if chip == Chip::BreakCall { decoded.break_entry } else { index };
        self.open.rows.executions[entry as usize] += 1;
        let number = self.register(A7);
        let next_pc = self.open.pc + 1;
        match chip {
            Chip::ReadCall => {
                let count = *self.log.reads.get(self.open.reads).ok_or(diverged.clone())?;
                let end = self.open.input_read + count as usize;
                let log = self.log;
                let bytes = log.input.get(self.open.input_read..end).ok_or(diverged)?;
                (self.open.reads, self.open.input_read) = (self.open.reads + 1, end);
                let accesses = [number, self.register(A1), self.register(A2), self.set_register(A0, count)];
                self.row(chip, index, time, &accesses, &[count]);
                self.transfer_input(index, a1, bytes, next_pc);
            }
            Chip::WriteCall => {
                let count = a2.min(TRANSFER_MAX_BYTES);
                let length = self.memory.peek(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER);
                let accesses = [
                    number,
                    self.register(A1),
                    self.register(A2),
                    self.set_register(A0, count),
                    self.write(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER, length.wrapping_add(count)),
                ];
                self.row(chip, index, time, &accesses, &[]);
                self.transfer_output(index, a1, count, 4 * OUTPUT_FIRST_POINTER + length, next_pc);
            }
            Chip::DebugCall => {
                let accesses = [number, self.register(A2), self.set_register(A0, a2.min(TRANSFER_MAX_BYTES))];
                self.row(chip, index, time, &accesses, &[]);
            }
            Chip::BadDescriptorCall => {
                let accesses = [number, self.set_register(A0, MINUS_EBADF)];
                self.row(chip, index, time, &accesses, &[]);
            }
            Chip::ExitCall => {
                let accesses = [number, self.register(A0)];
                self.row(chip, index, time, &accesses, &[]);
                self.open.rows.ends.exit = Some(a0);
            }
            Chip::BreakCall => {
                let program = self.program.program();
                let before = self.memory.peek(SPACE_REGISTERS, BREAK_POINTER);
                let granted = (program.initial_break()..=program.heap_limit()).contains(&a0);
                let after = if granted { a0 } else { before };
                let accesses =
                    [number, self.write(SPACE_REGISTERS, BREAK_POINTER, after), self.set_register(A0, after)];
                self.row(chip, index, time, &accesses, &[after]);
            }
            _ => {
                let accesses = [number, self.set_register(A0, MINUS_ENOSYS)];
                self.row(chip, index, time, &accesses, &[]);
            }
        }
        self.open.pc = next_pc;
        Ok(())
    }

    fn transfer_input(&mut self, index: u32, buffer: u32, bytes: &[u8], next_pc: u32) {
        let ([mut pointer, mut offset], mut rest) = (place(buffer), bytes);
        while let [first, tail @ ..] = rest {
            let time = self.open.time;
            let state = |input| [pointer, offset, 0, 0, rest.len() as u32, next_pc, input];
            if let (0, [a, b, c, d, tail @ ..]) = (offset, rest) {
                let word = u32::from_le_bytes([*a, *b, *c, *d]);
                let access = self.write(SPACE_MEMORY, pointer, word);
                self.row(Chip::ReadWord, index, time, &[access], &state(word));
                ([pointer, offset], rest) = (after([pointer, offset], 4), tail);
            } else {
                let word = self.memory.peek(SPACE_MEMORY, pointer);
                let shift = 8 * offset;
                let word = word & !(0xff << shift) | u32::from(*first) << shift;
                let access = self.write(SPACE_MEMORY, pointer, word);
                self.row(Chip::ReadByte, index, time, &[access], &state(u32::from(*first)));
                ([pointer, offset], rest) = (after([pointer, offset], 1), tail);
            }
        }
        self.transfer_end(index, [pointer, offset], [0, 0], 0, next_pc);
    }

    fn transfer_output(&mut self, index: u32, buffer: u32, count: u32, output: u32, next_pc: u32) {
        let ([mut pointer, mut offset], mut remaining) = (place(buffer), count);
        let [mut output_pointer, mut output_offset] = place(output);
        while remaining > 0 {
            let time = self.open.time;
            let hints = [pointer, offset, output_pointer, output_offset, remaining, next_pc, 0];
            let word = self.read(SPACE_MEMORY, pointer);
            let (chip, bytes, value) = if offset == 0 && output_offset == 0 && remaining >= 4 {
                (Chip::WriteWord, 4, word.previous)
            } else {
                let byte = word.previous >> (8 * offset) & 0xff;
                let before = self.memory.peek(SPACE_OUTPUT, output_pointer);
                (Chip::WriteByte, 1, before | byte << (8 * output_offset))
            };
            let accesses = [word, self.write(SPACE_OUTPUT, output_pointer, value)];
            self.row(chip, index, time, &accesses, &hints);
            [pointer, offset] = after([pointer, offset], bytes);
            [output_pointer, output_offset] = after([output_pointer, output_offset], bytes);
            remaining -= bytes;
        }
        self.transfer_end(index, [pointer, offset], [output_pointer, output_offset], 1, next_pc);
    }

    fn transfer_end(&mut self, index: u32, place: [u32; 2], output_place: [u32; 2], writes: u32, next_pc: u32) {
        let ([pointer, offset], [output_pointer, output_offset]) = (place, output_place);
        let hints = [pointer, offset, output_pointer, output_offset, 0, next_pc, writes];
        let time = self.open.time;
        self.row(Chip::TransferEnd, index, time, &[], &hints);
    }
}

/// A byte's word and its place in it.
fn place(address: u32) -> [u32; 2] {
    [address >> 2, address & 3]
}

/// The place some bytes on. After the last byte of memory it is in word 2^30, as circuits count, and not in word 0.
fn after([pointer, offset]: [u32; 2], bytes: u32) -> [u32; 2] {
    let offset = offset + bytes;
    [pointer + (offset >> 2), offset & 3]
}
