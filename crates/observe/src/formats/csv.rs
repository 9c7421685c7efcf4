//! Traces as comma-separated values.

use std::{fmt, io::Write};

use serde::{Serialize, Serializer};

use crate::{
    error::WriteError,
    record::{Operation, TraceRecord},
};

/// Writes records as CSV (RFC 4180, with `\n` between lines): a line of names, then a line a record.
///
/// The cells of `before` and `after` are decimal integers with spaces between them. It holds a buffer of some KiB.
pub struct CsvTraceWriter<W: Write> {
    writer: csv::Writer<W>,
}

/// A line; its fields are the columns.
#[derive(Serialize)]
struct Line<'a> {
    record: u32,
    timestamp: u32,
    operation: Operation,
    space: u32,
    space_name: &'a str,
    pointer: u32,
    len: u32,
    gap: u32,
    splits: u32,
    merges: u32,
    before: Cells<'a>,
    after: Cells<'a>,
}

/// Names of the columns, which stand in the file also where there is no record.
const COLUMNS: [&str; 12] = [
    "record",
    "timestamp",
    "operation",
    "space",
    "space_name",
    "pointer",
    "len",
    "gap",
    "splits",
    "merges",
    "before",
    "after",
];

struct Cells<'a>(&'a [u32]);

impl fmt::Display for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, cell) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{cell}")?;
        }
        Ok(())
    }
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<W: Write> CsvTraceWriter<W> {
    /// Write the names of the columns.
    ///
    /// # Errors
    /// The output does not take them.
    pub fn new(output: W) -> Result<Self, WriteError> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(output);
        writer.write_record(COLUMNS)?;
        Ok(Self { writer })
    }

    /// Write a record.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write(&mut self, record: &TraceRecord) -> Result<(), WriteError> {
        self.writer.serialize(Line {
            record: record.record,
            timestamp: record.timestamp,
            operation: record.operation,
            space: record.space,
            space_name: &record.space_name,
            pointer: record.pointer,
            len: record.len,
            gap: record.gap,
            splits: record.splits,
            merges: record.merges,
            before: Cells(&record.before),
            after: Cells(&record.after),
        })?;
        Ok(())
    }

    /// Write what is left, and return the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn finish(self) -> Result<W, WriteError> {
        self.writer.into_inner().map_err(|error| WriteError::Output(error.into_error()))
    }
}
