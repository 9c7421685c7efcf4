//! The whole machine, in order.

use std::sync::Arc;

use engram_air::Circuit;
use engram_memory::{Layout, tables};
use engram_vm::{connector, rom};

use crate::{
    block::Block,
    chip::Chip,
    program::{Decoded, tables},
};

/// Position of the program ROM among a machine's circuits.
pub const ROM: usize = 0;
/// Position of the connector.
pub const CONNECTOR: usize = 1;
/// Position of the first memory circuit, the roots.
pub const MEMORY: usize = 2;
/// Position of the roots.
pub const ROOTS: usize = MEMORY + tables::ROOTS;
/// Position of the first fixed table.
pub const LOOKUPS: usize = MEMORY + tables::CIRCUITS;
/// Position of the first chip.
pub const FIRST_CHIP: usize = LOOKUPS + tables::LOOKUP_CIRCUITS;

/// The circuits of a machine with some chips and blocks.
#[derive(Clone, Debug)]
pub struct Machine {
    chips: Vec<Chip>,
    blocks: Vec<Block>,
    circuits: Vec<Arc<Circuit>>,
}

impl Machine {
    /// A machine with these chips of [`crate::chip::CHIPS`], in this order, and no blocks.
    pub fn new(chips: Vec<Chip>) -> Self {
        let circuits = chips.iter().map(|chip| chip.circuit()).collect();
        Self::of_circuits(chips, circuits, vec![])
    }

    /// The machine of a program, with blocks.
    pub fn of(program: &[Decoded], blocks: Vec<Block>) -> Self {
        let (chips, circuits) = tables(program).into_iter().unzip();
        Self::of_circuits(chips, circuits, blocks)
    }

    fn of_circuits(chips: Vec<Chip>, of_chips: Vec<Circuit>, blocks: Vec<Block>) -> Self {
        let mut circuits = vec![rom::circuit(), connector::circuit()];
        circuits.extend(tables::circuits(Layout::rv32im()));
        circuits.extend(tables::lookup_circuits());
        circuits.extend(of_chips);
        let mut circuits: Vec<Arc<Circuit>> = circuits.into_iter().map(Arc::new).collect();
        circuits.extend(blocks.iter().map(|block| block.circuit.clone()));
        Self { chips, blocks, circuits }
    }

    /// The chips, in order; the first is at [`FIRST_CHIP`].
    pub fn chips(&self) -> &[Chip] {
        &self.chips
    }

    /// The blocks, in order; the first comes after the last chip.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Position of the first block.
    pub fn first_block(&self) -> usize {
        FIRST_CHIP.saturating_add(self.chips.len())
    }

    /// All circuits.
    pub fn circuits(&self) -> &[Arc<Circuit>] {
        &self.circuits
    }
}
