//! What both provers are told.

use std::path::PathBuf;

use clap::Args;

/// Which guest to prove, and what to write into the record so that it can be told from others.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// The guest, an ELF file.
    pub elf: PathBuf,
    /// The guest's name.
    #[arg(long)]
    pub guest: String,
    /// The name of its size.
    #[arg(long)]
    pub size: String,
    /// Which run this is: runs of the tools with the same number were made one after the other.
    #[arg(long, default_value_t = 1)]
    pub pair: u32,
    /// When the run began, as the caller writes it.
    #[arg(long, default_value = "")]
    pub date: String,
    /// Which commit of engram is measured, as the caller writes it.
    #[arg(long, default_value = "")]
    pub commit: String,
}
