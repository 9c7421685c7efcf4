//! Custom instructions: what an extension is to the machine.
//!
//! An extension is one function over a row ([`engram_vm::extension`]). Here it becomes a table for instructions that stand alone, a step of
//! a block, an entry of the ROM, and what a replay does.

use engram_air::{
    Circuit, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring,
    circuit::DEGREE_MAX,
    tape::{Row, Tape},
};
use engram_memory::{
    Layout,
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    offline::OfflineMemory,
};
use engram_vm::{
    extension::{Extension, ExtensionError, Registers},
    path::{Operand, Path},
    rom::Entry,
    row::{MemoryEvent, RefusedRow, RowBuilder, Step, SymbolicRow, ValueRow, WordMemory},
};
use thiserror::Error;

use crate::{chip::CHIPS, instruction::place, replay::TableRows, system::DISCARD_POINTER};

/// Numbers of extensions are below this.
pub const CUSTOM_NUMBERS: u16 = 1 << 10;

/// An extension with its number.
#[derive(Clone, Debug)]
pub struct Custom {
    number: u16,
    extension: Extension,
}

/// Registers that a custom instruction names, each below 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomOperands {
    /// The destination.
    pub rd: u32,
    /// The first source.
    pub rs1: u32,
    /// The second source.
    pub rs2: u32,
}

/// Why an extension cannot be part of a machine.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomError {
    /// The number is too large.
    #[error("extension {number} does not exist; choose a number below {CUSTOM_NUMBERS}")]
    Number {
        /// The number.
        number: u16,
    },
    /// It has no row.
    #[error("the extension \"{name}\" has no row: {error}")]
    Extension {
        /// The extension's name.
        name: String,
        /// Why.
        error: ExtensionError,
    },
    /// A constraint is of too high a degree.
    #[error(
        "the extension \"{name}\" has a constraint of degree {degree}, at most {DEGREE_MAX} are possible; give factors columns"
    )]
    Degree {
        /// The extension's name.
        name: String,
        /// The degree.
        degree: usize,
    },
    /// A message is not linear in the columns.
    #[error("what \"{label}\" of the extension \"{name}\" looks up is not linear; give products columns")]
    Message {
        /// The extension's name.
        name: String,
        /// The message's label.
        label: String,
    },
    /// A constraint does not hold on padding.
    #[error("\"{label}\" of the extension \"{name}\" does not hold on rows of zeros; use constants that vanish there")]
    Padding {
        /// The extension's name.
        name: String,
        /// The constraint's label.
        label: String,
    },
}

impl Custom {
    /// An extension under a number.
    ///
    /// # Errors
    /// The number is too large, or the extension cannot be a table or a step of a block.
    pub fn new(number: u16, extension: Extension) -> Result<Self, CustomError> {
        if number >= CUSTOM_NUMBERS {
            return Err(CustomError::Number { number });
        }
        let custom = Self { number, extension };
        let name = || custom.extension.name().to_owned();
        let mut written = Ok(());
        let circuit = SymbolicRow::circuit(&name(), |row| written = custom.write(row));
        written.map_err(|error| CustomError::Extension { name: name(), error })?;
        if circuit.degree() > DEGREE_MAX {
            return Err(CustomError::Degree { name: name(), degree: circuit.degree() });
        }
        let mut messages = circuit.interactions.iter();
        let nonlinear = messages.find(|message| message.fields.iter().any(|field: &Expr| field.degree() > 1));
        if let Some(message) = nonlinear {
            return Err(CustomError::Message { name: name(), label: message.label.clone() });
        }
        let zeros = vec![F::ZERO; circuit.width()];
        let padding = Row { local: &zeros, next: &zeros, publics: &[], is_first: false, is_last: false };
        let broken = Tape::new(&circuit).evaluate(padding).violations().map(|(constraint, _)| constraint).next();
        match broken {
            None => Ok(custom),
            Some(constraint) => {
                let label = circuit.constraints[constraint].label.clone();
                Err(CustomError::Padding { name: name(), label })
            }
        }
    }

    /// The extension's number, below [`CUSTOM_NUMBERS`].
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The extension.
    pub fn extension(&self) -> &Extension {
        &self.extension
    }

    /// The opcode that its rows ask the ROM for: those of chips come before.
    pub fn rom_opcode(&self) -> u32 {
        CHIPS.len() as u32 + 1 + u32::from(self.number)
    }

    /// The ROM entry of an instruction. What it writes to x0 goes where nothing reads it.
    pub fn entry(&self, pc: u32, operands: CustomOperands) -> Entry {
        let mut entry = [pc, self.rom_opcode(), 0, 0, 0, 0, 0];
        let CustomOperands { rd, rs1, rs2 } = operands;
        let rd = if rd == 0 { DISCARD_POINTER } else { rd };
        for (place, operand) in [(place::RD, rd), (place::RS1, rs1), (place::RS2, rs2)] {
            entry[2 + place] = operand;
        }
        entry
    }

