//! `cargo xtask examples`: the examples for whoever builds on the library, each of which checks its own result.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::step::{cargo, root, run};

/// Where the examples are. Those of `crates/observe` are tests of their crate.
const FOLDERS: [&str; 3] = ["crates/engram/examples", "crates/memory/examples", "crates/prover/examples"];

/// Those that measure, and take long.
const MEASUREMENTS: [&str; 4] = ["cold_memory", "million_accesses", "plans", "throughput"];

/// Builds all examples as the tests build them, and runs each; stops at the first that fails.
pub fn run_all() -> Result<(), Failure> {
    let names = names()?;
    // The whole workspace's examples: features are then those of the tests, and nothing is built twice.
    run(&cargo(), &["build", "--workspace", "--examples", "--locked"])?;
    let built = built()?;
    for name in &names {
        run(&built.join(name).display().to_string(), &[])?;
    }
    eprintln!("\nAll {} examples check.", names.len());
    Ok(())
}

/// The names of the examples, in alphabetical order.
fn names() -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for folder in FOLDERS {
        let file = |error| Failure::File { name: folder.to_owned(), error };
        for entry in root().join(folder).read_dir().map_err(file)? {
            let path = entry.map_err(file)?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
            }
        }
    }
    names.retain(|name: &String| !MEASUREMENTS.contains(&name.as_str()));
    names.sort();
    Ok(names)
}

/// Where cargo puts examples: beside this program.
fn built() -> Result<PathBuf, Failure> {
    let this = std::env::current_exe().map_err(|error| Failure::File { name: "cargo xtask".to_owned(), error })?;
    Ok(this.parent().unwrap_or(&this).join("examples"))
}
