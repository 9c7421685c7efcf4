//! What the row of a path costs, estimated while the path grows and without its circuit.
//!
//! An instruction adds about as much to a row wherever it stands: what a second one of its kind adds to a first one. Registers and bases
//! of addresses are counted once each. What the path forwards from its own stores is not foreseen, so rows are cheaper than this.

use std::collections::HashMap;

use engram_air::Circuit;
use engram_rv32im::{Format, Instruction, Opcode};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    program::{Decoded, decode},
    registry::ExtensionRegistry,
};

/// Cells and messages of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowSize {
    /// Cells.
    pub cells: f64,
    /// Messages.
    pub messages: f64,
}

impl RowSize {
    /// Of a circuit's row.
    pub fn of(circuit: &Circuit) -> Self {
        Self { cells: circuit.width() as f64, messages: circuit.interactions.len() as f64 }
    }

    fn plus(self, other: Self, times: f64) -> Self {
        Self { cells: self.cells + times * other.cells, messages: self.messages + times * other.messages }
    }
}

/// What instructions add to rows.
#[derive(Debug)]
pub struct Additions {
    extensions: ExtensionRegistry,
    /// Of a row without instructions.
    base: RowSize,
    /// Of a register that a row uses.
    register: RowSize,
    /// Of an instruction, without its registers, by opcode and by whether its base was one before.
    instructions: [[Option<RowSize>; 2]; Opcode::ALL.len()],
    /// Of custom instructions, by id.
    customs: HashMap<u16, RowSize>,
}

/// A path so far.
#[derive(Clone, Debug)]
pub struct Estimate {
    size: RowSize,
    /// Which registers it uses, by bit.
    registers: u32,
    /// Registers that were bases of an address, and have not changed since.
    bases: u32,
}

const ADDRESS: u32 = 0x1_0000;

impl Additions {
    /// For programs with these extensions.
    pub fn new(extensions: ExtensionRegistry) -> Self {
        let (base, register) = (RowSize::default(), RowSize::default());
        let instructions = [[None; 2]; Opcode::ALL.len()];
        let mut additions = Self { extensions, base, register, instructions, customs: HashMap::new() };
        let add = |rs2| Instruction { opcode: Opcode::Add, rd: 5, rs1: 6, rs2, imm: 0 };
        let size = |instructions: &[Instruction]| additions.measure(instructions).unwrap_or_default();
        let (two, three) = (size(&[add(6)]), size(&[add(7)]));
        additions.register = three.plus(two, -1.0);
        let of_add = additions.addition(Opcode::Add, 0, false);
        additions.base = three.plus(of_add, -1.0).plus(additions.register, -3.0);
        additions
    }

    /// A path of no instructions.
    pub fn start(&self) -> Estimate {
        Estimate { size: self.base, registers: 0, bases: 0 }
    }

    /// One more instruction.
    pub fn push(&mut self, estimate: &mut Estimate, decoded: &Decoded) {
        let instruction = decoded.instruction;
        let Instruction { opcode, rs1, .. } = instruction;
        let bit = |register: Option<u8>| register.map_or(0, |register| 1 << register) & !1;
        let (first, second) = instruction.sources();
        let destination = bit(instruction.destination());
        let used = bit(first) | bit(second) | destination;
        estimate.size = estimate.size.plus(self.register, f64::from((used & !estimate.registers).count_ones()));
        estimate.registers |= used;
        let is_access = matches!(opcode.format(), Format::Load | Format::Store);
        let is_near = is_access && (rs1 == 0 || estimate.bases & bit(Some(rs1)) != 0);
        let extension = instruction.extension().unwrap_or(0);
        let known = match opcode {
            Opcode::Custom => self.customs.get(&extension).copied(),
            _ => self.instructions[opcode as usize][usize::from(is_near)],
        };
        let addition = known.unwrap_or_else(|| {
            let measured = self.addition(opcode, extension, is_near);
            match opcode {
                Opcode::Custom => _ = self.customs.insert(extension, measured),
                _ => self.instructions[opcode as usize][usize::from(is_near)] = Some(measured),
            }
            measured
        });
        estimate.size = estimate.size.plus(addition, 1.0);
        if is_access {
            estimate.bases |= bit(Some(rs1));
        }
        estimate.bases &= !destination;
    }

