//! Custom instructions: what an extension is to the machine.
//!
//! An extension is one function over a row ([`engram_vm::extension`]). Here it becomes a table for instructions that stand alone, a step
//! of a block, an entry of the ROM, and what a replay does.
//!
//! An instruction that stands alone and names x0 as its destination writes to a word of the register space that nothing else names:
//! so x0 stays zero, and one circuit serves every destination.

use engram_air::{Circuit, Ring};
use engram_memory::{
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    messages::MEMORY,
    offline::{Access, OfflineMemory},
};
use engram_rv32im::Instruction;
use engram_vm::{
    extension::{Extension, ExtensionError, Registers},
    path::{Operand, Path},
    rom::{Entry, OPERANDS},
    row::{Executed, MemoryEvent, RefusedRow, RowBuilder, Step, SymbolicRow, Touch, ValueRow, WordMemory},
};

use crate::{chip::Chip, instruction::place, replay, system::DISCARD_POINTER};

/// Words of memory; pointers are below.
const MEMORY_WORDS: u32 = 1 << 30;

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
    pub fn eval<B: RowBuilder>(&self, row: &mut B) {
        let written = self.write(row);
        debug_assert!(written.is_ok(), "it could be written when the extension was registered");
    }

    pub(crate) fn write<B: RowBuilder>(&self, row: &mut B) -> Result<(), ExtensionError> {
        let mut path = Path::look_up(row);
        let [rd, rs1, rs2] = [(place::RD, "rd"), (place::RS1, "rs1"), (place::RS2, "rs2")]
            .map(|(place, name)| Operand::Column(path.operand(place, name)));
        self.extension.eval(&mut path, Registers { rd, rs1, rs2 })?;
        let next_pc = path.pc() + B::Expr::one();
        path.close_looked_up(B::Expr::integer(Chip::Custom(self.id).rom_opcode()), next_pc);
        Ok(())
    }

    /// A step of a block, which goes on at the next instruction. `None` where no row has it.
    pub fn eval_step<B: RowBuilder>(&self, path: &mut Path<'_, B>, instruction: Instruction) -> Option<()> {
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

    /// Execute an instruction that stands alone, on any memory.
    ///
    /// # Errors
    /// No row has this execution. Then nothing is written.
    pub fn execute(&self, memory: &mut dyn WordMemory, step: Step) -> Result<Executed, RefusedRow> {
        let mut row = ValueRow::new(memory, step, &[]);
        self.eval(&mut row);
        row.finish()
    }

    /// Replay an instruction that stands alone. Each of its accesses is at the next timestamp, the first at the step's. Returns the
    /// timestamp after them.
    ///
    /// # Errors
    /// No row has this execution. Then nothing changes.
    pub fn replay<M: replay::WordMemory>(
        &self,
        memory: &mut M,
        accesses: &mut Vec<Access>,
        step: Step,
    ) -> Result<u32, RefusedRow> {
        let executed = self.execute(&mut View { memory: &*memory, registers: None }, step)?;
        let mut timestamp = step.timestamp;
        for (number, event) in executed.events.iter().enumerate() {
            let &MemoryEvent::Take { space, pointer } = event else { continue };
            // A word that is taken is put back before it is taken again.
            let put = executed.events[number..].iter().find_map(|event| match event {
                &MemoryEvent::Put { space: to, pointer: at, value } if (to, at) == (space, pointer) => Some(value),
                _ => None,
            });
            let before = memory.peek(space, pointer);
            let after = put.unwrap_or(before);
            accesses.push(if after == before {
                memory.read_word(space, pointer, timestamp)
            } else {
                memory.write_word(space, pointer, timestamp, after)
            });
            timestamp += 1;
        }
        Ok(timestamp)
    }

    /// Execute a step of a block on the registers that its row holds. What it loads from memory and stores there is returned, and is
    /// left to the caller.
    ///
    /// # Errors
    /// No row has this execution. Then nothing changes.
    pub fn execute_in_block(
        &self,
        memory: &OfflineMemory,
        registers: &mut [u32; 32],
        instruction: Instruction,
    ) -> Result<Vec<Touch>, RefusedRow> {
        let step = Step { operands: operands(instruction), ..Step::default() };
        let executed = self.execute(&mut View { memory, registers: Some(registers) }, step)?;
        Ok(executed.touches)
    }
}

fn operands(instruction: Instruction) -> [u32; OPERANDS] {
    let Instruction { rd, rs1, rs2, .. } = instruction;
    let mut operands = [0; OPERANDS];
    operands[place::RD] = if rd == 0 { DISCARD_POINTER } else { u32::from(rd) };
    [operands[place::RS1], operands[place::RS2]] = [rs1, rs2].map(u32::from);
    operands
}

/// Memory as a replay has it, which does the writing; within a block, registers are apart.
struct View<'a, M> {
    memory: &'a M,
    registers: Option<&'a mut [u32; 32]>,
}

impl<M: replay::WordMemory> WordMemory for View<'_, M> {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        match (space, &self.registers) {
            (SPACE_REGISTERS, Some(registers)) => Some(registers.get(pointer as usize).copied().unwrap_or(0)),
            (SPACE_MEMORY, _) if pointer >= MEMORY_WORDS => None,
            _ => Some(self.memory.peek(space, pointer)),
        }
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        if let (SPACE_REGISTERS, Some(registers)) = (space, &mut self.registers)
            && let Some(register) = registers.get_mut(pointer as usize)
        {
            *register = value;
        }
    }
}
