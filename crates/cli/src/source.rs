//! Where bytes come from and go to: files, or the standard streams.

use std::collections::HashSet;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::failure::Failure;
use crate::file_kind::FileKind;

/// A file, or `-` for a standard stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Standard input, or where something is written, standard output.
    Standard,
    /// A file.
    Path(PathBuf),
}

impl Source {
    /// The file's path, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::Path(path) => Some(path),
        }
    }

    /// Opens it for reading, and refuses folders, which open well and then cannot be read.
    fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
        let Self::Path(path) = self else { return Ok((Box::new(io::stdin()), None)) };
        let cannot = |source| Failure::CannotRead { name: self.to_string(), source };
        let file = File::open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        if metadata.is_dir() {
            return Err(cannot(io::ErrorKind::IsADirectory.into()));
        }
        // Pipes and devices have no length.
        let length_bytes = metadata.is_file().then_some(metadata.len());
        Ok((Box::new(BufReader::new(file)), length_bytes))
    }

    /// Opens it for a guest to read from.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn open_input(&self) -> Result<Box<dyn Read + Send>, Failure> {
        self.open().map(|(reader, _)| reader)
    }

    /// Reads a file of one of several kinds. Another kind and a file that is too long are refused before the file is read.
    ///
    /// # Errors
    /// When it cannot be read, is of another kind, or is longer than files of its kind may be.
    pub fn read(&self, wanted: &'static [FileKind]) -> Result<(FileKind, Vec<u8>), Failure> {
        let (mut reader, length_bytes) = self.open()?;
        let cannot = |source| Failure::CannotRead { name: self.to_string(), source };
        let mut bytes = Vec::new();
        reader.by_ref().take(FileKind::MAGIC_BYTES_MAX).read_to_end(&mut bytes).map_err(cannot)?;
        let kind = FileKind::of(&bytes).filter(|kind| wanted.contains(kind)).ok_or_else(|| Failure::WrongKind {
            name: self.to_string(),
            wanted,
            found: FileKind::of(&bytes),
        })?;
        let limit_bytes = kind.limit_bytes();
        let too_long = || Failure::FileTooLong { name: self.to_string(), kind, limit_bytes };
        if length_bytes.is_some_and(|length_bytes| length_bytes > limit_bytes) {
            return Err(too_long());
        }
        reader.take(limit_bytes - bytes.len() as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > limit_bytes { Err(too_long()) } else { Ok((kind, bytes)) }
    }
}

/// Refuses to read standard input for two purposes.
///
/// # Errors
/// When more than one of the sources is `-`.
pub fn check_standard_input_once<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Result<(), Failure> {
    let standard = sources.into_iter().filter(|&source| *source == Source::Standard).count();
    if standard > 1 { Err(Failure::StandardInputTwice) } else { Ok(()) }
}

/// Refuses to write over a file that is read, or to write two files to one place.
///
/// # Errors
/// When an output has the path of an input or of another output.
pub fn check_outputs_apart<'a>(
    inputs: impl IntoIterator<Item = &'a Source>,
    outputs: impl IntoIterator<Item = &'a Source>,
) -> Result<(), Failure> {
    // Where a file does not exist yet, nothing is lost by writing it.
    let resolved = |source: &Source| source.path().and_then(|path| path.canonicalize().ok());
    let mut taken: HashSet<PathBuf> = inputs.into_iter().filter_map(resolved).collect();
    for output in outputs {
        if resolved(output).is_some_and(|path| path.is_file() && !taken.insert(path)) {
            return Err(Failure::OutputIsInput { name: output.to_string() });
        }
    }
    Ok(())
}

impl From<OsString> for Source {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Standard } else { Self::Path(text.into()) }
    }
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(OsString::from(text).into())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard input"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}
