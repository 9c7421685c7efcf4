//! `cargo xtask check [CRATE…]`: the loop while one changes a crate.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::step::{cargo, printed, root, run};
use crate::tidy;

/// Formats, lints and tests crates by themselves, without the tests in their `tests` folders; those that git says have changed,
/// where none is named. Checks the house rules, too.
pub fn check(names: &[&str]) -> Result<(), Failure> {
    let crates = if names.is_empty() {
        changed()
    } else {
        names.iter().map(|name| folder(name.strip_prefix("engram-").unwrap_or(name))).collect()
    };
    if let Some(unknown) = crates.iter().find(|folder| !root().join(folder).join("Cargo.toml").is_file()) {
        return Err(Failure::NoCrate { folder: unknown.clone() });
    }
    if !crates.is_empty() {
        let all: Vec<String> = crates.iter().map(|folder| package(folder)).collect();
        run_for(&all, &["fmt"], &[])?;
        run_for(&all, &["clippy", "--locked", "--all-targets"], &["--", "-D", "warnings"])?;
        let is_library = |folder: &&String| root().join(folder).join("src/lib.rs").is_file();
        let (libraries, programs): (Vec<&String>, Vec<&String>) = crates.iter().partition(is_library);
        for (folders, targets) in [(libraries, "--lib"), (programs, "--bins")] {
            let packages: Vec<String> = folders.into_iter().map(|folder| package(folder)).collect();
            if !packages.is_empty() {
                run_for(&packages, &["test", "--locked", targets], &[])?;
            }
        }
    }
    tidy::tidy()?;
    let folders: Vec<&str> = crates.iter().map(String::as_str).collect();
    eprintln!(
        "\nChecked: {}.",
        if folders.is_empty() { "only the house rules, as no crate has changed".into() } else { folders.join(", ") }
    );
    Ok(())
}

/// Runs cargo for some packages.
fn run_for(packages: &[String], before: &[&str], after: &[&str]) -> Result<(), Failure> {
    let packages = packages.iter().flat_map(|package| ["--package", package.as_str()]);
    let arguments: Vec<&str> = before.iter().copied().chain(packages).chain(after.iter().copied()).collect();
    run(&cargo(), &arguments)
}

/// The folder of a crate, from the root of the checkout.
fn folder(name: &str) -> String {
    if name == "xtask" { name.to_owned() } else { format!("crates/{name}") }
}

/// The name of the package in a folder.
fn package(folder: &str) -> String {
    match folder.strip_prefix("crates/") {
        Some("engram") => "engram".to_owned(),
        Some(name) => format!("engram-{name}"),
        None => folder.to_owned(),
    }
}

/// Folders of crates with files that differ from the last commit.
fn changed() -> BTreeSet<String> {
    let root = root();
    let root = root.to_string_lossy();
    let differing = printed("git", &["-C", &root, "diff", "--name-only", "--relative", "HEAD"]).unwrap_or_default();
    let new = printed("git", &["-C", &root, "ls-files", "--others", "--exclude-standard"]).unwrap_or_default();
    folders_of(differing.lines().chain(new.lines()))
}

/// The folders of crates that some files are in. A crate that is gone has none.
fn folders_of<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let folder_of = |path: &str| match path.split('/').collect::<Vec<_>>()[..] {
        ["crates", name, _, ..] => Some(folder(name)),
        ["xtask", _, ..] => Some(folder("xtask")),
        _ => None,
    };
    paths.filter_map(folder_of).filter(|folder| root().join(folder).join("Cargo.toml").is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_its_crate() {
        let paths =
            ["crates/air/src/bus.rs", "crates/air/Cargo.toml", "xtask/src/main.rs", "README.md", "crates/gone/a.rs"];
        let folders = folders_of(paths.into_iter());
        assert_eq!(folders.iter().map(|folder| package(folder)).collect::<Vec<_>>(), ["engram-air", "xtask"]);
        assert_eq!(package("crates/engram"), "engram");
    }
}
