//! A guest's input, which is read twice: when the run is tried, and when it is proven.

use std::fs;
use std::io::{self, Cursor, Read};

use crate::failure::Failure;
use crate::source::Source;

/// Most bytes that are kept of an input that can be read only once.
const KEPT_BYTES_MAX: u64 = 4 << 30;

/// An input that can be read from the start more than once.
#[derive(Debug)]
pub enum GuestInput {
    /// No bytes.
    Empty,
    /// A file, read anew each time.
    File(Source),
    /// What came from a pipe.
    Kept(Vec<u8>),
}

impl GuestInput {
    /// Prepares an input. A pipe is read to its end.
    ///
    /// # Errors
    /// When it cannot be read, or a pipe has more than can be kept.
    pub fn of(source: Option<&Source>) -> Result<Self, Failure> {
        let Some(source) = source else { return Ok(Self::Empty) };
        let reader = source.open_input()?;
        if source.path().is_some_and(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file())) {
            return Ok(Self::File(source.clone()));
        }
        let cannot = |error| Failure::CannotRead { name: source.to_string(), source: error };
        let mut bytes = Vec::new();
        reader.take(KEPT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > KEPT_BYTES_MAX {
            return Err(Failure::InputTooLong { name: source.to_string(), limit_bytes: KEPT_BYTES_MAX });
        }
        Ok(Self::Kept(bytes))
    }

    /// The input, from its start.
    ///
    /// # Errors
    /// When the file is there no more.
    pub fn reader(&self) -> Result<Box<dyn Read + Send + '_>, Failure> {
        Ok(match self {
            Self::Empty => Box::new(io::empty()),
            Self::File(source) => source.open_input()?,
            Self::Kept(bytes) => Box::new(Cursor::new(bytes)),
        })
    }
}
