//! What a bench found.

use std::fmt::{self, Display, Formatter};

use engram_air::F;

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
        why: String,
    },
    /// A case leaves something else than it should.
    Wrong {
        /// The case.
        case: String,
        /// The register or word.
        place: String,
        /// What it should be.
        expected: u32,
        /// What it is.
        found: u32,
    },
    /// Columns can be altered, and all that the row says stays the same: nothing needs them.
    Free {
        /// The case.
        case: String,
        /// The row in its table.
        row: usize,
        /// The columns, the one that was altered first before those that made up for it.
        columns: Vec<String>,
        /// The first one's cell.
        honest: F,
        /// What it was altered to.
        altered: F,
    },
    /// Columns can be altered so that the row finds the same and leaves something else: a constraint is missing.
    Undetermined {
        /// The case.
        case: String,
        /// The row in its table.
        row: usize,
        /// The columns, the one that was altered first before those that made up for it.
        columns: Vec<String>,
        /// The first one's cell.
        honest: F,
        /// What it was altered to.
        altered: F,
    },
    /// A column that was said to be free is not.
    NotFree {
        /// The column.
        column: String,
    },
    /// No row was altered: there are no cases, or none of them runs.
    NothingAltered,
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { case, why } => write!(formatter, "{case}: {why}"),
            Self::Wrong { case, place, expected, found } => {
                write!(formatter, "{case}: {place} is {found:#x} and not {expected:#x}")
            }
            Self::Free { case, row, columns, honest, altered } => write!(
                formatter,
                "{case}, row {row}: {} can be {altered} as well as {honest}: constrain it, leave it out, or say that it is free",
                columns.join(", with ")
            ),
            Self::Undetermined { case, row, columns, honest, altered } => write!(
                formatter,
                "{case}, row {row}: with {altered} and not {honest} in {} the row leaves something else: a constraint is missing",
                columns.join(", with ")
            ),
            Self::NotFree { column } => write!(formatter, "column {column} is not free: do not say that it is"),
            Self::NothingAltered => write!(formatter, "no row was altered: give a case that runs"),
        }
    }
}

/// What a bench did and found.
#[derive(Clone, Debug, Default)]
pub struct BenchReport {
    /// Runs whose tables were checked: each case and alias, alone and in a block.
    pub runs: usize,
    /// Rows that were attacked.
    pub rows: usize,
    /// Cells that were altered, counted once for each other value.
    pub alterations: usize,
    /// Instructions with equal registers that ran.
    pub aliases: usize,
    /// Instructions with equal registers that were refused.
    pub aliases_refused: usize,
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

    /// The columns whose alteration is accepted, each once.
    pub fn open_columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = vec![];
        for finding in &self.findings {
            if let Finding::Free { columns: open, .. } | Finding::Undetermined { columns: open, .. } = finding {
                columns.extend(open.first().map(String::as_str));
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
        let Self { runs, rows, alterations, aliases, aliases_refused, findings } = self;
        write!(
            formatter,
            "{runs} runs, {rows} rows, {alterations} alterations, {aliases} aliases run and {aliases_refused} refused: {} findings",
            findings.len()
        )?;
        findings.iter().try_for_each(|finding| write!(formatter, "\n  {finding}"))
    }
}
