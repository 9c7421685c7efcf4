//! Proves a log of accesses with engram's memory or with OpenVM's, and verifies the proof. Prints one line of JSON.

#![deny(unsafe_code)]

mod access_air;
mod engram;
mod log;
mod openvm;
mod report;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use peer_report::{Meter, Tool, cpu_model};

use crate::log::Shape;
use crate::report::Line;

/// Prove a log of memory accesses.
#[derive(Parser)]
struct Arguments {
    /// Whose memory.
    memory: MemoryOf,
    /// Which accesses.
    #[arg(long, value_enum, default_value_t = Shape::Words)]
    shape: Shape,
    /// How many.
    #[arg(long, default_value_t = 1 << 18)]
    accesses: usize,
    /// Blocks of 4 cells that they go to.
    #[arg(long, default_value_t = 1 << 14)]
    blocks: usize,
    /// What the log is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Base-two logarithm of the committed matrix' height: engram's choice, or 24 for OpenVM, where nothing is said.
    #[arg(long)]
    log_stacked_height: Option<usize>,
    /// When the run began, as the caller writes it.
    #[arg(long, default_value = "")]
    date: String,
    /// Which commit of engram is measured, as the caller writes it.
    #[arg(long, default_value = "")]
    commit: String,
}

/// Whose memory proves the log.
#[derive(Clone, Copy, ValueEnum)]
enum MemoryOf {
    /// This repository's.
    Engram,
    /// OpenVM's.
    Openvm,
}

fn main() -> Result<()> {
    let meter = Meter::new();
    let arguments = Arguments::parse();
    let Arguments { shape, accesses, blocks, seed, .. } = arguments;
    let log = log::generate(shape, accesses, blocks, seed)?;
    let (tool, run) = match arguments.memory {
        MemoryOf::Engram => (Tool::Engram, engram::run(&meter, &log, arguments.log_stacked_height)?),
        MemoryOf::Openvm => {
            let height = arguments.log_stacked_height.unwrap_or(openvm::LOG_STACKED_HEIGHT_MAX);
            (Tool::Openvm, openvm::run(&meter, &log, height)?)
        }
    };
    let cpus = std::thread::available_parallelism().context("the system does not say how many processors it has")?;
    let prove = run.total - run.keys;
    let cells = run.tables.iter().map(|table| table.cells).sum::<u64>();
    let interactions = run.tables.iter().map(|table| table.interactions).sum::<u64>();
    let line = Line {
        tool,
        log_stacked_height: run.log_stacked_height,
        shape,
        accesses,
        blocks,
        seed,
        cells,
        interactions,
        cells_per_access: cells as f64 / accesses as f64,
        interactions_per_access: interactions as f64 / accesses as f64,
        cpu_s_total: run.total.cpu_s,
        cpu_s_keygen: run.keys.cpu_s,
        cpu_s_prove: prove.cpu_s,
        cpu_us_per_access: prove.cpu_s * 1e6 / accesses as f64,
        wall_s: prove.wall_s,
        peak_rss_bytes: run.peak_rss_bytes,
        proof_bytes: run.proof_bytes,
        verified: true,
        date: arguments.date,
        commit: arguments.commit,
        cpu_model: cpu_model(),
        cpus: cpus.get(),
        tables: run.tables,
    };
    println!("{}", serde_json::to_string(&line)?);
    Ok(())
}
