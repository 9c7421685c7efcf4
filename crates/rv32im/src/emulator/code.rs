//! Instructions as the fast path wants them: one eight-byte operation a word, targets resolved.

use crate::instruction::Instruction;
use crate::isa::{Format, Opcode};
use crate::program::{CodeRegion, Program};

/// Writes to register 0 go to this one instead, so that no instruction has to test its destination.
const DISCARD: u8 = 32;

/// One pre-decoded word. An operation that the fast path leaves to [`Emulator::step`](super::Emulator::step) has the
/// opcode `ecall`: system and custom instructions, illegal words, branches and jumps that leave the region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub opcode: Opcode,
    pub rd: u8,
    pub rs1: u8,
    pub rs2: u8,
    /// The immediate; for `auipc`, which becomes `lui`, the result; for branches and `jal` the target's position in the
    /// region.
    pub imm: u32,
}

const LEAVE: Operation = Operation { opcode: Opcode::Ecall, rd: DISCARD, rs1: 0, rs2: 0, imm: 0 };

/// The operations of one run of instruction words.
pub(super) struct Region {
    /// Address of the first word.
    pub start: u32,
    /// One operation a word, and one more to catch a step off the end.
    pub operations: Box<[Operation]>,
    /// Most instructions that can be executed from any place of the region without a taken jump or branch.
    pub longest_run: u64,
}

impl Region {
    /// All regions of a program, in the order of [`Program::regions`].
    pub fn all(program: &Program) -> Box<[Region]> {
        program.regions().iter().map(Region::of).collect()
    }

    fn of(region: &CodeRegion) -> Region {
        let words = region.words.len() as u32;
        let mut operations = Vec::with_capacity(region.words.len() + 1);
        for (position, &word) in (0u32..).zip(&region.words) {
            let pc = region.start + 4 * position;
            operations.push(match Instruction::decode(word) {
                Some(instruction) => Operation::of(instruction, pc, region.start, words),
                None => LEAVE,
            });
        }
        operations.push(LEAVE);

        let (mut run, mut longest_run) = (0, 0);
        for operation in &operations {
            run += 1;
            longest_run = longest_run.max(run);
            if matches!(operation.opcode, Opcode::Jal | Opcode::Jalr | Opcode::Ecall) {
                run = 0;
            }
        }
        Region { start: region.start, operations: operations.into(), longest_run }
    }
}

impl Operation {
    fn of(instruction: Instruction, pc: u32, region_start: u32, region_words: u32) -> Operation {
        let Instruction { opcode, rd, rs1, rs2, imm } = instruction;
        let imm = imm as u32;
        let rd = if rd == 0 { DISCARD } else { rd };
        let operation = Operation { opcode, rd, rs1, rs2, imm };
        match opcode.format() {
            Format::Bare | Format::Custom => LEAVE,
            Format::Fence => Operation { opcode: Opcode::Fence, ..LEAVE },
            Format::Upper if opcode == Opcode::Auipc => {
                Operation { opcode: Opcode::Lui, imm: pc.wrapping_add(imm), ..operation }
            }
            Format::Branch | Format::Jump => {
                let distance = pc.wrapping_add(imm).wrapping_sub(region_start);
                if distance.is_multiple_of(4) && distance / 4 < region_words {
                    Operation { imm: distance / 4, ..operation }
                } else {
                    LEAVE
                }
            }
            _ => operation,
        }
    }
}
