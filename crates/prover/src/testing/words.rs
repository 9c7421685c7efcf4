//! Words of memory for a row that executes.

use std::collections::HashMap;

use engram_vm::row::WordMemory;

/// Words by address space and pointer; zero where none was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub HashMap<[u32; 2], u32>);

impl WordMemory for Words {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        Some(self.0.get(&[space, pointer]).copied().unwrap_or(0))
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        self.0.insert([space, pointer], value);
    }
}
