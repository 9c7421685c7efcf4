//! The command line, as its users write it.

use std::convert::Infallible;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

use crate::byte_size::ByteSize;
use crate::exit_code::ExpectedExit;
use crate::source::Source;

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
}

impl Command {
    /// Whether it prints one JSON object on standard output.
    pub fn json(&self) -> bool {
        match self {
            Self::Run(arguments) => arguments.json,
            Self::Prove(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
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
    /// The proof; `-` for standard input.
    #[arg(value_name = "GUEST.proof")]
    pub proof: Source,
    /// Which program it must be a proof of.
    #[command(flatten)]
    pub program: ProgramArguments,
    /// The exit code that the guest must have ended with: all 32 bits of it. 128 to 255 also stand for -128 to -1.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true)]
    pub expect_exit: ExpectedExit,
    /// Write the proven output to this file; `-` for standard output. Nothing is written unless all is as expected.
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
