//! Files of memory traces: the format is the name's extension.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use engram_observe::error::WriteError;
use engram_observe::trace::MemoryTrace;
use thiserror::Error;

use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::source::Source;

/// Where a trace goes, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFile {
    /// The file.
    pub target: Source,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Parquet,
}

/// Why a text does not name a file for a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a trace's file has the name of its format: it ends in .csv, .jsonl or .parquet")]
pub struct TraceFileError;

impl FromStr for TraceFile {
    type Err = TraceFileError;

    fn from_str(text: &str) -> Result<Self, TraceFileError> {
        let path = PathBuf::from(text);
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Format::Csv,
            Some("jsonl") => Format::JsonLines,
            Some("parquet") => Format::Parquet,
            _ => return Err(TraceFileError),
        };
        Ok(Self { target: Source::Path(path), format })
    }
}

impl fmt::Display for TraceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

impl TraceFile {
    /// Writes the trace.
    ///
    /// # Errors
    /// The place cannot be written any more, or is full. No part of the file is left.
    pub fn write(&self, trace: &MemoryTrace, destination: &Destination) -> Result<(), Failure> {
        destination.write_with(|to| {
            let mut to = Noting { to, failure: None };
            let written = match self.format {
                Format::Csv => trace.write_csv(&mut to).map(|_| ()),
                Format::JsonLines => trace.write_json_lines(&mut to).map(|_| ()),
                Format::Parquet => trace.write_parquet(&mut to).map(|_| ()),
            };
            let failure = to.failure.unwrap_or(io::ErrorKind::Other);
            written.map_err(|error: WriteError| destination.failure(io::Error::new(failure, error)))
        })
    }
}

/// What a writer of a format writes to. Their errors do not always say which kind the system's was.
struct Noting<'a> {
    to: &'a mut (dyn Write + Send),
    failure: Option<io::ErrorKind>,
}

impl Noting<'_> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| self.failure = Some(error.kind()))
    }
}

impl Write for Noting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.to.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.to.flush();
        self.note(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_format() {
        let format = |text: &str| text.parse::<TraceFile>().map(|file| file.format);
        assert_eq!(format("a.csv"), Ok(Format::Csv));
        assert_eq!(format("b/a.b.jsonl"), Ok(Format::JsonLines));
        assert_eq!(format("a.parquet"), Ok(Format::Parquet));
        for other in ["", "-", "csv", ".csv", "a.json", "a.csv.gz", "a.CSV"] {
            assert_eq!(format(other), Err(TraceFileError), "{other}");
        }
    }
}
