//! A run as one line of JSON.

use peer_report::{Tool, Usage};
use serde::Serialize;

use crate::log::Shape;

/// A table of a proof.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// What it holds.
    pub name: String,
    /// Rows, padding included.
    pub rows: u64,
    /// Columns of the main trace, those committed apart included.
    pub columns: u64,
    /// Rows times columns.
    pub cells: u64,
    /// Interactions over all rows, padding included, of which there are at least 16.
    pub interactions: u64,
}

/// What proving and verifying used.
#[derive(Clone, Debug)]
pub struct Run {
    /// The parameter set.
    pub log_stacked_height: usize,
    /// All tables that have rows.
    pub tables: Vec<Table>,
    /// The process, up to the end of verifying.
    pub total: Usage,
    /// Of this, for keys.
    pub keys: Usage,
    /// Most memory up to there.
    pub peak_rss_bytes: u64,
    /// The proof, encoded.
    pub proof_bytes: u64,
}

/// What is printed.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Who proved.
    pub tool: Tool,
    /// The parameter set.
    pub log_stacked_height: usize,
    /// Which accesses.
    pub shape: Shape,
    /// How many.
    pub accesses: usize,
    /// Blocks of 4 cells that they go to.
    pub blocks: usize,
    /// The log's seed.
    pub seed: u64,
    /// Cells of all tables, padding included.
    pub cells: u64,
    /// Interactions of all tables, padding included.
    pub interactions: u64,
    /// Cells for each access.
    pub cells_per_access: f64,
    /// Interactions for each access.
    pub interactions_per_access: f64,
    /// CPU seconds of the process: making the log, executing, filling tables, proving, verifying, keys.
    pub cpu_s_total: f64,
    /// Of these, for keys.
    pub cpu_s_keygen: f64,
    /// The total less keys.
    pub cpu_s_prove: f64,
    /// Microseconds of `cpu_s_prove` for each access.
    pub cpu_us_per_access: f64,
    /// Seconds on the wall for what `cpu_s_prove` counts.
    pub wall_s: f64,
    /// Most memory of the process.
    pub peak_rss_bytes: u64,
    /// The proof, encoded.
    pub proof_bytes: u64,
    /// Whether the proof verifies; a run whose proof does not has no line.
    pub verified: bool,
    /// When the run began, as the caller writes it.
    pub date: String,
    /// Which commit of engram, as the caller writes it.
    pub commit: String,
    /// Processor.
    pub cpu_model: String,
    /// Processors that the process may use.
    pub cpus: usize,
    /// All tables that have rows.
    pub tables: Vec<Table>,
}
