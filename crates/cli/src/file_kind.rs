//! The kinds of files that engram reads, told apart by their first bytes.

use std::fmt;

use engram_verifier::key::KEY_FILE;
use engram_verifier::plan_file::PLAN_FILE;
use engram_verifier::proof::{PROOF_BYTES_MAX, PROOF_FILE};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An executable.
    Elf,
    /// A program's verification key.
    Key,
    /// A proof.
    Proof,
    /// Blocks to prove a program with.
    Plan,
}

impl FileKind {
    /// Bytes that are enough to tell the kind.
    pub const MAGIC_BYTES_MAX: u64 = 16;

    /// Every kind.
    pub const ALL: &[Self] = &[Self::Elf, Self::Key, Self::Proof, Self::Plan];

    /// The kind of a file that starts with these bytes.
    pub fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"\x7fELF") {
            Some(Self::Elf)
        } else if KEY_FILE.matches(start) {
            Some(Self::Key)
        } else if PROOF_FILE.matches(start) {
            Some(Self::Proof)
        } else if PLAN_FILE.matches(start) {
            Some(Self::Plan)
        } else {
            None
        }
    }

    /// The longest file of this kind that is read.
    pub fn limit_bytes(self) -> u64 {
        match self {
            // Debug information can be many times the program.
            Self::Elf => 1 << 30,
            Self::Key => 64 << 20,
            Self::Plan => 1 << 20,
            Self::Proof => PROOF_BYTES_MAX,
        }
    }

    /// Where a file of this kind comes from.
    pub fn origin(self) -> &'static str {
        match self {
            Self::Elf => "a RISC-V compiler and linker make ELF files, with -march=rv32im -mabi=ilp32 -static",
            Self::Key => "`engram setup` makes keys",
            Self::Proof => "`engram prove` makes proofs",
            Self::Plan => "`engram plan` makes plans",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "an ELF file",
            Self::Key => "an engram key",
            Self::Proof => "an engram proof",
            Self::Plan => "an engram plan",
        })
    }
}
