//! Predicting what a segment costs while it is being executed, to know where to cut.

use engram_air::price::Size;
use engram_memory::tables;
use engram_rv32im_air::{
    circuits::{CONNECTOR, FIRST_CHIP, LOOKUPS, MEMORY, Machine, ROM},
    program::MachineProgram,
    replay::Replay,
};
use engram_stark::parameters::Parameters;

/// Rows of the fixed tables: ranges in blocks of 16, narrow ranges, bytes.
const FIXED_ROWS: [usize; 3] = [1 << 14, 1, 1 << 12];

/// Rows of every circuit for what was replayed of the open segment. Those of the Merkle tree are predicted, above what they
/// will be rather than below; all others are counted.
pub fn rows(machine: &Machine, program: &MachineProgram, replay: &Replay<'_>) -> Vec<usize> {
    let mut rows = vec![0; machine.circuits().len()];
    rows[ROM] = program.entries().len();
    rows[CONNECTOR] = 1;
    let leaves = replay.memory().touched_leaves();
    // Touched leaves lie together more often than not: a node for each, and the paths of as many groups of 64.
    let nodes = leaves + leaves.div_ceil(64) * 21 + 2 * 27;
    let memory = tables::row_counts(nodes, leaves, 2 * (leaves + nodes), replay.memory().refreshes());
    rows[MEMORY..LOOKUPS].copy_from_slice(&memory);
    rows[LOOKUPS..FIRST_CHIP].copy_from_slice(&FIXED_ROWS);
    if let Some(replayed) = replay.rows() {
        for (count, chip) in rows[FIRST_CHIP..].iter_mut().zip(machine.chips()) {
            *count = replayed.chips[chip.number()].len();
        }
        for (count, block) in rows[machine.first_block()..].iter_mut().zip(&replayed.blocks) {
            *count = block.len();
        }
    }
    rows
}

/// Bytes that the process uses to prove a segment of this size, predicted. Measured to hold within 10 % on segments from
/// 2^20 to 2^26 slots: the most is used while committing, where there are few messages for many cells, or while summing fractions.
pub fn proving_bytes(parameters: Parameters, size: Size, steps: u64) -> u64 {
    let height = 1u64 << parameters.log_stacked_height();
    let committing = COMMITTING_CELL_BYTES * size.cells;
    let summing = CELL_BYTES * size.cells + SLOT_BYTES * size.slots();
    BASE_BYTES + committing.max(summing) + ROW_BYTES * height + STEP_BYTES * steps
}

/// The process with its keys, programs and images, before any segment.
const BASE_BYTES: u64 = 100 << 20;

/// A cell while it is committed to: in its table, in the committed matrix, and twice in that matrix' code of rate 1/2.
const COMMITTING_CELL_BYTES: u64 = 34;

/// A committed cell: in its table, in the committed matrix and in that matrix' code.
const CELL_BYTES: u64 = 16;

/// A slot: a fraction, and the layers above it.
const SLOT_BYTES: u64 = 36;

/// A row of the committed matrix: its hash tree.
const ROW_BYTES: u64 = 40;

/// An executed instruction: its place in the log.
const STEP_BYTES: u64 = 8;

/// The cheapest parameter set under which no table is too high.
pub fn cheapest_parameters(rows: &[usize]) -> Option<Parameters> {
    let highest = rows.iter().copied().max().unwrap_or(1).next_power_of_two();
    Parameters::ALL.into_iter().find(|parameters| highest <= 1 << parameters.log_stacked_height())
}
