//! A segment's tables, filled.

use engram_air::{Trace, vector::LANES};
use engram_memory::{lookups::Lookups, offline::Access, segment::SegmentMemory};
use engram_stark::engine::{Committed, Witness};
use engram_vm::{
    connector, rom,
    row::{Inverses, RowRecord, RowWriter, Step},
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
        let memory = memory.witnesses(&lookups.range);
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
    let eval = |rows: &mut RowWriter| chip.eval(rows);
    if !plain.is_empty() {
        Some(fill(width, plain, lookups, |record| plain_row(program, record), eval))
    } else if !hinted.is_empty() {
        Some(fill(width, hinted, lookups, |record| hinted_row(program, chip, record), eval))
    } else {
        None
    }
}

fn block_trace(block: &Block, rows: &BlockRows, lookups: &Lookups) -> Option<Trace> {
    if rows.times.is_empty() {
        return None;
    }
    let accesses = rows.accesses.chunks_exact(block.accesses().max(1));
    let records: Vec<(u32, &[Access])> = rows.times.iter().copied().zip(accesses).collect();
    let width = block.circuit.width();
    Some(fill(width, &records, lookups, |&(time, accesses)| block_row(time, accesses), |rows| block.fill(rows)))
}

/// One row a record, in parallel.
fn fill<'a, R: Sync>(
    width: usize,
    records: &'a [R],
    lookups: &Lookups,
    record: impl Fn(&'a R) -> RowRecord<'a> + Sync,
    eval: impl Fn(&mut RowWriter) + Sync,
) -> Trace {
    let mut trace = Trace::zeros(width, records.len());
    let tasks = trace.values_mut().par_chunks_mut(TASK_ROWS * width).zip(records.par_chunks(TASK_ROWS));
    tasks.for_each(|(cells, records)| {
        let mut inverses = Inverses::default();
        for (index, records) in records.chunks(LANES).enumerate() {
            let records: Vec<RowRecord> = records.iter().map(&record).collect();
            eval(&mut RowWriter::new((cells, width), index * LANES, &records, &mut inverses, lookups));
        }
        inverses.fill(cells);
    });
    trace
}

fn block_row(time: u32, accesses: &[Access]) -> RowRecord<'_> {
    RowRecord { step: Step { time, ..Step::default() }, accesses, hints: &[] }
}

fn step(program: &MachineProgram, instruction: u32, entry: u32, time: u32) -> Step {
    let [_, _, operands @ ..] = program.entries()[entry as usize];
    Step { pc: program.decoded()[instruction as usize].pc, time, operands }
}

fn plain_row<'a>(program: &MachineProgram, record: &'a PlainRecord) -> RowRecord<'a> {
    let step = step(program, record.instruction, record.instruction, record.time);
    RowRecord { step, accesses: &record.accesses, hints: &[] }
}

fn hinted_row<'a>(program: &MachineProgram, chip: Chip, record: &'a HintedRecord) -> RowRecord<'a> {
    let entry = match chip {
        Chip::BreakCall => program.decoded()[record.instruction as usize].break_entry,
        _ => record.instruction,
    };
    let step = step(program, record.instruction, entry, record.time);
    RowRecord { step, accesses: &record.accesses, hints: &record.hints }
}
