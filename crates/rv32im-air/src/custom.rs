//! Custom instructions: what an extension is to the machine.
//!
//! An extension is one function over a row ([`engram_vm::extension`]). Here it becomes a table for instructions that stand alone, a step
//! of a block, and an entry of the ROM. [`crate::guest`] executes it.
//!
//! An instruction that stands alone and names x0 as its destination writes to a word of the register space that nothing else names:
//! so x0 stays zero, and one circuit serves every destination.

use engram_air::{Circuit, Ring};
use engram_memory::messages::MEMORY;
use engram_rv32im::Instruction;
use engram_vm::{
    extension::{ExtensibleRow, Extension, ExtensionError, Registers},
    path::{Operand, Path},
    rom::{Entry, OPERANDS},
    row::{Step, SymbolicRow},
};

use crate::{chip::Chip, instruction::place, system::DISCARD_POINTER};

/// An extension under its id. [`crate::registry::ExtensionRegistry`] makes it.
#[derive(Clone, Debug)]
pub struct Custom {
    id: u16,
    extension: Extension,
}

impl Custom {
    pub(crate) fn new(id: u16, extension: Extension) -> Self {
        Self { id, extension }
    }

    /// The extension's id.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.extension.name()
    }

    /// The ROM entry of an instruction.
    pub fn entry(&self, pc: u32, instruction: Instruction) -> Entry {
        let mut entry = [pc, Chip::Custom(self.id).rom_opcode(), 0, 0, 0, 0, 0];
        entry[2..].copy_from_slice(&operands(instruction));
        entry
    }

    /// The table's circuit.
    pub fn circuit(&self) -> Circuit {
        SymbolicRow::circuit(&format!("custom0 {}", self.name()), |row| self.eval(row))
    }

    /// The row of an instruction that stands alone.
    pub fn eval<B: ExtensibleRow>(&self, row: &mut B) {
        let written = self.write(row);
        debug_assert!(written.is_ok(), "it could be written when the extension was registered");
    }

    pub(crate) fn write<B: ExtensibleRow>(&self, row: &mut B) -> Result<(), ExtensionError> {
        let mut path = Path::look_up(row);
        let [rd, rs1, rs2] = [(place::RD, "rd"), (place::RS1, "rs1"), (place::RS2, "rs2")]
            .map(|(place, name)| Operand::Column(path.operand(place, name)));
        self.extension.eval(&mut path, Registers { rd, rs1, rs2 })?;
        let next_pc = path.pc() + B::Expr::one();
        path.close_looked_up(B::Expr::integer(Chip::Custom(self.id).rom_opcode()), next_pc);
        Ok(())
    }

    /// A step of a block, which goes on at the next instruction. `None` where no row has it.
    pub fn eval_step<B: ExtensibleRow>(&self, path: &mut Path<'_, B>, instruction: Instruction) -> Option<()> {
        let Instruction { rd, rs1, rs2, .. } = instruction;
        let [rd, rs1, rs2] = [rd, rs1, rs2].map(|register| Operand::Known(u32::from(register)));
        self.extension.eval(path, Registers { rd, rs1, rs2 }).ok()
    }

    /// Where a row of an instruction that stands alone is, as whoever fills it knows.
    pub fn step(&self, pc: u32, instruction: Instruction, timestamp: u32) -> Step {
        Step { pc, timestamp, operands: operands(instruction) }
    }

    /// Accesses of every row of it that stands alone.
    pub fn accesses(&self) -> usize {
        let circuit = self.circuit();
        // Each takes a word off the memory bus and puts it back.
        circuit.interactions.iter().filter(|message| message.bus == MEMORY).count() / 2
    }
}

/// The operands of an instruction's ROM entry.
pub fn operands(instruction: Instruction) -> [u32; OPERANDS] {
    let Instruction { rd, rs1, rs2, .. } = instruction;
    let mut operands = [0; OPERANDS];
    operands[place::RD] = if rd == 0 { DISCARD_POINTER } else { u32::from(rd) };
    [operands[place::RS1], operands[place::RS2]] = [rs1, rs2].map(u32::from);
    operands
}