    /// What a second instruction of a kind adds to a first.
    fn addition(&self, opcode: Opcode, extension: u16, is_near: bool) -> RowSize {
        let imm = match opcode.format() {
            Format::Custom => i32::from(extension),
            // To the next instruction, so that the path goes on there either way.
            Format::Branch | Format::Jump => 4,
            Format::Upper => 0x1000,
            _ => 0,
        };
        let decoded = |rd, rs1, rs2, imm| {
            // Decoding clears what the format has not.
            let word = Instruction { opcode, rd, rs1, rs2, imm }.encode();
            Instruction::decode_with(word, &self.extensions).unwrap_or(Instruction { opcode, rd, rs1, rs2, imm })
        };
        let first = decoded(5, 6, 7, imm);
        let second = if is_near { decoded(8, 6, 10, 4) } else { decoded(8, 9, 10, imm) };
        let Some(one) = self.measure(&[first]) else { return RowSize::default() };
        let Some(two) = self.measure(&[first, second]) else { return one };
        let registers = |instruction: Instruction| -> Vec<u8> {
            let (first, second) = instruction.sources();
            [first, second, instruction.destination()].into_iter().flatten().filter(|&register| register != 0).collect()
        };
        let before = registers(first);
        let new = registers(second).iter().filter(|register| !before.contains(register)).count();
        two.plus(one, -1.0).plus(self.register, -(new as f64))
    }

    /// The row of these instructions, one after the other; nothing where no row has them.
    fn measure(&self, instructions: &[Instruction]) -> Option<RowSize> {
        let placed: Vec<(u32, Instruction)> = (ADDRESS..).step_by(4).zip(instructions.iter().copied()).collect();
        let decoded = decode(&placed, &self.extensions);
        let steps: Vec<u32> = (0..).take(decoded.len()).collect();
        let final_pc = ADDRESS / 4 + decoded.len() as u32;
        Block::new(&decoded, BlockPath { steps, final_pc }).map(|block| RowSize::of(&block.circuit))
    }
}

impl Estimate {
    /// Cells and messages of the row so far.
    pub fn size(&self) -> RowSize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use engram_rv32im::{Emulator, testing::guest_elf};
    use engram_rv32im_air::program::MachineProgram;

    use super::*;
    use crate::{plan, profile};

    /// Of the blocks that plans have, which are long and forward much.
    #[test]
    fn rows_cost_about_what_was_estimated() {
        let words: Vec<u8> = (0..2000_u32).flat_map(|word| (word * 7919 % 1000).to_le_bytes()).collect();
        let rounds = 2000_u32.to_le_bytes().to_vec();
        for (guest, input) in [("sha256", &words), ("interpreter", &rounds), ("keccak", &words), ("fib", &rounds)] {
            let elf = std::fs::read(guest_elf(guest)).unwrap();
            let extensions = ExtensionRegistry::standard();
            let program = MachineProgram::new(&extensions.load(&elf).unwrap());
            let mut emulator = Emulator::new(program.program(), Box::new(&input[..]));
            let seen = profile(&mut emulator, 1 << 18, &mut |_| {}).unwrap();
            let mut additions = Additions::new(extensions);
            let blocks = plan(&program, &seen).blocks(program.decoded()).unwrap();
            assert!(!blocks.is_empty(), "{guest}");
            for block in blocks {
                let mut estimate = additions.start();
                block.decoded().iter().for_each(|decoded| additions.push(&mut estimate, decoded));
                let (size, real) = (estimate.size(), RowSize::of(&block.circuit));
                let ratio = size.messages / real.messages;
                assert!((0.7..2.5).contains(&ratio), "{guest} {}: {size:?} and {real:?}", block.circuit.name);
            }
        }
    }
}
