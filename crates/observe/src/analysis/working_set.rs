//! How many blocks are in use over time (P. J. Denning, "The working set model for program behavior", 1968), in windows that do
//! not overlap.

use std::{collections::HashMap, num::NonZeroU32};

use serde::Serialize;

use crate::geometry::BlockAddress;

/// A stretch of accesses to normal spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Number of its first access among all of the log.
    pub first_record: u32,
    /// Time of its first access.
    pub first_timestamp: u32,
    /// Time of its last access.
    pub last_timestamp: u32,
    /// Accesses in it: as many as the options say, but for the last window.
    pub accesses: u32,
    /// Blocks that they touch.
    pub blocks: u64,
    /// Cells of these blocks.
    pub cells: u64,
}

/// Counts blocks of windows.
#[derive(Clone, Debug)]
pub(super) struct WindowCounter {
    window_accesses: u32,
    windows: Vec<Window>,
    /// By block: how many windows there were when it was last touched.
    seen: HashMap<BlockAddress, usize>,
}

impl WindowCounter {
    pub(super) fn new(window_accesses: NonZeroU32) -> Self {
        Self { window_accesses: window_accesses.get(), windows: vec![], seen: HashMap::new() }
    }

    /// An access; then come the blocks that it touches.
    pub(super) fn access(&mut self, record: u32, timestamp: u32) {
        match self.windows.last_mut() {
            Some(window) if window.accesses < self.window_accesses => {
                window.accesses += 1;
                window.last_timestamp = timestamp;
            }
            _ => self.windows.push(Window {
                first_record: record,
                first_timestamp: timestamp,
                last_timestamp: timestamp,
                accesses: 1,
                blocks: 0,
                cells: 0,
            }),
        }
    }

    pub(super) fn touch(&mut self, address: BlockAddress, block_cells: u64) {
        let now = self.windows.len();
        if self.seen.insert(address, now) != Some(now)
            && let Some(window) = self.windows.last_mut()
        {
            window.blocks += 1;
            window.cells += block_cells;
        }
    }

    pub(super) fn finish(self) -> Vec<Window> {
        self.windows
    }
}
