//! Predicting what a segment costs while it is being executed, to know where to cut.

use engram_air::{parameters::Parameters, price::Size};
use engram_machine::{
    chip::{CHIPS, Chip},
    circuits::{CONNECTOR, FIRST_CHIP, LOOKUPS, MEMORY, Machine, ROM},
    program::MachineProgram,
    tile::{Cover, Tile, Tiler},
};
use engram_memory::tables;
use engram_rv32im::ExecutionLog;

/// Rows of the fixed tables: ranges in blocks of 16, narrow ranges, bytes.
const FIXED_ROWS: [usize; 3] = [1 << 14, 1, 1 << 12];

/// Leaves of registers and of the output's length that any segment may touch.
const LEAVES_BESIDE_MEMORY: usize = 6;

/// Counts rows as the log grows.
#[derive(Debug)]
pub struct Meter<'a> {
    program: &'a MachineProgram,
    machine: &'a Machine,
    tiler: &'a Tiler<'a>,
    cover: Cover,
    /// By the chip's number.
    rows: [usize; CHIPS.len()],
    /// By the block's number.
    block_rows: Vec<usize>,
    output_bytes_start: usize,
}

impl<'a> Meter<'a> {
    /// At the start of a segment, when the run has written `output_bytes`.
    pub fn new(program: &'a MachineProgram, machine: &'a Machine, tiler: &'a Tiler<'a>, output_bytes: usize) -> Self {
        Self {
            program,
            machine,
            tiler,
            cover: Cover::default(),
            rows: [0; CHIPS.len()],
            block_rows: vec![0; machine.blocks().len()],
            output_bytes_start: output_bytes,
        }
    }

    /// Cover and count the steps that the log gained since the last call; all of them at the end.
    pub fn advance(&mut self, log: &ExecutionLog, is_end: bool) {
        let Self { program, rows, block_rows, .. } = self;
        self.tiler.advance(log, &mut self.cover, is_end, |first, tile| match tile {
            Tile::Block(number) => block_rows[usize::from(number)] += 1,
            Tile::Single => {
                if let Some(chip) = program.decoded()[first as usize].chip {
                    rows[chip.number()] += 1;
                }
            }
        });
    }

    /// The cover of the log.
    pub fn into_tiles(self) -> Vec<Tile> {
        self.cover.tiles
    }

    /// Rows of every circuit, predicted; above what they will be rather than below.
    pub fn rows(&self, log: &ExecutionLog, output_bytes: usize) -> Vec<usize> {
        let leaves = log.touched_leaves() as usize + LEAVES_BESIDE_MEMORY;
        let calls = self.rows[Chip::ReadCall.number()];
        let (input, output) = (log.input.len(), output_bytes - self.output_bytes_start);
        let output_leaves = output.div_ceil(32);
        let leaves = leaves + output_leaves;
        // Touched leaves lie together more often than not: a node for each, and the paths of as many groups of 64.
        let nodes = leaves + leaves.div_ceil(64) * 21 + 2 * 27;
        // A long transfer lets the clock run on while what is touched besides stays untouched.
        let accesses = 3 * log.steps.len() + 2 * log.moved_bytes() as usize;
        let refreshes = leaves + (32 + 2 * leaves.min(64)) * (accesses >> 17);
        let mut rows = vec![0; self.machine.circuits().len()];
        rows[ROM] = self.program.entries().len();
        rows[CONNECTOR] = 1;
        let memory = tables::row_counts(nodes, leaves, 2 * (leaves + nodes), refreshes);
        rows[MEMORY..LOOKUPS].copy_from_slice(&memory);
        rows[LOOKUPS..FIRST_CHIP].copy_from_slice(&FIXED_ROWS);
        for (position, &chip) in self.machine.chips().iter().enumerate() {
            rows[FIRST_CHIP + position] = match chip {
                Chip::ReadWord => input / 4,
                Chip::ReadByte => 6 * log.reads.len(),
                Chip::WriteWord => output / 4,
                Chip::WriteByte => self.byte_writes(log),
                _ if chip.number() > Chip::ReadCall.number() => calls,
                _ => self.rows[chip.number()],
            };
        }
        rows[self.machine.first_block()..].copy_from_slice(&self.block_rows);
        rows
    }

    /// Bytes that are written one by one: the ends of a buffer, or all of it where it and the output are not aligned alike.
    fn byte_writes(&self, log: &ExecutionLog) -> usize {
        let mut output = self.output_bytes_start;
        let bytes = log.writes.iter().map(|&(buffer, length)| {
            let alike = output % 4 == buffer as usize % 4;
            output += length as usize;
            if alike { length.min(6) as usize } else { length as usize }
        });
        bytes.sum()
    }

    /// Padded totals of these rows.
    pub fn size_of(&self, rows: &[usize]) -> Size {
        self.machine.size(rows.iter().copied())
    }
}

/// Bytes that the process uses to prove a segment of this size, predicted. Measured to hold within 10 % on segments from
/// 2^21 to 2^25 slots: the sumcheck over fractions takes most.
pub fn proving_bytes(parameters: Parameters, size: Size, steps: usize) -> u64 {
    let height = 1u64 << parameters.log_stacked_height();
    BASE_BYTES + CELL_BYTES * size.cells + SLOT_BYTES * size.slots() + ROW_BYTES * height + STEP_BYTES * steps as u64
}

/// The process with its keys, programs and images, before any segment.
const BASE_BYTES: u64 = 150 << 20;

/// A committed cell: in its table, in the committed matrix and in that matrix' code of rate 1/2.
const CELL_BYTES: u64 = 24;

/// A slot: fractions over the extension field, and the layers above them.
const SLOT_BYTES: u64 = 150;

/// A row of the committed matrix: its hash tree.
const ROW_BYTES: u64 = 40;

/// An executed instruction: its place in the log and its record.
const STEP_BYTES: u64 = 48;

/// The cheapest parameter set under which no table is too high.
pub fn cheapest_parameters(rows: &[usize]) -> Option<Parameters> {
    let highest = rows.iter().copied().max().unwrap_or(1).next_power_of_two();
    Parameters::ALL.into_iter().find(|parameters| highest <= 1 << parameters.log_stacked_height())
}
