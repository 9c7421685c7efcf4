//! The command line, as its users write it.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

use crate::byte_size::ByteSize;
use crate::exit_code::ExpectedExit;
use crate::root::Root;
use crate::source::Source;
use crate::trace_file::TraceFile;

/// Runs RISC-V programs and proves that they ran as written.
#[derive(Debug, Parser)]
#[command(name = "engram", version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 internal error; 2 wrong use; 3 the guest faulted; 4 the proof is invalid or the guest's exit code is
not the expected one; 5 a resource limit; 6 the wrong kind or version of file. `engram run` ends with the guest's own exit
code, as an emulator does.

A proof is not zero-knowledge: the input is not published, but a proof may reveal something about it.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a guest program, without proving anything.
    Run(RunArguments),
    /// Run a guest program and prove that it ran as written.
    Prove(ProveArguments),
    /// Choose the blocks of instructions to prove a program's runs with.
    Plan(PlanArguments),
    /// Check a proof, and say what it proves.
    Verify(VerifyArguments),
    /// Derive a program's verification key, so that proofs can be checked without its ELF file.
    Setup(SetupArguments),
    /// Say what is in an ELF file, a key, a proof or a plan.
    Inspect(InspectArguments),
    /// Look after the stored memory of a program, which `run --store` and `prove --store` start on and change.
    #[command(subcommand)]
    Store(StoreCommand),
}

impl Command {
    /// Whether it prints one JSON object on standard output.
    pub fn json(&self) -> bool {
        match self {
            Self::Run(arguments) => arguments.json,
            Self::Prove(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
            Self::Store(command) => command.json(),
            Self::Plan(_) | Self::Setup(_) | Self::Inspect(_) => false,
        }
    }
}

/// Of `engram run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The program, a static RV32IM executable; `-` for standard input.
    #[arg(value_name = "GUEST.elf")]
    pub guest: Source,
    /// What the guest reads from its file 0; `-` for standard input. Empty where not given.
    #[arg(long, value_name = "FILE|-")]
    pub input: Option<Source>,
    /// Stop after this many instructions.
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Write every access of the run to registers, memory and output to this file, in the format of its name: `.csv`, `.jsonl` or
    /// `.parquet`. Also where the run ends badly; at most 16777216 accesses.
    #[arg(long, value_name = "FILE.{csv,jsonl,parquet}", conflicts_with = "store")]
    pub trace: Option<TraceFile>,
    /// The stored memory to start on.
    #[command(flatten)]
    pub state: StoreArguments,
    /// Print one JSON object on standard output in place of the guest's output.
    #[arg(long)]
    pub json: bool,
}

/// Of `engram prove`.
#[derive(Debug, Args)]
pub struct ProveArguments {
    /// The program, a static RV32IM executable; `-` for standard input.
    #[arg(value_name = "GUEST.elf")]
    pub guest: Source,
    /// What the guest reads from its file 0; `-` for standard input. Empty where not given.
    #[arg(long, value_name = "FILE|-")]
    pub input: Option<Source>,
    /// Where the proof goes; `-` for standard output. GUEST.proof beside GUEST.elf where not given.
    #[arg(short, long, value_name = "GUEST.proof")]
    pub output: Option<Source>,
    /// Memory that proving may take, in bytes or with K, M, G or T. Less memory means more, shorter segments.
    #[arg(long, value_name = "SIZE")]
    pub max_ram: Option<ByteSize>,
    /// Which blocks of instructions to prove in one row each: chosen for this run (auto), none, or those of a file that
    /// `engram plan` or `engram prove` wrote. Blocks make proving several times faster.
    #[arg(long, value_name = "auto|none|FILE", default_value = "auto")]
    pub plan: PlanChoice,
    /// The stored memory to start on.
    #[command(flatten)]
    pub state: StoreArguments,
    /// Threads to prove with; all cores where not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Stop after this many instructions.
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Which blocks to prove with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanChoice {
    /// Chosen for this run.
    Auto,
    /// None: one instruction a row.
    None,
    /// Those of a plan file, or of a proof.
    Of(Source),
}

impl FromStr for PlanChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            "none" => Self::None,
            _ => Self::Of(text.parse()?),
        })
    }
}

impl PlanChoice {
    /// The file that it names.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Of(source) => Some(source),
            Self::Auto | Self::None => None,
        }
    }
}

