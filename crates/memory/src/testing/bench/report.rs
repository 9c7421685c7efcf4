//! What a bench found.

use std::fmt::{self, Display, Formatter};

use engram_air::F;

use crate::extension::ExtensionError;

/// Most findings that a report keeps.
pub const FINDINGS_MAX: usize = 100;

/// Something that is wrong with an extension, or with the cases.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// A case does not run, or its tables do not hold.
    Refused {
        /// The case.
        case: String,
        /// Why.
        error: ExtensionError,
    },
    /// A case leaves another cell than it should.
    Wrong {
        /// The case.
        case: String,
        /// Address space.
        space: u32,
        /// Number of the cell in the space.
        cell: u32,
        /// What it should be.
        expected: F,
        /// What it is.
        found: F,
    },
    /// A column can be altered, and all that the row says stays the same: nothing needs it.
    Free {
        /// The case.
        case: String,
        /// The instruction's number in it.
        row: usize,
        /// The column.
        column: String,
        /// Its cell.
        honest: F,
        /// What it was altered to.
        altered: F,
    },
    /// A column can be altered so that the row finds the same and leaves something else: a constraint is missing.
    Undetermined {
        /// The case.
        case: String,
        /// The instruction's number in it.
        row: usize,
        /// The column.
        column: String,
        /// Its cell.
        honest: F,
        /// What it was altered to.
        altered: F,
    },
    /// Of two accesses of one place, the later may take what the earlier one found.
    Stale {
        /// The case.
        case: String,
        /// The instruction's number in it.
        row: usize,
    },
    /// The times of two instructions can be exchanged.
    OrderAccepted {
        /// The case.
        case: String,
        /// The first one's number in it.
        first: usize,
        /// The second one's.
        second: usize,
    },
    /// A column that was said to be free is not.
    NotFree {
        /// The column.
        column: String,
    },
    /// No row was altered: there are no cases, or none of them runs.
    NothingAltered,
    /// No order was attacked: no case has two instructions.
    NothingExchanged,
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { case, error } => write!(formatter, "{case}: {error}"),
            Self::Wrong { case, space, cell, expected, found } => {
                write!(formatter, "{case}: cell {cell:#x} of space {space} is {found} and not {expected}")
            }
            Self::Free { case, row, column, honest, altered } => write!(
                formatter,
                "{case}, row {row}: column {column} can be {altered} as well as {honest}: constrain it, leave it out, or say that \
                 it is free"
            ),
            Self::Undetermined { case, row, column, honest, altered } => write!(
                formatter,
                "{case}, row {row}: with {altered} and not {honest} in column {column} the row leaves something else: a \
                 constraint is missing"
            ),
            Self::Stale { case, row } => {
                write!(formatter, "{case}, row {row}: an access may take what was there before the one before it")
            }
            Self::OrderAccepted { case, first, second } => {
                write!(formatter, "{case}: the times of instructions {first} and {second} can be exchanged")
            }
            Self::NotFree { column } => write!(formatter, "column {column} is not free: do not say that it is"),
            Self::NothingAltered => write!(formatter, "no row was altered: give a case that runs"),
            Self::NothingExchanged => write!(formatter, "no order was attacked: give a case of two instructions"),
        }
    }
}

/// What a bench did and found.
#[derive(Clone, Debug, Default)]
pub struct BenchReport {
    /// Runs whose tables were checked, cases and aliases.
    pub runs: usize,
    /// Rows that were attacked.
    pub rows: usize,
    /// Cells that were altered, counted once for each other value.
    pub alterations: usize,
    /// Instructions with equal operands that ran.
    pub aliases: usize,
    /// Instructions with equal operands that the extension refused.
    pub aliases_refused: usize,
    /// Accesses that tried to take what an earlier access of their row had found.
    pub stale_accesses: usize,
    /// Pairs of instructions whose times were exchanged.
    pub exchanges: usize,
    findings: Vec<Finding>,
}

impl BenchReport {
    /// Whether nothing was found.
    pub fn is_passed(&self) -> bool {
        self.findings.is_empty()
    }

    /// What was found, at most [`FINDINGS_MAX`].
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The columns that are free or leave an outcome open, each once.
    pub fn open_columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = vec![];
        for finding in &self.findings {
            if let Finding::Free { column, .. } | Finding::Undetermined { column, .. } = finding {
                columns.push(column);
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl Display for BenchReport {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} runs, {} rows, {} alterations, {} aliases run and {} refused, {} stale accesses, {} exchanges: {} findings",
            self.runs,
            self.rows,
            self.alterations,
            self.aliases,
            self.aliases_refused,
            self.stale_accesses,
            self.exchanges,
            self.findings.len()
        )?;
        self.findings.iter().try_for_each(|finding| write!(formatter, "\n  {finding}"))
    }
}
