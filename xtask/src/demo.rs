//! `cargo xtask demo`: a first proof.

use std::path::{Path, absolute};

use crate::failure::Failure;
use crate::step::{cargo, root, run};

const GUEST: &str = "guests/elf/sha256.elf";
const PROOF: &str = "target/sha256.proof";

/// Builds engram, proves SHA-256 of a file, and verifies the proof.
pub fn demo(file: Option<&str>) -> Result<(), Failure> {
    // The programs below run in the root of the checkout.
    let input = match file {
        Some(file) => absolute(file).map_err(|error| Failure::File { name: file.to_owned(), error })?,
        None => root().join("README.md"),
    };
    let input = input.to_string_lossy();
    run(&cargo(), &["build", "--release", "--locked", "--package", "engram-cli"])?;
    let engram = target_folder().join("release/engram");
    let engram = engram.to_string_lossy();
    run(&engram, &["prove", GUEST, "--input", &input, "--output", PROOF, "--plan", "auto"])?;
    run(&engram, &["verify", PROOF, "--elf", GUEST])?;
    eprintln!("\nThe output is the SHA-256 of a file. Compare: sha256sum {input}");
    Ok(())
}

fn target_folder() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| Path::new(&folder).to_owned())
}