/// Of `engram plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The program, a static RV32IM executable; `-` for standard input.
    #[arg(value_name = "GUEST.elf")]
    pub guest: Source,
    /// What the guest reads from its file 0 in the run that the plan is made for; `-` for standard input. Empty where not
    /// given.
    #[arg(long, value_name = "FILE|-")]
    pub input: Option<Source>,
    /// Where the plan goes; `-` for standard output.
    #[arg(short, long, value_name = "GUEST.plan")]
    pub output: Source,
    /// Look at this many instructions of the run; all where not given.
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
}

/// Of `engram verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The proof; `-` for standard input. Of several, each must start on the memory that the one before left.
    #[arg(value_name = "GUEST.proof", required = true)]
    pub proofs: Vec<Source>,
    /// Which program it must be a proof of.
    #[command(flatten)]
    pub program: ProgramArguments,
    /// The exit code that the guest must have ended with: all 32 bits of it. 128 to 255 also stand for -128 to -1.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true)]
    pub expect_exit: ExpectedExit,
    /// The root of the memory that the first run must have started on; that of the program's own image where not given.
    #[arg(long, value_name = "HEX")]
    pub initial_root: Option<Root>,
    /// Write the proven output of the last proof to this file; `-` for standard output. Nothing is written unless all is as expected.
    #[arg(long, value_name = "FILE")]
    pub output_to: Option<Source>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// The program that a proof must be of.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ProgramArguments {
    /// The program itself; its key is derived. `-` for standard input.
    #[arg(long, value_name = "GUEST.elf")]
    pub elf: Option<Source>,
    /// The program's key, from `engram setup`; `-` for standard input.
    #[arg(long, value_name = "GUEST.vk")]
    pub key: Option<Source>,
}

/// Of `engram setup`.
#[derive(Debug, Args)]
pub struct SetupArguments {
    /// The program, a static RV32IM executable; `-` for standard input.
    #[arg(value_name = "GUEST.elf")]
    pub guest: Source,
    /// Make the key quickest for the blocks of this proof or plan. It is good for all proofs of the program.
    #[arg(long, value_name = "GUEST.proof|GUEST.plan")]
    pub plan_of: Option<Source>,
    /// Where the key goes; `-` for standard output.
    #[arg(short, long, value_name = "GUEST.vk")]
    pub output: Source,
}

/// Of `engram inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// An ELF file, a key, a proof or a plan; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: Source,
    /// The program that a proof or a plan is of, to name its tables and blocks.
    #[arg(long, value_name = "GUEST.elf")]
    pub elf: Option<Source>,
}

/// On which memory a run starts.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// Start on the memory stored in this file, and store there what the run leaves, if the guest exits with 0. Where there is
    /// no file, one is made with the program's own image.
    #[arg(long, value_name = "STATE")]
    pub store: Option<PathBuf>,
    /// Refuse stored memory with another root: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", requires = "store")]
    pub expect_root: Option<Root>,
}

/// Of `engram store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Root, generation, program and size.
    Info(StoreFileArguments),
    /// Recompute every digest, and check that all of it hashes to the root.
    Verify(StoreFileArguments),
    /// The generations that can still be read, with their roots, oldest first.
    History(StoreFileArguments),
    /// Give back the room in the file that nothing uses.
    Compact(StoreFileArguments),
    /// Write all of the stored memory to a file that `import` reads, on any machine and in any version.
    Export {
        /// The stored memory.
        #[arg(value_name = "STATE")]
        state: PathBuf,
        /// Where the export goes; `-` for standard output.
        #[arg(short, long, value_name = "FILE|-")]
        output: Source,
    },
    /// Make stored memory from an export.
    Import {
        /// The file to make.
        #[arg(value_name = "STATE")]
        state: PathBuf,
        /// The export.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
}

impl StoreCommand {
    fn json(&self) -> bool {
        match self {
            Self::Info(arguments) | Self::Verify(arguments) | Self::History(arguments) | Self::Compact(arguments) => {
                arguments.json
            }
            Self::Export { .. } | Self::Import { .. } => false,
        }
    }
}

/// Of most of `engram store`.
#[derive(Debug, Args)]
pub struct StoreFileArguments {
    /// The stored memory.
    #[arg(value_name = "STATE")]
    pub state: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
