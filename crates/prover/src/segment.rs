//! A segment's tables, filled.

use engram_air::{Trace, vector::LANES};
use engram_memory::{lookups::Lookups, segment::SegmentMemory};
use engram_rv32im_air::{
    block::Block,
    chip::Chip,
    circuits::{FIRST_CHIP, Machine},
    program::MachineProgram,
};
use engram_stark::engine::{Committed, Witness};
use engram_vm::{
    connector, rom,
    row::{Inverses, RowRecord, RowWriter, Step},
};
use rayon::prelude::*;

use crate::replay::{Rows, TableRows};

/// Rows that one task fills.
const TASK_ROWS: usize = 256;

/// The witnesses of all circuits of a machine, in order. Tables without rows are left out.
///
/// Fixed tables come last, when all others have counted their lookups.
pub fn witnesses(
    machine: &Machine,
    program: &MachineProgram,
    rows: &Rows,
    memory: &SegmentMemory,
    committed: &Committed,
) -> Vec<Witness> {
    let lookups = Lookups::default();
    let rom =
        Witness { trace: Some(rom::trace(&rows.executions)), publics: vec![], committed: Some(committed.clone()) };
    let connector = Witness {
        trace: Some(connector::trace(rows.last_time, &lookups.range)),
        publics: rows.ends.publics(),
        committed: None,
    };
    let memory = memory.witnesses(&lookups.range);
    let chips: Vec<Witness> = machine
        .chips()
        .iter()
        .enumerate()
        .map(|(position, &chip)| {
            let width = machine.circuits()[FIRST_CHIP + position].width();
            let trace = chip_trace(program, chip, width, rows, &lookups);
            Witness { trace, ..Default::default() }
        })
        .collect();
    let blocks: Vec<Witness> = machine
        .blocks()
        .iter()
        .zip(&rows.blocks)
        .map(|(block, rows)| Witness { trace: block_trace(block, rows, &lookups), ..Default::default() })
        .collect();
    let mut witnesses = vec![rom, connector];
    witnesses.extend(memory);
    witnesses.extend(lookups.witnesses());
    witnesses.extend(chips);
    witnesses.extend(blocks);
    witnesses
}

fn chip_trace(program: &MachineProgram, chip: Chip, width: usize, rows: &Rows, lookups: &Lookups) -> Option<Trace> {
    let rows = &rows.chips[chip.number()];
    let step = |row: usize| {
        let instruction = &program.decoded()[rows.instructions[row] as usize];
        let entry = match chip {
            Chip::BreakCall => instruction.break_entry,
            _ => rows.instructions[row],
        };
        let [_, _, operands @ ..] = program.entries()[entry as usize];
        Step { pc: instruction.pc, timestamp: rows.timestamps[row], operands }
    };
    let extension = program.extensions().iter().find(|extension| Chip::Custom(extension.id()) == chip);
    match extension {
        Some(extension) => fill(width, rows, lookups, step, |row| extension.eval(row)),
        None => fill(width, rows, lookups, step, |row| chip.eval(row)),
    }
}

fn block_trace(block: &Block, rows: &TableRows, lookups: &Lookups) -> Option<Trace> {
    let step = |row: usize| Step { timestamp: rows.timestamps[row], ..Step::default() };
    fill(block.circuit.width(), rows, lookups, step, |row| block.fill(row))
}

/// A table's rows, in parallel; nothing where there are none.
fn fill(
    width: usize,
    rows: &TableRows,
    lookups: &Lookups,
    step: impl Fn(usize) -> Step + Sync,
    eval: impl Fn(&mut RowWriter) + Sync,
) -> Option<Trace> {
    if rows.is_empty() {
        return None;
    }
    let mut trace = Trace::zeros(width, rows.len());
    let tasks = trace.values_mut().par_chunks_mut(TASK_ROWS * width).enumerate();
    tasks.for_each(|(task, cells)| {
        let mut inverses = Inverses::default();
        let first = task * TASK_ROWS;
        let end = rows.len().min(first + TASK_ROWS);
        for start in (first..end).step_by(LANES) {
            let record =
                |row| RowRecord { step: step(row), accesses: rows.accesses_of(row), hints: rows.hints_of(row) };
            let records: Vec<RowRecord> = (start..end.min(start + LANES)).map(record).collect();
            eval(&mut RowWriter::new((cells, width), start - first, &records, &mut inverses, lookups));
        }
        inverses.fill(cells);
    });
    Some(trace)
}
