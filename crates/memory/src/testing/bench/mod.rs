//! A bench for an extension: does its circuit accept what it should, and nothing else?
//!
//! [`ExtensionBench::check`] does for each case:
//!
//! 1. *It runs.* The instructions are executed, cells compared with the expected ones, and every row and bus of all tables checked.
//! 2. *Each witness cell matters.* Cell by cell, a row is altered and judged by its own constraints and ranges, while the rest of
//!    the machine stays as it was. A row that still holds is found in one of two ways: it says the same on all buses, so
//!    the column is free; or it takes the same from the buses and leaves something else, so the outcome is the prover's choice.
//! 3. *Operands may be aliases.* The case's first instruction is tried with equal operands. Where it is not refused, all of the above
//!    must hold, and of two accesses of one place the later may not take what the earlier one found.
//! 4. *Order is bound.* The times of neighbouring instructions are exchanged: once in their rows alone, and once with a memory whose
//!    history has them in the other order and agrees with everything but the list.
//!
//! Only one cell is altered at a time, to 18 other values. So a bench that finds nothing is no proof: what the constraints leave open to
//! several alterations at once is the author's to think of.

mod report;
mod rows;
#[cfg(test)]
mod tests;

use engram_air::{F, Trace};

pub use report::{BenchReport, FINDINGS_MAX, Finding};
use rows::RowAttacks;

use crate::{
    config::MemoryConfig,
    extension::{
        CustomInstruction, CustomInstructionProcessor, ExtensionError, ExtensionRegistry, FRAME_COLUMNS,
        MemoryExtension,
        tables::{EXTENSIONS, RunTables},
    },
    image::MemoryImage,
};

/// The id under which a bench registers its extension.
const BENCH_ID: u16 = 0;
/// Neighbouring instructions of a case whose order is attacked.
const PAIRS_MAX: usize = 3;

/// Cells that a case should leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedCells {
    /// Address space.
    pub space: u32,
    /// Number of the first cell in the space.
    pub cell: u32,
    /// The cells.
    pub cells: Vec<F>,
}

/// Instructions of the extension that should run.
#[derive(Clone, Debug)]
pub struct BenchCase {
    /// Name for the report.
    pub name: String,
    /// Memory before.
    pub image: MemoryImage,
    /// The operands rd, rs1, rs2 of each instruction, in order.
    pub operands: Vec<[u8; 3]>,
    /// Cells after the last instruction.
    pub expected: Vec<ExpectedCells>,
}

/// Tries an extension, and attacks it.
#[derive(Clone, Debug)]
pub struct ExtensionBench {
    registry: ExtensionRegistry,
    free: Vec<String>,
}

impl ExtensionBench {
    /// A bench for this extension alone, on a memory of this configuration. Errors: as [`ExtensionRegistry::register`].
    pub fn new(config: &MemoryConfig, extension: impl MemoryExtension) -> Result<Self, ExtensionError> {
        let mut registry = ExtensionRegistry::new(config);
        registry.register(BENCH_ID, extension)?;
        Ok(Self { registry, free: vec![] })
    }

    /// With a column that may be free: whoever says so has a reason, such as an inverse that does not matter where there is none. It
    /// is a finding if it is not free after all.
    pub fn with_free_column(mut self, column: &str) -> Self {
        self.free.push(column.into());
        self
    }

    /// Run the cases and attack them.
    pub fn check(&self, cases: &[BenchCase]) -> BenchReport {
        let mut report = BenchReport::default();
        let mut free = vec![];
        for case in cases {
            self.check_case(case, &mut report, &mut free);
        }
        for (column, finding) in free.iter() {
            if !self.free.contains(column) {
                report.add(finding.clone());
            }
        }
        for column in self.free.iter().filter(|column| !free.iter().any(|(found, _)| found == *column)) {
            report.add(Finding::NotFree { column: column.clone() });
        }
        if report.alterations == 0 {
            report.add(Finding::NothingAltered);
        }
        if report.exchanges == 0 {
            report.add(Finding::NothingExchanged);
        }
        report
    }

    fn check_case(&self, case: &BenchCase, report: &mut BenchReport, free: &mut Vec<(String, Finding)>) {
        let instructions: Result<Vec<CustomInstruction>, _> =
            case.operands.iter().map(|&[rd, rs1, rs2]| CustomInstruction::new(BENCH_ID, rd, rs1, rs2)).collect();
        let run = instructions.map_err(ExtensionError::from).and_then(|list| Ok((self.run(case, &list)?, list)));
        let (processor, instructions) = match run {
            Ok(run) => run,
            Err(error) => return report.add(Finding::Refused { case: case.name.clone(), error }),
        };
        for expected in &case.expected {
            for (cell, &value) in (expected.cell..).zip(&expected.cells) {
                let found = processor.memory().image().cell(expected.space, cell);
                if found != value {
                    let (case, space, expected) = (case.name.clone(), expected.space, value);
                    report.add(Finding::Wrong { case, space, cell, expected, found });
                }
            }
        }
        if self.attack_rows(&case.name, &processor, report, free) {
            self.attack_order(case, &processor, &instructions, report);
        }
        let Some(&first) = case.operands.first() else { return };
        for [rd, rs1, rs2] in aliases(first) {
            let name = format!("{} with operands {rd}, {rs1}, {rs2}", case.name);
            let alias = CustomInstruction::new(BENCH_ID, rd, rs1, rs2).map_err(ExtensionError::from);
            match alias.and_then(|alias| self.run(case, &[alias])) {
                Err(_) => report.aliases_refused += 1,
                Ok(processor) => {
                    report.aliases += 1;
                    self.attack_rows(&name, &processor, report, free);
                }
            }
        }
    }

