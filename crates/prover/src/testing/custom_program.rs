//! Random programs of custom instructions on few words, so that what they read and write overlaps.

use engram_rv32im::{
    Opcode,
    system_calls::{SYS_EXIT, SYS_WRITE},
    testing::{BULK_LOAD, BULK_STORE, ElfSegment, SplitMix64},
};

use super::assembler::{Assembler, ZERO};

const DATA: u32 = 0x0100_0000;
const DATA_BYTES: u32 = 1 << 13;
/// Addresses start here and wander.
const MIDDLE: u32 = DATA + DATA_BYTES / 2;
/// A distance that a block no longer counts from the base, from the second word on.
const FAR: u32 = (1 << 15) - 4;

/// Registers that hold addresses.
const ADDRESSES: [u8; 4] = [5, 6, 7, 8];
const VALUE: u8 = 9;
const COUNTER: u8 = 20;
const BASE: u8 = 21;
const FAR_BASE: u8 = 22;

/// An executable that loops over `instructions` random instructions, half of them custom, and writes the words that they left.
pub fn custom_elf(seed: u64, instructions: u32) -> Vec<u8> {
    let mut random = SplitMix64::new(seed);
    let mut assembler = Assembler::default();
    let mut pick = |from: &[u8]| from[random.below(from.len() as u32) as usize];
    assembler.set(COUNTER, 3);
    let start = assembler.here();
    for register in ADDRESSES {
        assembler.set(register, MIDDLE + 4 * u32::from(pick(&[0, 1, 2, 3, 4, 5, 9])));
    }
    assembler.set(BASE, DATA);
    assembler.immediate(Opcode::Lw, FAR_BASE, BASE, 0);
    for _ in 0..FAR / 2047 {
        assembler.immediate(Opcode::Addi, FAR_BASE, FAR_BASE, 2047);
    }
    assembler.immediate(Opcode::Addi, FAR_BASE, FAR_BASE, (FAR % 2047) as i32);
    let far: [fn(&mut Assembler); 3] = [
        |assembler| assembler.custom(BULK_LOAD, ZERO, FAR_BASE, FAR_BASE),
        |assembler| assembler.custom(BULK_STORE, ZERO, FAR_BASE, VALUE),
        |assembler| assembler.custom(BULK_LOAD, VALUE, FAR_BASE, ADDRESSES[0]),
    ];
    for instruction in far {
        instruction(&mut assembler);
    }
    for _ in 0..instructions {
        let (x, y) = (pick(&ADDRESSES), pick(&ADDRESSES));
        let rd = pick(&[ZERO, VALUE, x, y, ADDRESSES[0], ADDRESSES[3]]);
        match pick(&[0, 0, 1, 1, 2, 3, 4, 5]) {
            0 => assembler.custom(BULK_LOAD, rd, x, y),
            1 => assembler.custom(BULK_STORE, rd, x, pick(&[ZERO, VALUE, x, y])),
            2 => assembler.immediate(Opcode::Lw, VALUE, x, 8),
            3 => assembler.store(Opcode::Sw, VALUE, x, 4),
            4 => assembler.store(Opcode::Sb, y, x, 3),
            _ => assembler.immediate(Opcode::Addi, x, y, 4 * i32::from(pick(&[0, 1, 2, 3, 4])) - 8),
        }
    }
    assembler.immediate(Opcode::Addi, COUNTER, COUNTER, -1);
    let back = (start as i32 - assembler.here() as i32) / 4;
    // The loop is longer than a branch reaches.
    assembler.branch(Opcode::Beq, COUNTER, ZERO, 2);
    assembler.jump(ZERO, back - 1);
    assembler.call(SYS_WRITE, [1, DATA, DATA_BYTES]);
    assembler.call(SYS_EXIT, [7, 0, 0]);
    let mut data: Vec<u8> = (0..DATA_BYTES / 4).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
    data[..4].copy_from_slice(&(MIDDLE - FAR).to_le_bytes());
    assembler.elf(&[ElfSegment { address: DATA, data, memory_bytes: DATA_BYTES, flags: 6 }])
}