    /// The table's circuit.
    pub fn circuit(&self) -> Circuit {
        SymbolicRow::circuit(self.extension.name(), |row| self.eval(row))
    }

    /// The row of an instruction that stands alone.
    pub fn eval<B: RowBuilder>(&self, row: &mut B) {
        let written = self.write(row);
        debug_assert!(written.is_ok(), "it was written when the extension got its number");
    }

    fn write<B: RowBuilder>(&self, row: &mut B) -> Result<(), ExtensionError> {
        let mut path = Path::look_up(row);
        let [rd, rs1, rs2] = [(place::RD, "rd"), (place::RS1, "rs1"), (place::RS2, "rs2")]
            .map(|(place, name)| Operand::Column(path.operand(place, name)));
        self.extension.eval(&mut path, Registers { rd, rs1, rs2 })?;
        let next_pc = path.pc() + B::Expr::one();
        path.close_looked_up(B::Expr::integer(self.rom_opcode()), next_pc);
        Ok(())
    }

    /// A step of a block, which goes on at the next instruction. `None` where no row has it.
    pub fn eval_step<B: RowBuilder>(&self, path: &mut Path<'_, B>, operands: CustomOperands) -> Option<()> {
        let CustomOperands { rd, rs1, rs2 } = operands;
        let [rd, rs1, rs2] = [rd, rs1, rs2].map(Operand::Known);
        self.extension.eval(path, Registers { rd, rs1, rs2 }).ok()
    }

    /// Replay an instruction that stands alone: its accesses go to `rows`, each at the next timestamp. Returns the timestamp after them.
    ///
    /// # Errors
    /// No row has this execution. Then memory and rows are as they were.
    pub fn replay(&self, memory: &mut OfflineMemory, rows: &mut TableRows, step: Step) -> Result<u32, RefusedRow> {
        let mut view = View { memory, registers: None };
        let mut row = ValueRow::new(&mut view, step, &[]);
        self.eval(&mut row);
        let executed = row.finish()?;
        let mut timestamp = step.timestamp;
        for event in executed.events {
            match event {
                MemoryEvent::Take { space, pointer } => {
                    rows.accesses.push(memory.read_word(space, pointer, timestamp));
                    timestamp += 1;
                }
                MemoryEvent::Put { space, pointer, value } => memory.amend(space, pointer, value),
            }
        }
        Ok(timestamp)
    }

    /// Replay a step of a block, on registers that its row holds. Of the accesses to memory those that open the word in the block, by the
    /// next of `openings`, go to `rows`, after `timestamp`, which becomes that of the last.
    ///
    /// # Errors
    /// No row has this execution. Then memory, registers and rows are as they were.
    pub fn replay_in_block(
        &self,
        memory: &mut OfflineMemory,
        rows: &mut TableRows,
        registers: &mut [u32; 32],
        operands: CustomOperands,
        openings: &mut dyn Iterator<Item = bool>,
        timestamp: &mut u32,
    ) -> Result<(), RefusedRow> {
        let mut view = View { memory, registers: Some(registers) };
        let mut row = ValueRow::new(&mut view, Step::default(), &[]);
        let mut named: Vec<u32> = [operands.rd, operands.rs1, operands.rs2].into_iter().filter(|&n| n != 0).collect();
        named.sort_unstable();
        named.dedup();
        let mut path = Path::open(&mut row, 0, &named);
        let possible = self.eval_step(&mut path, operands);
        let mut accesses = vec![];
        for (pointer, stored) in path.memory_accesses() {
            let stored = stored.map(|word| path.word(word).cells().map(|cell| cell.as_canonical_u32()));
            accesses.push((pointer.as_canonical_u32(), stored.map(|[low, high]| low | high << 16)));
        }
        path.close(F::ZERO);
        row.finish()?;
        debug_assert!(possible.is_some(), "the block that holds the step was made");
        for (pointer, stored) in accesses {
            if openings.next() == Some(true) {
                *timestamp += 1;
                rows.accesses.push(memory.read_word(SPACE_MEMORY, pointer, *timestamp));
            }
            if let Some(value) = stored {
                memory.amend(SPACE_MEMORY, pointer, value);
            }
        }
        Ok(())
    }
}

/// Memory as a replay has it; registers are apart within a block. What is written to memory is left to the caller.
struct View<'a> {
    memory: &'a OfflineMemory,
    registers: Option<&'a mut [u32; 32]>,
}

impl WordMemory for View<'_> {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        if let (SPACE_REGISTERS, Some(registers)) = (space, &self.registers) {
            return registers.get(pointer as usize).copied();
        }
        let exists = Layout::rv32im().space(space).is_some_and(|known| pointer >> known.pointer_bits == 0);
        exists.then(|| self.memory.peek(space, pointer))
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        if let (SPACE_REGISTERS, Some(registers)) = (space, &mut self.registers) {
            registers[pointer as usize] = value;
        }
    }
}

#[cfg(test)]
mod tests;
