//! Instructions carried out on plain words, with the accesses that their rows make.

use engram_memory::{
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    offline::{Access, OfflineMemory},
};
use engram_rv32im::{
    Opcode,
    semantics::{alu, branch_taken, load_extract, store_merge},
};
use engram_rv32im_air::{custom::Custom, instruction::Core, program::Decoded};
use engram_vm::row::{RefusedRow, Touch};

use super::{ReplayMemory, custom, rows::TableRows};

/// An instruction that stands alone: each access is one of its row's, at a timestamp of its own.
pub(super) struct AloneCore<'a, M> {
    pub memory: &'a mut M,
    pub rows: &'a mut TableRows,
    pub step: &'a Decoded,
    pub timestamp: u32,
    /// In words.
    pub next_pc: u32,
}

impl<M: ReplayMemory> AloneCore<'_, M> {
    #[inline(always)]
    fn made(&mut self, access: Access) -> u32 {
        self.rows.accesses.push(access);
        self.timestamp += 1;
        access.previous
    }

    #[inline(always)]
    fn read(&mut self, space: u32, pointer: u32) -> u32 {
        let access = self.memory.read_word(space, pointer, self.timestamp);
        self.made(access)
    }

    #[inline(always)]
    fn write(&mut self, space: u32, pointer: u32, word: u32) {
        let access = self.memory.write_word(space, pointer, self.timestamp, word);
        self.made(access);
    }
}

impl<M: ReplayMemory> Core for AloneCore<'_, M> {
    type Word = u32;

    fn rs1(&mut self) -> u32 {
        self.read(SPACE_REGISTERS, u32::from(self.step.instruction.rs1))
    }

    fn rs2(&mut self) -> u32 {
        self.read(SPACE_REGISTERS, u32::from(self.step.instruction.rs2))
    }

    fn set_rd(&mut self, word: u32) {
        self.write(SPACE_REGISTERS, u32::from(self.step.instruction.rd), word);
    }

    fn constant(&mut self) -> u32 {
        self.step.constant
    }

    fn link(&mut self) -> u32 {
        self.step.link()
    }

    fn compute(&mut self, opcode: Opcode, x: u32, y: u32) -> u32 {
        alu(opcode, x, y)
    }

    fn load(&mut self, opcode: Opcode, base: u32, offset: u32) -> Option<u32> {
        let address = base.wrapping_add(offset);
        let word = self.read(SPACE_MEMORY, address >> 2);
        Some(load_extract(opcode, word, 0, address & 3))
    }

    fn store(&mut self, opcode: Opcode, base: u32, offset: u32, value: u32) -> Option<()> {
        let address = base.wrapping_add(offset);
        let word = self.memory.peek(SPACE_MEMORY, address >> 2);
        let (word, _) = store_merge(opcode, word, 0, address & 3, value);
        self.write(SPACE_MEMORY, address >> 2, word);
        Some(())
    }

    fn branch(&mut self, opcode: Opcode, x: u32, y: u32) -> Option<()> {
        if branch_taken(opcode, x, y) {
            self.next_pc = self.step.target;
        }
        Some(())
    }

    fn jump(&mut self) -> Option<()> {
        self.next_pc = self.step.target;
        Some(())
    }

    fn jump_to(&mut self, base: u32, offset: u32) -> Option<()> {
        self.next_pc = base.wrapping_add(offset) >> 2;
        Some(())
    }
}

/// An instruction of a block: registers are those that the row holds, and of memory only what opens a word is an access.
pub(super) struct BlockCore<'a> {
    pub memory: &'a mut OfflineMemory,
    pub rows: &'a mut TableRows,
    pub registers: [u32; 32],
    /// Of the accesses to memory that are yet to be made: do they open the word?
    pub openings: std::iter::Copied<std::slice::Iter<'a, bool>>,
    pub step: &'a Decoded,
    /// Of the last access.
    pub timestamp: u32,
}

impl BlockCore<'_> {
    /// Each load or store of an extension is one access of the path.
    pub fn custom(&mut self, custom: &Custom) -> Result<(), RefusedRow> {
        let instruction = self.step.instruction;
        let touches = custom::execute_in_block(custom, self.memory, &mut self.registers, instruction)?;
        for Touch { pointer, stored } in touches {
            let opens = self.openings.next() == Some(true);
            self.word(pointer, opens);
            if let Some(word) = stored {
                self.memory.amend(SPACE_MEMORY, pointer, word);
            }
        }
        Ok(())
    }

    fn word(&mut self, pointer: u32, opens: bool) -> u32 {
        if !opens {
            return self.memory.peek(SPACE_MEMORY, pointer);
        }
        self.timestamp += 1;
        let access = self.memory.read_word(SPACE_MEMORY, pointer, self.timestamp);
        self.rows.accesses.push(access);
        access.previous
    }
}

impl Core for BlockCore<'_> {
    type Word = u32;

    fn rs1(&mut self) -> u32 {
        self.registers[usize::from(self.step.instruction.rs1)]
    }

    fn rs2(&mut self) -> u32 {
        self.registers[usize::from(self.step.instruction.rs2)]
    }

    fn set_rd(&mut self, word: u32) {
        self.registers[usize::from(self.step.instruction.rd)] = word;
    }

    fn constant(&mut self) -> u32 {
        self.step.constant
    }

    fn link(&mut self) -> u32 {
        self.step.link()
    }

    fn compute(&mut self, opcode: Opcode, x: u32, y: u32) -> u32 {
        alu(opcode, x, y)
    }

    fn load(&mut self, opcode: Opcode, base: u32, offset: u32) -> Option<u32> {
        let address = base.wrapping_add(offset);
        let opens = self.openings.next() == Some(true);
        let word = self.word(address >> 2, opens);
        Some(load_extract(opcode, word, 0, address & 3))
    }

    /// A store of less than a word reads the word first: two accesses, of which one at most opens it.
    fn store(&mut self, opcode: Opcode, base: u32, offset: u32, value: u32) -> Option<()> {
        let address = base.wrapping_add(offset);
        let accesses = if opcode == Opcode::Sw { 1 } else { 2 };
        let opens = self.openings.by_ref().take(accesses).fold(false, |any, opens| any | opens);
        let word = self.word(address >> 2, opens);
        let (word, _) = store_merge(opcode, word, 0, address & 3, value);
        self.memory.amend(SPACE_MEMORY, address >> 2, word);
        Some(())
    }

    fn branch(&mut self, _: Opcode, _: u32, _: u32) -> Option<()> {
        Some(())
    }

    fn jump(&mut self) -> Option<()> {
        Some(())
    }

    fn jump_to(&mut self, _: u32, _: u32) -> Option<()> {
        Some(())
    }
}
