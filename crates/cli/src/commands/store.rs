//! `engram store`: looking after states.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use engram_store::StoreError;
use engram_store::{StateError, StateFile, digest_of};
use serde::Serialize;

use crate::arguments::{StoreCommand, StoreFileArguments};
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::source::Source;
use crate::table::{Align, Table};
use crate::{byte_size, console, hex};

/// What `info --json` prints.
#[derive(Serialize)]
struct InfoObject {
    root: String,
    generation: u64,
    /// Generations that can still be read, the current one included.
    generations_kept: u64,
    program_commitment: String,
    /// Pages of 4 KiB with a byte that is not zero.
    pages: u64,
    /// Of the file.
    bytes: u64,
}

/// What `history --json` prints a line of.
#[derive(Serialize)]
struct GenerationObject {
    generation: u64,
    root: String,
}

/// Does what was asked for.
pub fn store(command: &StoreCommand) -> Result<u8, Failure> {
    match command {
        StoreCommand::Info(arguments) => info(arguments),
        StoreCommand::Verify(arguments) => verify(arguments),
        StoreCommand::History(arguments) => history(arguments),
        StoreCommand::Compact(arguments) => compact(arguments),
        StoreCommand::Export { state, output } => export(state, output),
        StoreCommand::Import { state, from } => import(state, from),
    }
}

fn failed(path: &Path) -> impl Fn(StateError) -> Failure + Copy + '_ {
    |source| Failure::State { name: path.display().to_string(), source }
}

fn failed_store(path: &Path) -> impl Fn(StoreError) -> Failure + Copy + '_ {
    |source| Failure::State { name: path.display().to_string(), source: source.into() }
}

fn info(arguments: &StoreFileArguments) -> Result<u8, Failure> {
    let path = &arguments.state;
    let (state, program) = StateFile::open(path).map_err(failed(path))?;
    let info = state.store().info().map_err(failed_store(path))?;
    let object = InfoObject {
        root: hex::digest(&state.root().map_err(failed(path))?),
        generation: info.generation,
        generations_kept: info.generations_kept,
        program_commitment: hex::digest(&program),
        pages: info.pages,
        bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
    };
    if arguments.json {
        console::print_json(&object);
    } else {
        console::print(&format!(
            "  {:<14} {}\n  {:<14} {}\n  {:<14} {}, and {} before it\n  {:<14} {} of 4 KiB\n  {:<14} {}\n",
            "root",
            object.root,
            "program",
            object.program_commitment,
            "generation",
            object.generation,
            object.generations_kept.saturating_sub(1),
            "pages",
            object.pages,
            "file",
            byte_size::describe(object.bytes),
        ));
    }
    Ok(0)
}

fn verify(arguments: &StoreFileArguments) -> Result<u8, Failure> {
    let path = &arguments.state;
    let (state, _) = StateFile::open(path).map_err(failed(path))?;
    let verified = state.store().verify_all().map_err(failed_store(path))?;
    let root = hex::digest(&state.root().map_err(failed(path))?);
    if arguments.json {
        console::print_json(&serde_json::json!({
            "valid": true, "root": root, "pages": verified.pages, "generations": verified.generations,
        }));
    } else {
        console::print(&format!(
            "The state is whole: {} pages hash to the root, and {} generations can be read.\n  {:<14} {root}\n",
            verified.pages, verified.generations, "root",
        ));
    }
    Ok(0)
}

fn history(arguments: &StoreFileArguments) -> Result<u8, Failure> {
    let path = &arguments.state;
    let (state, _) = StateFile::open(path).map_err(failed(path))?;
    let generations = state.store().history().map_err(failed_store(path))?;
    let root =
        |roots: &[[u8; 32]]| roots.first().and_then(digest_of).map_or_else(String::new, |root| hex::digest(&root));
    if arguments.json {
        let generation = |info: &engram_store::GenerationInfo| GenerationObject {
            generation: info.generation,
            root: root(&info.roots),
        };
        console::print_json(&generations.iter().map(generation).collect::<Vec<_>>());
        return Ok(0);
    }
    let mut table = Table::new(&[("generation", Align::Right), ("root", Align::Left)]);
    for info in &generations {
        table.row([info.generation.to_string(), root(&info.roots)]);
    }
    console::print(&table.to_string());
    Ok(0)
}

fn compact(arguments: &StoreFileArguments) -> Result<u8, Failure> {
    let path = &arguments.state;
    let (state, _) = StateFile::open(path).map_err(failed(path))?;
    state.compact().map_err(failed(path))?;
    drop(state);
    info(arguments)
}

fn export(path: &Path, output: &Source) -> Result<u8, Failure> {
    let (state, _) = StateFile::open(path).map_err(failed(path))?;
    let destination = Destination::of(output)?;
    destination.write_with(|to| {
        let mut to = BufWriter::new(to);
        state.store().export(&mut to).map_err(failed_store(path))?;
        to.flush().map_err(|source| destination.failure(source))
    })?;
    if !destination.is_standard() {
        let root = hex::digest(&state.root().map_err(failed(path))?);
        console::print(&format!("  {:<14} {root}\n  {:<14} {}\n", "root", "export", destination.name()));
    }
    Ok(0)
}

fn import(path: &Path, from: &Path) -> Result<u8, Failure> {
    // It is read twice: for its program, and for its pages.
    let open = || -> Result<Box<dyn Read>, StoreError> {
        let file = File::open(from).and_then(|file| {
            if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::IsADirectory.into()) }
        });
        let file = file.map_err(|source| StoreError::Io { doing: "opening the export", source })?;
        Ok(Box::new(BufReader::new(file)))
    };
    let (state, program) = StateFile::import(path, open).map_err(failed(path))?;
    console::print(&format!(
        "  {:<14} {}\n  {:<14} {}\n",
        "root",
        hex::digest(&state.root().map_err(failed(path))?),
        "program",
        hex::digest(&program),
    ));
    Ok(0)
}
