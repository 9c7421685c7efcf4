//! A segment's tables, filled.

use engram_air::{
    F, Trace,
    engine::{Committed, Witness},
};
use engram_memory::{lookups::Lookups, offline::Access, segment::SegmentMemory};
use engram_vm::{
    connector, rom,
    row::{Inverses, RowWriter, Step},
};
use rayon::prelude::*;

use crate::{
    block::Block,
    chip::Chip,
    circuits::{FIRST_CHIP, Machine},
    program::MachineProgram,
    replay::{BlockRows, HintedRecord, PlainRecord, Rows},
};

/// Rows that one task fills.
const TASK_ROWS: usize = 256;

impl Machine {
    /// The witnesses of all circuits, in order. Tables without rows are left out.
    ///
    /// Fixed tables come last, when all others have counted their lookups.
    pub fn witnesses(
        &self,
        program: &MachineProgram,
        rows: &Rows,
        memory: &SegmentMemory,
        committed: &Committed,
    ) -> Vec<Witness> {
        let lookups = Lookups::default();
        let rom =
            Witness { trace: Some(rom::trace(&rows.executions)), publics: vec![], committed: Some(committed.clone()) };
        let connector = Witness {
            trace: Some(connector::trace(rows.last_time, &lookups)),
            publics: rows.ends.publics(),
            committed: None,
        };
        let memory = memory.witnesses(&lookups);
        let chips: Vec<Witness> = self
            .chips()
            .iter()
            .enumerate()
            .map(|(position, &chip)| {
                let width = self.circuits()[FIRST_CHIP + position].width();
                let trace = chip_trace(program, chip, width, rows, &lookups);
                Witness { trace, ..Default::default() }
            })
            .collect();
        let blocks: Vec<Witness> = self
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
}

fn chip_trace(program: &MachineProgram, chip: Chip, width: usize, rows: &Rows, lookups: &Lookups) -> Option<Trace> {
    let (plain, hinted) = (&rows.plain[chip.number()], &rows.hinted[chip.number()]);
    if !plain.is_empty() {
        Some(fill(width, plain, |row, record| plain_row(program, chip, row, record, lookups)))
    } else if !hinted.is_empty() {
        Some(fill(width, hinted, |row, record| hinted_row(program, chip, row, record, lookups)))
    } else {
        None
    }
}

fn block_trace(block: &Block, rows: &BlockRows, lookups: &Lookups) -> Option<Trace> {
    if rows.times.is_empty() {
        return None;
    }
    let records: Vec<(u32, &[Access])> =
        rows.times.iter().copied().zip(rows.accesses.chunks_exact(block.accesses().max(1))).collect();
    Some(fill(block.circuit.width(), &records, |(cells, inverses), &(time, accesses)| {
        let step = Step { time, ..Step::default() };
        block.fill(&mut RowWriter::new(cells, inverses, step, accesses, &[], lookups));
    }))
}

/// A row that is being filled: its cells, and where inverses are wanted in it and those before.
type Row<'a> = (&'a mut [F], &'a mut Inverses);

/// One row a record, in parallel.
fn fill<R: Sync>(width: usize, records: &[R], row: impl Fn(Row, &R) + Sync) -> Trace {
    let mut trace = Trace::zeros(width, records.len());
    let tasks = trace.values_mut().par_chunks_mut(TASK_ROWS * width).zip(records.par_chunks(TASK_ROWS));
    tasks.for_each(|(cells, records)| {
        let mut inverses = Inverses::default();
        for (cells, record) in cells.chunks_exact_mut(width).zip(records) {
            row((cells, &mut inverses), record);
            inverses.end_row(width);
        }
        inverses.fill(cells);
    });
    trace
}

fn step(program: &MachineProgram, instruction: u32, entry: u32, time: u32) -> Step {
    let [_, _, operands @ ..] = program.entries()[entry as usize];
    Step { pc: program.decoded()[instruction as usize].pc, time, operands }
}

fn plain_row(program: &MachineProgram, chip: Chip, row: Row, record: &PlainRecord, lookups: &Lookups) {
    let (cells, inverses) = row;
    let step = step(program, record.instruction, record.instruction, record.time);
    chip.eval(&mut RowWriter::new(cells, inverses, step, &record.accesses, &[], lookups));
}

fn hinted_row(program: &MachineProgram, chip: Chip, row: Row, record: &HintedRecord, lookups: &Lookups) {
    let (cells, inverses) = row;
    let entry = match chip {
        Chip::BreakCall => program.decoded()[record.instruction as usize].break_entry,
        _ => record.instruction,
    };
    let step = step(program, record.instruction, entry, record.time);
    chip.eval(&mut RowWriter::new(cells, inverses, step, &record.accesses, &record.hints, lookups));
}
