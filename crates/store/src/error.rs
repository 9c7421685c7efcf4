//! What can go wrong: what it was, where, and what to do.

use std::{fmt, io, path::PathBuf};

use thiserror::Error;

use crate::{hash::Digest, space::Space};

/// A limit that a caller's value is outside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Number of address spaces.
    Spaces,
    /// Height of a space's tree.
    Height,
    /// Generations that stay readable.
    GenerationsKept,
    /// Number of a generation.
    Generation,
    /// Cache for pages of the file, bytes.
    FileCacheBytes,
    /// Cache for checked nodes, bytes.
    NodeCacheBytes,
    /// Metadata of a generation, bytes.
    MetadataBytes,
    /// Roots that a commit expects, one a space.
    ExpectedRoots,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Spaces => "the number of address spaces",
            Self::Height => "the height of a tree",
            Self::GenerationsKept => "the number of generations kept",
            Self::Generation => "the number of a generation",
            Self::FileCacheBytes => "the file cache in bytes",
            Self::NodeCacheBytes => "the node cache in bytes",
            Self::MetadataBytes => "the metadata in bytes",
            Self::ExpectedRoots => "the number of expected roots",
        })
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A value outside its limits.
    #[error("{limit} is {found}; it must be {min} to {max}")]
    Limit {
        /// Of what.
        limit: Limit,
        /// What was given.
        found: u64,
        /// Smallest that is allowed.
        min: u64,
        /// Largest that is allowed.
        max: u64,
    },
    /// Two spaces with the same number.
    #[error("address space {space} is listed twice; give each space a number of its own")]
    RepeatedSpace {
        /// The number.
        space: u32,
    },
    /// A space that the store does not have.
    #[error("this store has no address space {space}")]
    UnknownSpace {
        /// The number asked for.
        space: u32,
    },
    /// A page, leaf or node past the end of its space.
    #[error("{what} {index} is past the end of address space {space}, which has {count}")]
    Outside {
        /// Number of the space.
        space: u32,
        /// What was asked for.
        what: &'static str,
        /// Its number.
        index: u64,
        /// How many there are.
        count: u64,
    },
    /// A height that the space's tree does not have.
    #[error("the tree of address space {space} has no height {height}; its root is at {root_height}")]
    NoHeight {
        /// Number of the space.
        space: u32,
        /// The height asked for.
        height: u32,
        /// The height of the root.
        root_height: u32,
    },
    /// A file is in the way.
    #[error("{} exists already; open it, or choose another path", path.display())]
    Exists {
        /// Its path.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no store at {}; create one", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Another handle, here or in another process, has the store open.
    #[error("the store is open already, here or in another process; close it there first")]
    AlreadyOpen,
    /// A file of another kind, or a damaged one.
    #[error("this is no engram store: {reason}")]
    NotAStore {
        /// What shows it.
        reason: String,
    },
    /// The process that created the store did not get to the end.
    #[error("the store was never finished: it has no generation; delete the file and create it again")]
    Unfinished,
    /// Another version of the format.
    #[error(
        "the store has format version {found}, this program reads version {supported}; export it with the program that \
         wrote it, and import that"
    )]
    Version {
        /// In the file.
        found: u32,
        /// What this program reads.
        supported: u32,
    },
    /// Made for other address spaces.
    #[error("the store was made for the address spaces {stored:?}, and is opened for {expected:?}")]
    Spaces {
        /// In the file.
        stored: Vec<Space>,
        /// In the configuration.
        expected: Vec<Space>,
    },
    /// Made with another hash.
    #[error("the store was made with another hash function than the one that it is opened with")]
    Hash,
    /// Made for another program.
    #[error("the store belongs to the program {}, and is opened for {}", hex(stored), hex(expected))]
    Program {
        /// In the file.
        stored: Digest,
        /// In the configuration.
        expected: Digest,
    },
    /// What is stored does not hash to the node above it.
    #[error(
        "address space {space}, node at height {height}, index {index}: what is stored below does not hash to it; the file \
         is damaged or was altered: restore it from an export"
    )]
    Mismatch {
        /// Number of the space.
        space: u32,
        /// Distance of the node from the leaves.
        height: u32,
        /// Position of the node among those of its height, from the left.
        index: u64,
    },
    /// A record that no store writes.
    #[error(
        "the record of {what} {index} is malformed: {reason}; the file is damaged or was altered: restore it from an export"
    )]
    Malformed {
        /// What the record is of.
        what: &'static str,
        /// Its key.
        index: u64,
        /// What does not fit.
        reason: &'static str,
    },
    /// Records that nothing refers to.
    #[error(
        "address space {space}, height {height}: node {index} is stored where the tree has zeros; the file was altered"
    )]
    Stray {
        /// Number of the space.
        space: u32,
        /// Distance of the node from the leaves.
        height: u32,
        /// Position of the node among those of its height, from the left.
        index: u64,
    },
    /// A commit would lead to another root than expected. Nothing was written.
    #[error(
        "address space {space}: the changes lead to the root {}, expected is {}; nothing was written",
        hex(computed),
        hex(expected)
    )]
    UnexpectedRoot {
        /// Number of the space.
        space: u32,
        /// What the changes lead to.
        computed: Digest,
        /// What the caller expects.
        expected: Digest,
    },
    /// A generation that is not kept.
    #[error("generation {asked} is not kept; {oldest} to {newest} are")]
    NoGeneration {
        /// The one asked for.
        asked: u64,
        /// The oldest that can be read.
        oldest: u64,
        /// The current one.
        newest: u64,
    },
    /// An earlier commit of this handle failed.
    #[error(
        "an earlier write through this handle failed ({cause}), and whether it is on disk is not known; open the store again"
    )]
    Poisoned {
        /// How it failed.
        cause: String,
    },
    /// A compaction while snapshots are open.
    #[error("the store has open snapshots; drop them before compacting")]
    SnapshotsOpen,
    /// An export that is none, or not whole.
    #[error("the export is refused: {reason}; export again, or copy the file again")]
    Import {
        /// What does not fit.
        reason: String,
    },
    /// Reading or writing a file of the caller's failed.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The database below failed.
    #[error("{doing} failed: {source}")]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// The database's answer.
        source: Box<redb::Error>,
    },
}

impl StoreError {
    /// A failure of the database while doing something.
    pub(crate) fn storage(doing: &'static str) -> impl Fn(redb::Error) -> Self {
        move |source| match source {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::AlreadyOpen,
            source => Self::Storage { doing, source: Box::new(source) },
        }
    }
}

fn hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
