//! A bench for an extension: does its circuit accept what it should, and nothing else?
//!
//! [`ExtensionBench::check`] does for each case:
//!
//! 1. *It runs.* A program sets registers and executes the instructions. Registers and words are compared with the expected ones, and
//!    every row and bus of all tables is checked, with the instructions alone and in a block.
//! 2. *Each cell of the witness matters.* Cell by cell, a row is altered, and an attacker repairs what it can of the rest of the row
//!    ([`Attacker::forge`]), of the same instruction on the same registers and words. A row that holds after that says the
//!    same to the rest of the machine, so the columns are free; or it leaves something else, so the outcome is the prover's choice.
//! 3. *Operands may be aliases.* The case's first instruction is tried with equal registers. Where it is not refused, all of the above
//!    must hold.
//!
//! The attacker changes few cells and tries few values. So a bench that finds nothing is no proof: what the constraints leave open to
//! others is the author's to think of.

mod report;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engram_air::{Circuit, F};
use engram_rv32im::{Emulator, Outcome, Program, system_calls::SYS_EXIT, testing::ElfSegment};
use engram_rv32im_air::registry::{ExtensionRegistry, RegisterError};
use engram_stark::engine::check_witnesses;
use engram_vm::extension::MemoryExtension;
use rayon::prelude::*;

pub use self::report::{BenchReport, FINDINGS_MAX, Finding};
use super::{
    Assembler, Attacker, Effort, RowChecks, Run, Segment,
    attacker::{Forgery, lies},
    row::alone,
};

/// The id under which a bench registers its extension.
const BENCH_ID: u16 = 1000;
/// What an attack on one value of a cell may do.
const EFFORT: Effort = Effort { changes: 5, rows: 60 };
const PAGE_BYTES: u32 = 4096;

/// Registers, and words of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BenchState {
    /// Registers, from 1 to 31, and what they hold.
    pub registers: Vec<(u8, u32)>,
    /// Addresses, which are multiples of 4, and the words there.
    pub words: Vec<(u32, u32)>,
}

/// Instructions of the extension that should run.
#[derive(Clone, Debug)]
pub struct BenchCase {
    /// Name for the report.
    pub name: String,
    /// What registers and memory hold before; zero where nothing is said. The pages of its words can be read and written.
    pub before: BenchState,
    /// The registers rd, rs1, rs2 of each instruction, in order.
    pub operands: Vec<[u8; 3]>,
    /// What registers and memory hold after the last instruction, as far as it is said.
    pub after: BenchState,
}

/// Tries an extension, and attacks it.
#[derive(Clone, Debug)]
pub struct ExtensionBench {
    registry: ExtensionRegistry,
    table: String,
    free: Vec<String>,
}

/// A row that no check refuses though it was altered, with what the first altered cell was and became.
struct Accepted {
    column: usize,
    honest: F,
    forgery: Forgery,
    says_the_same: bool,
}

impl ExtensionBench {
    /// A bench for this extension.
    ///
    /// # Errors
    /// It cannot be registered.
    pub fn new(extension: impl MemoryExtension) -> Result<Self, RegisterError> {
        let table = format!("custom0 {}", extension.name());
        let registry = ExtensionRegistry::empty().with(BENCH_ID, extension)?;
        Ok(Self { registry, table, free: vec![] })
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
        let mut found_free = BTreeSet::new();
        for case in cases {
            self.check_case(case, &mut report, &mut found_free);
        }
        for column in self.free.iter().filter(|column| !found_free.contains(*column)) {
            report.add(Finding::NotFree { column: column.clone() });
        }
        if report.alterations == 0 {
            report.add(Finding::NothingAltered);
        }
        report
    }

    fn check_case(&self, case: &BenchCase, report: &mut BenchReport, free: &mut BTreeSet<String>) {
        match self.program(case) {
            Ok(program) => self.attack(case, &program, report, free),
            Err(why) => return report.add(Finding::Refused { case: case.name.clone(), why }),
        }
        let Some(&first) = case.operands.first() else { return };
        for [rd, rs1, rs2] in aliases(first) {
            let name = format!("{} with registers {rd}, {rs1}, {rs2}", case.name);
            let alias =
                BenchCase { name, operands: vec![[rd, rs1, rs2]], after: BenchState::default(), ..case.clone() };
            match self.program(&alias) {
                Err(_) => report.aliases_refused += 1,
                Ok(program) => {
                    report.aliases += 1;
                    self.attack(&alias, &program, report, free);
                }
            }
        }
    }

