//! Rebuilds the guest programs from source.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::packages::{GUEST_COMPILER, GUEST_RUSTC};
use crate::step::{printed, root, run};

/// Version of the C compiler that made the committed ELFs.
const COMMITTED_GCC: &str = "12.2.0";
/// Version of the Rust compiler that made the committed ELF.
const COMMITTED_RUSTC: &str = "rustc 1.96.0";
/// The guest that is written in Rust.
const RUST_GUEST: &str = "wordcount.elf";

/// Rebuilds all guests. The compilers of the committed files must give the same bytes. Others cannot, so what they give
/// must do what the committed files do.
pub fn check_rebuilt() -> Result<(), Failure> {
    let folder = root().join("target/guests");
    let name = folder.to_string_lossy().into_owned();
    let file_error = |error| Failure::File { name: name.clone(), error };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(file_error)?;
    }
    fs::create_dir_all(&folder).map_err(file_error)?;
    run("guests/build.sh", &["-o", &name])?;
    run("guests/rust/build.sh", &["-o", &name])?;

    let gcc = printed(GUEST_COMPILER, &["-dumpfullversion"]).unwrap_or_default();
    let rustc = printed(GUEST_RUSTC, &["--version"]).unwrap_or_default();
    let (same_c, same_rust) = (gcc == COMMITTED_GCC, rustc.starts_with(COMMITTED_RUSTC));
    if !same_c {
        eprintln!(
            "The C guests were committed from gcc {COMMITTED_GCC}. This is {gcc}: its guests are run, not compared."
        );
    }
    if !same_rust {
        eprintln!(
            "The Rust guest was committed from {COMMITTED_RUSTC}. This is {rustc}: its guest is run, not compared."
        );
    }
    if !(same_c && same_rust) {
        run("guests/check.sh", &[&name])?;
    }
    let compared = |guest: &str| if guest == RUST_GUEST { same_rust } else { same_c };
    let guests = differing(&root().join("guests/elf"), &folder)?.into_iter().filter(|guest| compared(guest));
    match guests.collect::<Vec<String>>() {
        guests if guests.is_empty() => Ok(()),
        guests => Err(Failure::GuestsDiffer { guests }),
    }
}

/// Names of files in one folder that are missing in the other, or have another content there.
fn differing(committed: &Path, rebuilt: &Path) -> Result<Vec<String>, Failure> {
    let file_error = |error| Failure::File { name: committed.display().to_string(), error };
    let mut names = Vec::new();
    for entry in fs::read_dir(committed).map_err(file_error)? {
        let entry = entry.map_err(file_error)?;
        let content = fs::read(entry.path()).map_err(file_error)?;
        if fs::read(rebuilt.join(entry.file_name())).ok() != Some(content) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