    fn run(&self, case: &BenchCase, list: &[CustomInstruction]) -> Result<CustomInstructionProcessor, ExtensionError> {
        let image = case.image.clone();
        let processor = CustomInstructionProcessor::with_image(self.registry.clone(), image);
        let refused = |error| ExtensionError::Memory { extension: "the case's memory".into(), error };
        let mut processor = processor.map_err(refused)?;
        processor.execute_all(list)?;
        Ok(processor)
    }

    /// Check the tables of a run and alter the rows. Whether the tables hold.
    fn attack_rows(
        &self,
        case: &str,
        processor: &CustomInstructionProcessor,
        report: &mut BenchReport,
        free: &mut Vec<(String, Finding)>,
    ) -> bool {
        report.runs += 1;
        if let Err(error) = processor.check() {
            report.add(Finding::Refused { case: case.into(), error });
            return false;
        }
        let tables = match self.tables(processor, processor.instructions()) {
            Ok(tables) => tables,
            Err(error) => {
                report.add(Finding::Refused { case: case.into(), error });
                return false;
            }
        };
        let Some(trace) = &tables.witnesses[EXTENSIONS].trace else { return true };
        let attacks = RowAttacks::new(&tables.circuits[EXTENSIONS], case);
        for row in 0..processor.instructions().len() {
            let found = attacks.alter(row, trace.row(row));
            report.rows += 1;
            report.alterations += found.alterations;
            report.stale_accesses += found.stale_accesses;
            found.undetermined.into_iter().for_each(|finding| report.add(finding));
            for (column, finding) in found.free {
                if !free.iter().any(|(known, _)| *known == column) {
                    free.push((column, finding));
                }
            }
        }
        true
    }

    fn attack_order(
        &self,
        case: &BenchCase,
        processor: &CustomInstructionProcessor,
        list: &[CustomInstruction],
        report: &mut BenchReport,
    ) {
        for first in 0..list.len().saturating_sub(1).min(PAIRS_MAX) {
            let accepted = || Finding::OrderAccepted { case: case.name.clone(), first, second: first + 1 };
            if let Ok(mut tables) = self.tables(processor, list.iter().copied()) {
                let time = FRAME_COLUMNS.iter().position(|column| *column == "time");
                let table = tables.witnesses[EXTENSIONS].trace.as_mut();
                if let (Some(time), Some(table)) = (time, table) {
                    exchange(table, time, first);
                    report.exchanges += 1;
                    if tables.check().is_ok() {
                        report.add(accepted());
                    }
                }
            }
            // A history in the other order. Where that is refused, or is the same, nobody could claim it.
            let mut other = list.to_vec();
            other.swap(first, first + 1);
            let Ok(told) = self.run(case, &other) else { continue };
            if other == list {
                continue;
            }
            let mut executed = told.executed().to_vec();
            executed[first].step += 1;
            executed[first + 1].step -= 1;
            let tables = RunTables::new(&self.registry, told.memory(), &executed, list.iter().copied());
            if let Ok(tables) = tables {
                report.exchanges += 1;
                if tables.check().is_ok() {
                    report.add(accepted());
                }
            }
        }
    }

    fn tables(
        &self,
        processor: &CustomInstructionProcessor,
        list: impl ExactSizeIterator<Item = CustomInstruction>,
    ) -> Result<RunTables, ExtensionError> {
        RunTables::new(&self.registry, processor.memory(), processor.executed(), list)
    }
}

/// Exchange a column's cells in a row and the next.
fn exchange(trace: &mut Trace, column: usize, row: usize) {
    let (first, second) = (trace.row(row)[column], trace.row(row + 1)[column]);
    trace.row_mut(row)[column] = second;
    trace.row_mut(row + 1)[column] = first;
}

/// The instruction's operands with some of them equal.
fn aliases([rd, rs1, rs2]: [u8; 3]) -> Vec<[u8; 3]> {
    let mut aliases = vec![];
    for alias in [[rs1, rs1, rs2], [rs2, rs1, rs2], [rd, rs1, rs1], [rs1; 3], [rs2; 3]] {
        if alias != [rd, rs1, rs2] && !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    aliases
}
