//! Traces as JSON lines.

use std::io::{BufWriter, Write};

use crate::{error::WriteError, record::TraceRecord};

/// Writes records as JSON lines: one object a record, each on a line of its own, with the columns as fields. Cells are arrays of
/// integers. It holds a buffer of some KiB.
pub struct JsonLinesTraceWriter<W: Write> {
    output: BufWriter<W>,
}

impl<W: Write> JsonLinesTraceWriter<W> {
    /// Nothing is written yet.
    pub fn new(output: W) -> Self {
        Self { output: BufWriter::new(output) }
    }

    /// Write a record.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write(&mut self, record: &TraceRecord) -> Result<(), WriteError> {
        serde_json::to_writer(&mut self.output, record)?;
        self.output.write_all(b"\n")?;
        Ok(())
    }

    /// Write what is left, and return the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn finish(self) -> Result<W, WriteError> {
        let mut output = self.output.into_inner().map_err(|error| WriteError::Output(error.into_error()))?;
        output.flush()?;
        Ok(output)
    }
}
