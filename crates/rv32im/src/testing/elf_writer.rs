//! Writes executables of a few segments, without sections.

use object::elf;

use crate::instruction::Instruction;

/// A loadable segment.
#[derive(Clone, Debug)]
pub struct ElfSegment {
    /// Address of the first byte.
    pub address: u32,
    /// The bytes in the file.
    pub data: Vec<u8>,
    /// Bytes in memory, of which those beyond `data` are zero.
    pub memory_bytes: u32,
    /// `PF_R`, `PF_W` and `PF_X`: 4, 2 and 1.
    pub flags: u32,
}

/// A readable and executable segment of instructions.
#[must_use]
pub fn text_segment(address: u32, instructions: &[Instruction]) -> ElfSegment {
    let data: Vec<u8> = instructions.iter().flat_map(|instruction| instruction.encode().to_le_bytes()).collect();
    ElfSegment { address, memory_bytes: data.len() as u32, data, flags: 5 }
}

/// A static 32-bit RISC-V executable. File offsets are congruent to addresses modulo the page size, as Linux demands.
///
/// # Panics
/// With more than 2^16 segments.
#[must_use]
pub fn elf_file(entry: u32, segments: &[ElfSegment]) -> Vec<u8> {
    const HEADER_BYTES: u32 = 52;
    const PROGRAM_HEADER_BYTES: u32 = 32;
    const PAGE_BYTES: u32 = 4096;
    let count = u16::try_from(segments.len()).unwrap_or_else(|_| panic!("{} segments", segments.len()));

    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    half(&mut file, elf::ET_EXEC.0);
    half(&mut file, elf::EM_RISCV.0);
    for value in [1, entry, HEADER_BYTES, 0, 0] {
        word(&mut file, value);
    }
    for value in [HEADER_BYTES as u16, PROGRAM_HEADER_BYTES as u16, count, 40, 0, 0] {
        half(&mut file, value);
    }

    let mut offset = HEADER_BYTES + PROGRAM_HEADER_BYTES * u32::from(count);
    let mut offsets = Vec::new();
    for segment in segments {
        offset += segment.address.wrapping_sub(offset) % PAGE_BYTES;
        offsets.push(offset);
        let sizes = [segment.data.len() as u32, segment.memory_bytes];
        for value in [elf::PT_LOAD.0, offset, segment.address, segment.address, sizes[0], sizes[1], segment.flags] {
            word(&mut file, value);
        }
        word(&mut file, PAGE_BYTES);
        offset += sizes[0];
    }
    for (segment, offset) in segments.iter().zip(offsets) {
        file.resize(offset as usize, 0);
        file.extend_from_slice(&segment.data);
    }
    file
}
