//! Prints the table of a file of records.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Summarise what the provers reported.
#[derive(Parser)]
struct Arguments {
    /// A file with a record on each line.
    records: PathBuf,
}

fn main() -> Result<()> {
    print!("{}", peer_report::table::markdown(&peer_report::read(&Arguments::parse().records)?));
    Ok(())
}
