//! One run of one prover, as one line of JSON.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{RunArguments, Usage};

/// Who proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// This repository.
    Engram,
    /// OpenVM 2.0.2.
    Openvm,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Engram => "engram",
            Self::Openvm => "OpenVM",
        })
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Who proved.
    pub tool: Tool,
    /// OpenVM's `log_stacked_height`; engram chooses for itself.
    pub log_stacked_height: Option<usize>,
    /// What was proven.
    pub guest: String,
    /// In which size.
    pub size: String,
    /// Runs with the same number were made one after the other.
    pub pair: u32,
    /// Executed instructions.
    pub instructions: u64,
    /// Proofs that the run was cut into.
    pub segments: usize,
    /// Main cells over all tables and segments, padding included: height times columns. Columns of a committed program count;
    /// preprocessed ones, which a key holds, do not.
    pub cells: u64,
    /// Interactions over all tables and segments, padding included: height, but at least 16, times interactions of a row.
    pub interactions: u64,
    /// CPU seconds of the whole process, verification included; without a repetition that only measures.
    pub cpu_s_total: f64,
    /// CPU seconds of these for what depends on the program alone: keys, and the commitment to the program.
    pub cpu_s_keygen: f64,
    /// CPU seconds of the latter for the commitment to the program, where the tool makes it apart.
    pub cpu_s_commit: Option<f64>,
    /// The total less `cpu_s_keygen`.
    pub cpu_s_prove: f64,
    /// Seconds on the wall for what `cpu_s_prove` counts.
    pub wall_s: f64,
    /// Seconds on the wall of executing, where the tool tells.
    pub execute_s: Option<f64>,
    /// Seconds on the wall of filling tables, where the tool tells.
    pub trace_s: Option<f64>,
    /// Seconds on the wall of proving them, where the tool tells.
    pub prove_s: Option<f64>,
    /// Most memory of the process.
    pub peak_rss_bytes: u64,
    /// All segments' proofs, encoded.
    pub proof_bytes: u64,
    /// Whether the proofs verify, and say that the guest ended with code 0.
    pub verified: bool,
    /// When the run began.
    pub date: String,
    /// Which commit of engram.
    pub commit: String,
    /// Processor.
    pub cpu_model: String,
    /// Processors that the process may use.
    pub cpus: usize,
}

impl Record {
    /// A record of a tool's run, with nothing measured yet.
    ///
    /// # Errors
    /// When the system does not say how many processors there are.
    pub fn new(tool: Tool, log_stacked_height: Option<usize>, arguments: &RunArguments) -> Result<Self> {
        let cpus =
            std::thread::available_parallelism().context("the system does not say how many processors it has")?;
        Ok(Self {
            tool,
            log_stacked_height,
            guest: arguments.guest.clone(),
            size: arguments.size.clone(),
            pair: arguments.pair,
            instructions: 0,
            segments: 0,
            cells: 0,
            interactions: 0,
            cpu_s_total: 0.0,
            cpu_s_keygen: 0.0,
            cpu_s_commit: None,
            cpu_s_prove: 0.0,
            wall_s: 0.0,
            execute_s: None,
            trace_s: None,
            prove_s: None,
            peak_rss_bytes: 0,
            proof_bytes: 0,
            verified: false,
            date: arguments.date.clone(),
            commit: arguments.commit.clone(),
            cpu_model: cpu_model(),
            cpus: cpus.get(),
        })
    }

    /// Enter what the process used.
    pub fn set_usage(&mut self, total: Usage, keygen: Usage) {
        let prove = total - keygen;
        self.cpu_s_total = total.cpu_s;
        self.cpu_s_keygen = keygen.cpu_s;
        self.cpu_s_prove = prove.cpu_s;
        self.wall_s = prove.wall_s;
    }

    /// The tool with its setting, as tables name it.
    pub fn contestant(&self) -> String {
        match self.log_stacked_height {
            Some(height) => format!("{} at {height}", self.tool),
            None => self.tool.to_string(),
        }
    }

    /// Print it as one line.
    ///
    /// # Errors
    /// When a number is not one that JSON knows.
    pub fn print(&self) -> Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

/// Read a file with a record on each line.
///
/// # Errors
/// When the file cannot be read, or a line is not the record of a run whose proofs verified.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let place = || format!("{} line {}", path.display(), number + 1);
            let record: Record = serde_json::from_str(line).with_context(|| format!("{}: not a record", place()))?;
            ensure!(record.verified, "{}: a run whose proofs did not verify; take the line out", place());
            Ok(record)
        })
        .collect()
}

/// The processor, as Linux names it; empty where it does not.
pub fn cpu_model() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or_else(String::new, |line| line.trim_start_matches([' ', '\t', ':']).to_owned())
}
