//! A report in Prometheus's text format, version 0.0.4 (Prometheus documentation, "Exposition formats").

use std::io::{self, BufWriter, Write};

use engram_memory::address::ACCESS_SIZES;

use crate::{error::LabelError, report::PerformanceReport, tables::TableCost};

/// The media type of the text, for whoever answers a scraper.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One of a table's counts.
type TableCount = fn(&TableCost) -> u64;

/// Labels that the report's own samples have.
const RESERVED: [&str; 6] = ["space", "operation", "cells", "adapter", "part", "table"];

/// Labels that all samples get, such as which machine or run they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    labels: Vec<(String, String)>,
}

impl Labels {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more label. Its value may be any text.
    ///
    /// # Errors
    /// The name is not a label's name, is there already, or is one of the report's own.
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, LabelError> {
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let is_name = name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit());
        if !is_name || name.starts_with("__") {
            return Err(LabelError::Name { name: name.into() });
        }
        if RESERVED.contains(&name) {
            return Err(LabelError::Reserved { name: name.into() });
        }
        if self.labels.iter().any(|(other, _)| other == name) {
            return Err(LabelError::Duplicate { name: name.into() });
        }
        self.labels.push((name.into(), value.into()));
        Ok(self)
    }
}

impl PerformanceReport {
    /// The report as Prometheus reads it; each sample has `labels` too. Counters are of what was done, gauges of what a proof
    /// over it costs. Where nothing was accessed, gauges for each access are left out, and so is the ratio of reads to writes
    /// where there are no writes.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write_prometheus(&self, output: impl Write, labels: &Labels) -> io::Result<()> {
        let mut text = Exposition { output: BufWriter::new(output), labels, family: "" };
        self.write_operations(&mut text)?;
        self.write_utilization(&mut text)?;
        self.write_costs(&mut text)?;
        text.output.flush()
    }

    /// As [`Self::write_prometheus`], as a string.
    pub fn prometheus_text(&self, labels: &Labels) -> String {
        let mut bytes = vec![];
        // Bytes in memory take all that is written, and all that is written is text.
        let written = self.write_prometheus(&mut bytes, labels);
        debug_assert!(written.is_ok(), "memory takes all that is written");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn write_operations(&self, text: &mut Exposition<'_, impl Write>) -> io::Result<()> {
        let metrics = &self.metrics;
        text.family("engram_memory_accesses_total", "counter", "Accesses to normal address spaces.")?;
        for (space, accesses) in &metrics.spaces {
            for (operation, counts) in [("read", accesses.reads), ("write", accesses.writes)] {
                for (cells, count) in ACCESS_SIZES.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
                    let (space, cells) = (space.to_string(), cells.to_string());
                    text.sample(&[("space", &space), ("operation", operation), ("cells", &cells)], count)?;
                }
            }
        }
        text.family("engram_memory_identity_reads_total", "counter", "Reads of the identity space.")?;
        text.sample(&[], metrics.identity_read_count)?;
        text.family("engram_memory_time_increments_total", "counter", "Increments of time without an access.")?;
        text.sample(&[], metrics.increment_count)?;
        text.family("engram_memory_idle_time_total", "counter", "Sum of all increments of the timestamp.")?;
        text.sample(&[], metrics.idle_time)?;
        text.family("engram_memory_read_share_ratio", "gauge", "Share of reads in accesses to normal spaces, 0 to 1.")?;
        text.sample(&[], self.read_write_ratio.read_share())?;
        if let Some(ratio) = self.read_write_ratio.reads_per_write() {
            text.family("engram_memory_reads_per_write_ratio", "gauge", "Reads of normal spaces for each write.")?;
            text.sample(&[], ratio)?;
        }
        Ok(())
    }

    fn write_utilization(&self, text: &mut Exposition<'_, impl Write>) -> io::Result<()> {
        let spaces: Vec<_> = self.memory_utilization.iter().map(|space| (space.space.to_string(), space)).collect();
        text.family("engram_memory_capacity_cells", "gauge", "Cells that an address space has.")?;
        spaces.iter().try_for_each(|(number, space)| text.sample(&[("space", number)], space.capacity_cells))?;
        text.family("engram_memory_touched_cells", "gauge", "Cells that were read or written.")?;
        spaces.iter().try_for_each(|(number, space)| text.sample(&[("space", number)], space.cells_touched))?;
        text.family("engram_memory_touched_leaves", "gauge", "Leaves of 16 cells that hold any of these.")?;
        spaces.iter().try_for_each(|(number, space)| text.sample(&[("space", number)], space.leaves_touched))?;
        text.family("engram_memory_utilization_ratio", "gauge", "Share of a space that was accessed, 0 to 1.")?;
        spaces.iter().try_for_each(|(number, space)| text.sample(&[("space", number)], space.of_space()))?;
        text.family(
            "engram_memory_leaf_utilization_ratio",
            "gauge",
            "Share of accessed cells in their leaves, 0 to 1.",
        )?;
        spaces.iter().try_for_each(|(number, space)| text.sample(&[("space", number)], space.of_leaves()))
    }

    fn write_costs(&self, text: &mut Exposition<'_, impl Write>) -> io::Result<()> {
        text.family(
            "engram_memory_adapter_rows",
            "gauge",
            "Rows of splits and merges, by the size of the larger block.",
        )?;
        for (adapter, rows) in [("split", self.adapter_rows.splits), ("merge", self.adapter_rows.merges)] {
            // A single cell is neither split nor merged into.
            for (cells, rows) in ACCESS_SIZES.into_iter().zip(rows).skip(1) {
                text.sample(&[("adapter", adapter), ("cells", &cells.to_string())], rows)?;
            }
        }
        let counts: [(&str, &str, TableCount); 3] = [
            ("engram_memory_table_rows", "Rows of a table of the proof, padding included.", |table| table.rows),
            ("engram_memory_table_cells", "Committed cells of a table of the proof.", |table| table.cells),
            ("engram_memory_table_interactions", "Interactions of a table of the proof.", |table| table.interactions),
        ];
        for (name, help, count) in counts {
            text.family(name, "gauge", help)?;
            for table in &self.tables {
                text.sample(&[("part", table.part.name()), ("table", &table.name)], count(table))?;
            }
        }
        if let Some(per_access) = self.per_access {
            text.family(
                "engram_memory_cells_per_access",
                "gauge",
                "Committed cells for each access to a normal space.",
            )?;
            text.sample(&[], per_access.cells)?;
            let help = "Interactions for each access to a normal space.";
            text.family("engram_memory_interactions_per_access", "gauge", help)?;
            text.sample(&[], per_access.interactions)?;
        }
        Ok(())
    }
}

/// Text that is being written.
struct Exposition<'a, W> {
    output: W,
    labels: &'a Labels,
    /// Name of the family at work.
    family: &'static str,
}

impl<W: Write> Exposition<'_, W> {
    /// Begin a family of samples.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> io::Result<()> {
        self.family = name;
        writeln!(self.output, "# HELP {name} {}", escaped(help, false))?;
        writeln!(self.output, "# TYPE {name} {kind}")
    }

    /// A sample of the family at work. Rust writes numbers as Go reads them.
    fn sample(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) -> io::Result<()> {
        let own = labels.iter().copied();
        let all = own.chain(self.labels.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value, true))).collect();
        let braces = if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) };
        writeln!(self.output, "{}{braces} {value}", self.family)
    }
}

/// With backslashes before backslashes and for line feeds; and in the value of a label before quotation marks too.
fn escaped(text: &str, label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if label { text.replace('"', "\\\"") } else { text }
}
