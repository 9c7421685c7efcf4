//! Custom instructions, replayed: their rows executed on values beside a memory, which the replay then accesses as they say.

use engram_memory::{
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    offline::{Access, OfflineMemory},
};
use engram_rv32im::Instruction;
use engram_rv32im_air::custom::{Custom, operands};
use engram_vm::row::{MemoryEvent, RefusedRow, Step, Touch, WordMemory};

use super::ReplayMemory;

/// Words of memory; pointers are below.
const MEMORY_WORDS: u32 = 1 << 30;

/// Replay an instruction that stands alone. Each of its accesses is at the next timestamp, the first at the step's. Returns the
/// timestamp after them.
///
/// # Errors
/// No row has this execution. Then nothing changes.
pub(crate) fn replay_custom<M: ReplayMemory>(
    custom: &Custom,
    memory: &mut M,
    accesses: &mut Vec<Access>,
    step: Step,
) -> Result<u32, RefusedRow> {
    let executed = custom.execute(&mut View { memory: &*memory, registers: None }, step)?;
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
pub(super) fn execute_in_block(
    custom: &Custom,
    memory: &OfflineMemory,
    registers: &mut [u32; 32],
    instruction: Instruction,
) -> Result<Vec<Touch>, RefusedRow> {
    let step = Step { operands: operands(instruction), ..Step::default() };
    let executed = custom.execute(&mut View { memory, registers: Some(registers) }, step)?;
    Ok(executed.touches)
}

/// Memory as a replay has it, which does the writing; within a block, registers are apart.
struct View<'a, M> {
    memory: &'a M,
    registers: Option<&'a mut [u32; 32]>,
}

impl<M: ReplayMemory> WordMemory for View<'_, M> {
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
