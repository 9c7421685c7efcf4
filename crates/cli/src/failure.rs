//! Everything that can go wrong, for people: a code, what happened, what to do; and the exit code that says which kind it is.

use std::io;

use engram_prover::ProveError;
use engram_rv32im::fault::FaultKind;
use engram_rv32im::{ElfError, Fault};
use engram_rv32im_air::plan::PlanError;
use engram_stark::engine::EngineError;
use engram_store::StateError;
use engram_store::StoreError;
use engram_verifier::{FileError, VerifyError};
use miette::Diagnostic;
use thiserror::Error;

use crate::byte_size;
use crate::exit_code::{self, ExpectedExit};
use crate::file_kind::FileKind;

/// Why a command did not do what it was asked to.
#[derive(Debug, Error, Diagnostic)]
pub enum Failure {
    /// Two arguments are `-`.
    #[error("standard input was asked for twice")]
    #[diagnostic(code(engram::usage::standard_input_twice), help("give `-` once, and a file for the other"))]
    StandardInputTwice,
    /// Two things would be mixed on standard output.
    #[error("--json and another output both go to standard output")]
    #[diagnostic(code(engram::usage::standard_output_twice), help("write the other to a file, or leave out --json"))]
    StandardOutputTwice,
    /// A file would be written over one that is read.
    #[error("{name} would be read and written by the same command")]
    #[diagnostic(code(engram::usage::output_is_input), help("give another name for what is written"))]
    OutputIsInput {
        /// The file.
        name: String,
    },
    /// There is no name to derive the output's from.
    #[error("no file was named for the proof")]
    #[diagnostic(code(engram::usage::no_output), help("name it: --output GUEST.proof"))]
    NoOutput,
    /// There is no program to check a proof against.
    #[error("no program was named")]
    #[diagnostic(code(engram::usage::no_program), help("name it: --elf GUEST.elf or --key GUEST.vk"))]
    NoProgram,

