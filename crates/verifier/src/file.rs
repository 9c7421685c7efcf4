//! The frame of our files: eight bytes of magic, a version, the payload's length, the payload.

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// Bytes before the payload.
const HEADER_BYTES: usize = 8 + 4 + 8;

/// Why bytes are not the file that was asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// Another kind of file, or none of ours.
    #[error("this is no engram {kind} file; give the file that `engram {made_by}` wrote")]
    Magic {
        /// What was asked for.
        kind: &'static str,
        /// The command that makes such files.
        made_by: &'static str,
    },
    /// Another version of the format.
    #[error("the {kind} file has format version {found}, this program reads version {expected}; make it anew")]
    Version {
        /// What was asked for.
        kind: &'static str,
        /// In the file.
        found: u32,
        /// What this program reads.
        expected: u32,
    },
    /// Shorter or longer than it says.
    #[error(
        "the {kind} file is cut short or has bytes after its end ({found} bytes, {expected} expected); copy it again"
    )]
    Length {
        /// What was asked for.
        kind: &'static str,
        /// Bytes in the file after its header.
        found: u64,
        /// Bytes that the header says.
        expected: u64,
    },
    /// The payload does not decode, or not from its canonical encoding.
    #[error("the {kind} file is damaged: {reason}")]
    Damaged {
        /// What was asked for.
        kind: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// First bytes.
    pub magic: [u8; 8],
    /// Format version.
    pub version: u32,
    /// Name for people.
    pub name: &'static str,
    /// The command that makes such files.
    pub made_by: &'static str,
}

impl Kind {
    /// Does a file start like one of this kind, of whatever version?
    pub fn matches(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&self.magic)
    }

    /// A value as a file.
    pub fn encode<T: Serialize>(&self, value: &T) -> Vec<u8> {
        // Serializing our plain structures into memory cannot fail; an empty payload would not decode.
        let payload = postcard::to_allocvec(value).unwrap_or_default();
        let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(payload.len()));
        bytes.extend(self.magic);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(payload);
        bytes
    }

    /// A value from a file. Exactly one byte string decodes to each value.
    ///
    /// # Errors
    /// The bytes are no file of this kind and version, are cut short or too long, or are not the canonical encoding of a value.
    pub fn decode<T: Serialize + DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FileError> {
        let wrong_kind = FileError::Magic { kind: self.name, made_by: self.made_by };
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(if self.matches(bytes) {
                let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                FileError::Length { kind: self.name, found, expected: 20 }
            } else {
                wrong_kind
            });
        };
        let [m0, m1, m2, m3, m4, m5, m6, m7, v0, v1, v2, v3, length @ ..] = *header;
        if [m0, m1, m2, m3, m4, m5, m6, m7] != self.magic {
            return Err(wrong_kind);
        }
        let found = u32::from_le_bytes([v0, v1, v2, v3]);
        if found != self.version {
            return Err(FileError::Version { kind: self.name, found, expected: self.version });
        }
        let (found, expected) = (u64::try_from(payload.len()).unwrap_or(u64::MAX), u64::from_le_bytes(length));
        if found != expected {
            return Err(FileError::Length { kind: self.name, found, expected });
        }
        let damaged = |reason: String| FileError::Damaged { kind: self.name, reason };
        let value: T = postcard::from_bytes(payload).map_err(|error| damaged(error.to_string()))?;
        if self.encode(&value) != bytes {
            return Err(damaged("it is not the canonical encoding".into()));
        }
        Ok(value)
    }
}