    /// The program of a case.
    ///
    /// # Errors
    /// It does not exit.
    fn program(&self, case: &BenchCase) -> Result<Program, String> {
        let mut assembler = Assembler::default();
        for &(register, value) in &case.before.registers {
            assembler.set(register, value);
        }
        for &[rd, rs1, rs2] in &case.operands {
            if [rd, rs1, rs2].iter().any(|register| *register >= 32) {
                return Err(format!("there is no instruction on the registers {rd}, {rs1}, {rs2}"));
            }
            assembler.custom(BENCH_ID, rd, rs1, rs2);
        }
        assembler.call(SYS_EXIT, [0; 3]);
        let mut pages: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for &(address, word) in &case.before.words {
            let page = pages.entry(address / PAGE_BYTES).or_insert_with(|| vec![0; PAGE_BYTES as usize]);
            page[(address % PAGE_BYTES) as usize..][..4].copy_from_slice(&word.to_le_bytes());
        }
        let segment =
            |(page, data)| ElfSegment { address: page * PAGE_BYTES, data, memory_bytes: PAGE_BYTES, flags: 6 };
        let elf = assembler.elf(&pages.into_iter().map(segment).collect::<Vec<_>>());
        let program = self.registry.load(&elf).map_err(|error| error.to_string())?;
        let outcome = Emulator::without_input(&program).run(u64::MAX);
        outcome.map_err(|fault| fault.to_string())?;
        Ok(program)
    }

    fn attack(&self, case: &BenchCase, program: &Program, report: &mut BenchReport, free: &mut BTreeSet<String>) {
        compare(case, program, report);
        let steps = steps_before_exit(case);
        let (alone, in_block) = (Run::whole_of(program, &[]), Run::in_blocks_of(program, &[], steps, 1));
        for (tried, is_block) in [(alone, false), (in_block, true)] {
            report.runs += 1;
            let (run, segment) = &tried;
            if let Err(error) = check_witnesses(run.circuits(), &segment.witnesses) {
                report.add(Finding::Refused { case: case.name.clone(), why: error.to_string() });
                continue;
            }
            self.attack_rows(&case.name, &tried, is_block, report, free);
        }
    }

    fn attack_rows(
        &self,
        case: &str,
        (run, segment): &(Run, Segment),
        is_block: bool,
        report: &mut BenchReport,
        free: &mut BTreeSet<String>,
    ) {
        let wanted = |circuit: &Circuit| {
            if is_block { circuit.name.starts_with("block") } else { circuit.name == self.table }
        };
        let Some(table) = run.circuits().iter().position(|circuit| wanted(circuit)) else { return };
        let circuit: &Arc<Circuit> = &run.circuits()[table];
        let Some(trace) = segment.witnesses[table].whole_trace() else { return };
        let checks = RowChecks::new(circuit.clone(), run.program.entries());
        let attacker = Attacker::new(&checks);
        // The first column says that a row is real.
        for row in (0..trace.height()).filter(|&row| trace.row(row)[0] != F::default()) {
            let honest = trace.row(row);
            report.rows += 1;
            let said = checks.said(alone(honest));
            let tried: Vec<(usize, F)> = (0..honest.len())
                .flat_map(|column| lies(honest[column], []).into_iter().map(move |value| (column, value)))
                .collect();
            report.alterations += tried.len();
            let accepted: Vec<Accepted> = tried
                .into_par_iter()
                .filter_map(|(column, value)| {
                    let forgery = attacker.forge(honest, column, value, EFFORT)?;
                    let says_the_same = said == checks.said(alone(&forgery.cells));
                    Some(Accepted { column, honest: honest[column], forgery, says_the_same })
                })
                .collect();
            for accepted in accepted {
                let columns: Vec<String> =
                    accepted.forgery.changes.iter().map(|&(column, _)| circuit.columns[column].clone()).collect();
                let finding = |columns: &[String]| {
                    let (case, columns) = (case.to_owned(), columns.to_vec());
                    let (honest, altered) = (accepted.honest, accepted.forgery.cells[accepted.column]);
                    if accepted.says_the_same {
                        Finding::Free { case, row, columns, honest, altered }
                    } else {
                        Finding::Undetermined { case, row, columns, honest, altered }
                    }
                };
                if !accepted.says_the_same || columns.iter().any(|column| !self.free.contains(column)) {
                    report.add(finding(&columns));
                }
                free.extend(columns);
            }
        }
    }
}

/// Instructions before those of the exit: two for each register that is set.
fn steps_before_exit(case: &BenchCase) -> usize {
    2 * case.before.registers.len() + case.operands.len()
}

/// Compare what a case leaves with what it should leave.
fn compare(case: &BenchCase, program: &Program, report: &mut BenchReport) {
    let mut emulator = Emulator::without_input(program);
    let outcome = emulator.run(steps_before_exit(case) as u64);
    debug_assert!(matches!(outcome, Ok(Outcome::OutOfSteps)), "{outcome:?}");
    let registers = case.after.registers.iter().map(|&(register, expected)| {
        let found = emulator.registers()[usize::from(register)];
        (format!("register {register}"), expected, found)
    });
    let words = case.after.words.iter().map(|&(address, expected)| {
        (format!("the word at {address:#010x}"), expected, emulator.memory().word(address))
    });
    for (place, expected, found) in registers.chain(words).filter(|(_, expected, found)| expected != found) {
        report.add(Finding::Wrong { case: case.name.clone(), place, expected, found });
    }
}

/// An instruction's registers with some of them equal.
fn aliases([rd, rs1, rs2]: [u8; 3]) -> Vec<[u8; 3]> {
    let mut aliases = vec![];
    for alias in [[rs1, rs1, rs2], [rs2, rs1, rs2], [rd, rs1, rs1], [rs1; 3], [rs2; 3], [0, rs1, rs2]] {
        if alias != [rd, rs1, rs2] && !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    aliases
}
