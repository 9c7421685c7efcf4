//! A [`MemoryController`] as a replay accesses it.

use super::RunError;
use crate::replay::{ReplayError, ReplayMemory};
use engram_memory::{Access, MemoryController, MemoryError, SPACE_REGISTERS};

/// A register as it is now.
pub(super) fn register_of(memory: &MemoryController, register: u8) -> u32 {
    memory.memory().image().word(SPACE_REGISTERS, register.into())
}

/// Whether memory's log has room for so many accesses.
pub(super) fn check_room(memory: &MemoryController, accesses: usize) -> Result<(), MemoryError> {
    let capacity = memory.memory().config().access_capacity();
    if memory.memory().accesses() + accesses > capacity {
        return Err(MemoryError::CapacityReached { capacity });
    }
    Ok(())
}

/// A controller as a replay accesses it. It has a clock of its own, which goes on from stretch to stretch.
pub(super) struct Controlled<'m> {
    memory: &'m mut MemoryController,
    /// The first access that memory refused, if any.
    refused: Option<MemoryError>,
}

impl<'m> Controlled<'m> {
    pub(super) fn new(memory: &'m mut MemoryController) -> Self {
        Self { memory, refused: None }
    }

    /// What a replay answered, unless memory refused one of its accesses.
    pub(super) fn answer<T>(&mut self, replayed: Result<T, ReplayError>) -> Result<T, RunError> {
        match self.refused.take() {
            Some(error) => Err(error.into()),
            None => Ok(replayed?),
        }
    }

    fn made(&mut self, access: Result<u32, MemoryError>) -> Access {
        let previous = access.unwrap_or_else(|error| {
            self.refused.get_or_insert(error);
            0
        });
        Access { previous, gap: 0 }
    }
}

impl ReplayMemory for Controlled<'_> {
    fn read_word(&mut self, space: u32, pointer: u32, _: u32) -> Access {
        let access = self.memory.read_word(space, pointer).map(|(_, word)| word);
        self.made(access)
    }

    fn write_word(&mut self, space: u32, pointer: u32, _: u32, value: u32) -> Access {
        let access = self.memory.write_word(space, pointer, value).map(|(_, word)| word);
        self.made(access)
    }

    fn peek(&self, space: u32, pointer: u32) -> u32 {
        self.memory.memory().image().word(space, pointer)
    }
}
