//! Why a task did not succeed.

use std::{fmt, io};

/// Why a task did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// There is no such task.
    Usage,
    /// A program could not be started.
    Start {
        /// The program.
        program: String,
        /// The system's reason.
        error: io::Error,
    },
    /// A program failed.
    Step {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
    },
    /// A file cannot be read or written.
    File {
        /// The file.
        name: String,
        /// The system's reason.
        error: io::Error,
    },
    /// Packages are missing and cannot be installed.
    Packages {
        /// Their names.
        missing: Vec<&'static str>,
        /// Why not.
        why: String,
    },
    /// A rebuilt guest differs from the committed one.
    GuestsDiffer {
        /// Their names.
        guests: Vec<String>,
    },
    /// There is no such crate.
    NoCrate {
        /// Where it would be.
        folder: String,
    },
    /// House rules are broken.
    Untidy {
        /// How many times.
        complaints: usize,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => write!(f, "there is no such task"),
            Self::Start { program, error } => write!(f, "{program} cannot be started: {error}"),
            Self::Step { command, status } => write!(f, "this failed ({status}): {command}"),
            Self::File { name, error } => write!(f, "{name}: {error}"),
            Self::Packages { missing, why } => {
                writeln!(
                    f,
                    "the tests need Debian packages that are missing, and {why}. Install them, then try again:\n"
                )?;
                write!(f, "    apt-get install {}", missing.join(" "))
            }
            Self::GuestsDiffer { guests } => write!(
                f,
                "these committed guests are not what their source gives: {}; rebuild them with guests/build.sh or \
                 guests/rust/build.sh, and commit them",
                guests.join(", ")
            ),
            Self::NoCrate { folder } => write!(f, "there is no crate in {folder}; name a folder of crates, or xtask"),
            Self::Untidy { complaints } => write!(f, "{complaints} house rules are broken"),
        }
    }
}