    /// A file cannot be opened or read.
    #[error("{name} cannot be read: {source}")]
    #[diagnostic(code(engram::file::unreadable), help("{}", help_reading(source)))]
    CannotRead {
        /// The file.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be made or written.
    #[error("{name} cannot be written: {source}")]
    #[diagnostic(code(engram::file::unwritable), help("{}", help_writing(source)))]
    CannotWrite {
        /// The file.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file is longer than any of its kind should be.
    #[error("{name} is longer than {}, the limit for {kind}", byte_size::describe(*limit_bytes))]
    #[diagnostic(code(engram::file::too_long), help("is it the right file? {}", kind.origin()))]
    FileTooLong {
        /// The file.
        name: String,
        /// What it starts like.
        kind: FileKind,
        /// The limit.
        limit_bytes: u64,
    },
    /// There is more input than is kept.
    #[error("{name} has more than {} of input", byte_size::describe(*limit_bytes))]
    #[diagnostic(code(engram::limit::input), help("give the input as a file: only that of a pipe is kept in memory"))]
    InputTooLong {
        /// Where from.
        name: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// A file is of another kind.
    #[error("{name} is {}, not {}", found_text(*found), wanted_text(wanted))]
    #[diagnostic(code(engram::file::wrong_kind), help("{}", help_kinds(wanted)))]
    WrongKind {
        /// The file.
        name: String,
        /// What it should be.
        wanted: &'static [FileKind],
        /// What it is, if that is known.
        found: Option<FileKind>,
    },
    /// An ELF file is not a program for this machine.
    #[error("{name} is not a program that engram can run: {source}")]
    #[diagnostic(code(engram::file::elf), help("guests/README.md says what a guest program is and how to build one"))]
    Elf {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: ElfError,
    },

    /// A key cannot be read.
    #[error("{name}: {source}")]
    #[diagnostic(code(engram::file::key), help("make the key anew with `engram setup`, from the ELF file"))]
    Key {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: FileError,
    },
    /// A proof is of another version of the format.
    #[error("{name}: {source}")]
    #[diagnostic(code(engram::file::proof_version), help("prove anew, or check it with the version that made it"))]
    ProofVersion {
        /// The file.
        name: String,
        /// Which versions.
        source: FileError,
    },

    /// A proof file is damaged.
    #[error("the proof is not valid: {source}")]
    #[diagnostic(code(engram::proof::damaged), help("get the file again; do not trust what it claims"))]
    DamagedProof {
        /// What is wrong with it.
        source: FileError,
    },
    /// A segment of a proof is damaged.
    #[error("the proof is not valid: segment {segment}: {source}")]
    #[diagnostic(code(engram::proof::damaged), help("get the file again; do not trust what it claims"))]
    DamagedSegment {
        /// Which, counted from 1.
        segment: usize,
        /// What is wrong with it.
        source: EngineError,
    },
    /// A proof's plan is not one for the program.
    #[error("the proof is not valid: {source}")]
    #[diagnostic(code(engram::proof::plan), help("is it a proof of this program? If so, do not trust what it claims"))]
    InvalidPlan {
        /// What is wrong with it.
        source: PlanError,
    },
    /// A plan cannot be read.
    #[error("{name}: {source}")]
    #[diagnostic(code(engram::file::plan), help("make the plan anew with `engram plan`, from the ELF file"))]
    Plan {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: FileError,
    },
    /// A plan is of another program.
    #[error("{name} is a plan of another program")]
    #[diagnostic(code(engram::file::plan_of_other), help("make one for this program with `engram plan`"))]
    PlanOfOther {
        /// The file.
        name: String,
    },
    /// A plan says what no circuit can prove.
    #[error("{name}: {source}")]
    #[diagnostic(code(engram::file::plan_unusable), help("make the plan anew with `engram plan`, from the ELF file"))]
    PlanUnusable {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: PlanError,
    },
    /// Stored memory cannot be used.
    #[error("{name}: {source}")]
    #[diagnostic(code(engram::store), help("{}", help_state(source)))]
    State {
        /// The file.
        name: String,
        /// Why not.
        source: StateError,
    },
    /// A proof does not hold.
    #[error("the proof is not valid: {source}")]
    #[diagnostic(code(engram::proof::invalid), help("{}", help_invalid(source)))]
    InvalidProof {
        /// Why not.
        source: VerifyError,
    },
    /// A proof holds, and is of a run that ended otherwise than it should.
    #[error("the proof is valid, but the guest exited with {}, not {expected}", exit_code::describe(*value))]
    #[diagnostic(code(engram::proof::exit), help("if it should, say so with --expect-exit {}", *value as i32))]
    UnexpectedExit {
        /// All of what it exited with.
        value: u32,
        /// What was asked for.
        expected: ExpectedExit,
    },

    /// The guest did what it must not.
    #[error("the guest faulted: {fault}")]
    #[diagnostic(code(engram::guest::fault), help("{}", fault.help()))]
    Fault {
        /// What, and where.
        fault: Fault,
    },
    /// The guest is not done.
    #[error("the guest did not exit within {max_steps} instructions")]
    #[diagnostic(code(engram::limit::steps), help("allow more with --max-steps"))]
    OutOfSteps {
        /// The limit.
        max_steps: u64,
    },
    /// The run has more accesses than a trace may.
    #[error("the run makes more than {accesses} accesses, the most of a trace")]
    #[diagnostic(code(engram::limit::trace), help("trace its first part: --max-steps {steps}"))]
    TraceTooLong {
        /// The limit.
        accesses: usize,
        /// Instructions whose accesses fit.
        steps: u64,
    },
    /// The guest wrote too much.
    #[error("the guest went over a limit: {fault}")]
    #[diagnostic(code(engram::limit::output), help("{}", fault.help()))]
    OutputLimit {
        /// What, and where.
        fault: Fault,
    },
    /// The guest's input or output failed on this side.
    #[error("the guest's {stream} failed: {message}")]
    #[diagnostic(code(engram::stream), help("look at the file or pipe that is connected to the guest"))]
    Stream {
        /// Which stream.
        stream: &'static str,
        /// The system's reason.
        message: String,
    },
    /// The guest cannot be proven within the limits.
    #[error("{source}")]
    #[diagnostic(code(engram::limit::memory), help("choose another --max-ram"))]
    ProverLimit {
        /// Which limit.
        source: Box<ProveError>,
    },
    /// engram is at fault.
    #[error("{message}")]
    #[diagnostic(code(engram::internal), help("this is a fault of engram itself; please report it with what you ran"))]
    Internal {
        /// What happened.
        message: String,
    },
    /// Who reads the guest's output has gone. Like other programs, end without a word.
    #[error("standard output was closed")]
    #[diagnostic(code(engram::closed))]
    OutputClosed,
}

/// Exit codes of the `engram` binary.
pub mod exit_codes {
    /// Something that should not happen.
    pub const INTERNAL: u8 = 1;
    /// The command line, or a file that it names, cannot be used.
    pub const USAGE: u8 = 2;
    /// The guest did what it must not.
    pub const FAULT: u8 = 3;
    /// The proof does not hold, or is of a run that ended otherwise than it should.
    pub const INVALID: u8 = 4;
    /// Memory, time or disk ran out.
    pub const LIMIT: u8 = 5;
    /// A file of the wrong kind or version.
    pub const FILE_KIND: u8 = 6;
    /// What a shell shows for a program that wrote to a closed pipe.
    pub const CLOSED_PIPE: u8 = 128 + 13;
}

impl Failure {
    /// The failure of a run that a fault ended.
    pub fn of_fault(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::OutputLimit { .. } => Self::OutputLimit { fault },
            FaultKind::Host { stream, message } => Self::Stream { stream, message },
            _ => Self::Fault { fault },
        }
    }

    /// The failure of a run that could not be proven.
    pub fn of_proving(error: ProveError) -> Self {
        match error {
            ProveError::Fault(fault) => Self::of_fault(*fault),
            ProveError::OutOfSteps { max_steps } => Self::OutOfSteps { max_steps },
            ProveError::Ram { .. } | ProveError::TooManyRows { .. } => Self::ProverLimit { source: Box::new(error) },
            error => Self::Internal { message: error.to_string() },
        }
    }

    /// The failure to read a proof file.
    pub fn of_proof_file(name: String, source: FileError) -> Self {
        match source {
            FileError::Magic { .. } | FileError::Version { .. } => Self::ProofVersion { name, source },
            _ => Self::DamagedProof { source },
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::StandardInputTwice
            | Self::StandardOutputTwice
            | Self::OutputIsInput { .. }
            | Self::NoOutput
            | Self::NoProgram => exit_codes::USAGE,
            Self::CannotRead { source, .. } | Self::CannotWrite { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    exit_codes::LIMIT
                }
                _ => exit_codes::USAGE,
            },
            Self::WrongKind { .. }
            | Self::Elf { .. }
            | Self::Key { .. }
            | Self::ProofVersion { .. }
            | Self::Plan { .. }
            | Self::PlanOfOther { .. }
            | Self::PlanUnusable { .. } => exit_codes::FILE_KIND,
            Self::State { source, .. } => exit_code_of_state(source),
            Self::DamagedProof { .. }
            | Self::DamagedSegment { .. }
            | Self::InvalidPlan { .. }
            | Self::InvalidProof { .. }
            | Self::UnexpectedExit { .. } => exit_codes::INVALID,
            Self::Fault { .. } => exit_codes::FAULT,
            Self::OutOfSteps { .. }
            | Self::TraceTooLong { .. }
            | Self::OutputLimit { .. }
            | Self::FileTooLong { .. }
            | Self::InputTooLong { .. }
            | Self::ProverLimit { .. } => exit_codes::LIMIT,
            Self::Stream { .. } | Self::Internal { .. } => exit_codes::INTERNAL,
            Self::OutputClosed => exit_codes::CLOSED_PIPE,
        }
    }
}

fn exit_code_of_state(error: &StateError) -> u8 {
    let io_code = |error: &io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => exit_codes::LIMIT,
        _ => exit_codes::USAGE,
    };
    match error {
        StateError::Store(StoreError::Io { source, .. }) => io_code(source),
        StateError::Store(StoreError::Storage { source, .. }) => match &**source {
            redb::Error::Io(source) => io_code(source),
            _ => exit_codes::USAGE,
        },
        StateError::Store(
            StoreError::NotAStore { .. }
            | StoreError::Unfinished
            | StoreError::Version { .. }
            | StoreError::Spaces { .. }
            | StoreError::Hash
            | StoreError::Program { .. }
            | StoreError::Mismatch { .. }
            | StoreError::Malformed { .. }
            | StoreError::Stray { .. }
            | StoreError::Import { .. }
            | StoreError::UnexpectedRoot { .. },
        ) => exit_codes::FILE_KIND,
        _ => exit_codes::USAGE,
    }
}

