//! Custom instructions, executed: rows of extensions on plain values.
//!
//! This is the one thing in this crate that only an executor calls. It is here because a program carries the registry that it was
//! loaded with, and the trait by which an emulator executes the program's custom instructions can be implemented for
//! [`ExtensionRegistry`] beside the type alone. Of that trait a verifier calls [`Extensions::name`], and nothing else here.

use engram_memory::address::{SPACE_MEMORY, SPACE_REGISTERS};
use engram_rv32im::extension::{Extensions, GuestAccess, Refusal};
use engram_vm::row::{Executed, RefusedRow, Step, Touch, ValueRow, WordMemory};

use crate::{custom::Custom, instruction::place, registry::ExtensionRegistry};

impl Custom {
    /// Execute an instruction that stands alone, on any memory.
    ///
    /// # Errors
    /// No row has this execution. Then nothing is written.
    pub fn execute(&self, memory: &mut dyn WordMemory, step: Step) -> Result<Executed, RefusedRow> {
        let mut row = ValueRow::new(memory, step, &[]);
        self.eval(&mut row);
        row.finish()
    }
}

/// Registers of a row that executes for an emulator, which knows the operands' values but not where they are from.
const RS1: u32 = 1;
const RS2: u32 = 2;
const RD: u32 = 3;

impl Extensions for ExtensionRegistry {
    fn name(&self, id: u16) -> Option<&str> {
        self.get(id).map(Custom::name)
    }

    fn execute(&self, id: u16, guest: &mut dyn GuestAccess) -> Result<(), Refusal> {
        let unknown = || Refusal::Operands { reason: format!("there is no extension {id}") };
        let custom = self.get(id).ok_or_else(unknown)?;
        let mut step = Step::default();
        for (place, register) in [(place::RD, RD), (place::RS1, RS1), (place::RS2, RS2)] {
            step.operands[place] = register;
        }
        let mut guest = Guest { guest, loaded: vec![], refusal: None };
        let executed = custom.execute(&mut guest, step);
        match (guest.refusal, executed) {
            (Some(refusal), _) => Err(refusal),
            (None, Ok(_)) => Ok(()),
            (None, Err(RefusedRow::Misaligned { address })) => Err(Refusal::Misaligned { address }),
            (None, Err(refused)) => Err(Refusal::Operands { reason: refused.to_string() }),
        }
    }
}

/// A guest as a row that executes sees it.
struct Guest<'a> {
    guest: &'a mut dyn GuestAccess,
    /// Pointers and words. What the row stores it remembers itself.
    loaded: Vec<(u32, u32)>,
    refusal: Option<Refusal>,
}

impl WordMemory for Guest<'_> {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        Some(match (space, pointer) {
            (SPACE_REGISTERS, RS1) => self.guest.rs1(),
            (SPACE_REGISTERS, RS2) => self.guest.rs2(),
            (SPACE_MEMORY, _) => {
                let loaded = self.loaded.iter().rev().find(|(place, _)| *place == pointer);
                // A word that is only stored: the row may not depend on what was there.
                loaded.map_or(0, |(_, word)| *word)
            }
            _ => 0,
        })
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        if (space, pointer) == (SPACE_REGISTERS, RD) {
            self.guest.set_rd(value);
        }
    }

    fn touch(&mut self, touch: Touch) {
        let Touch { pointer, stored } = touch;
        let done = match stored {
            Some(word) => self.guest.store(0, pointer, word),
            None => self.guest.load(0, pointer).map(|word| self.loaded.push((pointer, word))),
        };
        if let Err(refusal) = done {
            self.refusal.get_or_insert(refusal);
        }
    }
}