fn help_state(error: &StateError) -> &'static str {
    match error {
        StateError::OtherRoot { .. } => "`engram store info` tells its root; has another run changed it?",
        StateError::Store(StoreError::AlreadyOpen) => "wait until the other command is done",
        StateError::Store(StoreError::Program { .. }) => "each program has a state of its own: name another file",
        StateError::Store(StoreError::Io { .. } | StoreError::Missing { .. } | StoreError::Exists { .. }) => {
            "check the name, the folder and the disk"
        }
        StateError::Store(
            StoreError::NotAStore { .. }
            | StoreError::Unfinished
            | StoreError::Version { .. }
            | StoreError::Import { .. },
        ) => "`--store` and `engram store import` make states, `engram store export` makes exports",
        _ => "the state is as it was before; `engram store verify` looks at all of it",
    }
}

fn help_invalid(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Chain { segment: 0, what: "memory" } => {
            "it is of a run on stored memory: give the proofs before it, or the memory's root with --initial-root"
        }
        VerifyError::OtherProgram => "give the program that the proof was made for",
        _ => "do not trust what it claims",
    }
}

fn help_reading(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the name; it is looked for from the current folder",
        io::ErrorKind::PermissionDenied => "ask for the right to read it",
        io::ErrorKind::IsADirectory => "name a file in it",
        _ => "check the file and the disk that it is on",
    }
}

fn help_writing(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "make the folder first, or name another",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "name a folder that you may write to",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or name a folder on another disk"
        }
        io::ErrorKind::IsADirectory => "name a file in it",
        _ => "check the folder and the disk that it is on",
    }
}

fn found_text(found: Option<FileKind>) -> String {
    found.map_or_else(|| "some other kind of file".to_owned(), |kind| kind.to_string())
}

fn wanted_text(wanted: &[FileKind]) -> String {
    let kinds: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    kinds.join(" or ")
}

fn help_kinds(wanted: &[FileKind]) -> String {
    let origins: Vec<&str> = wanted.iter().map(|kind| kind.origin()).collect();
    origins.join("; ")
}
