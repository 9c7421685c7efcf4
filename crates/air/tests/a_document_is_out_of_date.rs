//! What `ARCHITECTURE.md`, `CONTRIBUTING.md` and the pages of `docs` name must exist, and what they say is absent must be.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust files below a folder, each as its path and its text.
fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

fn crates() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| has_manifest(name))
        .collect();
    names.sort();
    names
}

fn has_manifest(name: &str) -> bool {
    root().join("crates").join(name).join("Cargo.toml").exists()
}

/// The packages that a crate depends on, for its tests too.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = read(&format!("crates/{name}/Cargo.toml"));
    let mut section = "";
    let mut found = vec![];
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.contains("dependencies") && !line.starts_with('#') {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            found.push(line[..end].to_owned());
        }
    }
    found
}

/// What stands between two marks, wherever lines are broken.
fn between(text: &str, mark: char) -> Vec<String> {
    text.split("\n\n")
        .flat_map(|paragraph| {
            let joined = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            joined.split(mark).skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The text without its diagrams.
fn prose(document: &str) -> String {
    read(document).split("```").step_by(2).collect::<Vec<_>>().join("\n\n")
}

fn is_path(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    !name.contains(' ') && name.contains('/') && root().join(first).exists()
}

#[test]
fn every_path_exists() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/SOUNDNESS.md", "docs/SOUNDNESS-LIBRARY.md"] {
        for name in between(&prose(document), '`') {
            let (path, function) = name.split_once("::").unwrap_or((&name, ""));
            if is_path(path) {
                assert!(root().join(path).exists(), "{document} names {path}, which is not there");
                let says = function.is_empty() || read(path).contains(&format!("fn {function}("));
                assert!(says, "{document} names {function}, which is not in {path}");
            }
        }
    }
    for word in read("ARCHITECTURE.md").split_whitespace().filter(|word| word.starts_with("crates/")) {
        assert!(root().join(word).exists(), "ARCHITECTURE.md names {word}, which is not there");
    }
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read("ARCHITECTURE.md");
    for name in crates() {
        assert!(map.contains(&format!("### `crates/{name}`: ")), "crates/{name} is not in ARCHITECTURE.md's code map");
    }
}

#[test]
fn every_obligation_names_labels_and_tests_that_exist() {
    let sources: Vec<(String, String)> = rust_files(&root().join("crates"));
    let document = [prose("docs/SOUNDNESS.md"), prose("docs/SOUNDNESS-LIBRARY.md")].join("\n\n");
    for label in between(&document, '"') {
        let literal = format!("\"{label}\"");
        let exists = sources.iter().any(|(path, text)| path.contains("/src/") && text.contains(&literal));
        assert!(exists, "docs names the label {literal}, which no source has");
    }
    // Names of tests are sentences.
    let is_test = |name: &str| {
        name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    for name in between(&document, '`').into_iter().filter(|name| is_test(name)) {
        let exists = sources.iter().any(|(_, text)| text.contains(&format!("fn {name}(")));
        assert!(exists, "docs names the test {name}, which does not exist");
    }
}

#[test]
fn only_stark_names_the_backend() {
    for name in crates().into_iter().filter(|name| name != "stark") {
        // The field and its hash are those of the backend; `air` re-exports them.
        let backend: &[&str] = if name == "air" { &["openvm"] } else { &["openvm", "p3"] };
        for dependency in dependencies(&name) {
            let is_backend = backend.iter().any(|prefix| dependency.starts_with(prefix));
            assert!(!is_backend, "crates/{name} depends on {dependency}: go through crates/stark");
        }
        for (path, text) in rust_files(&root().join("crates").join(&name)) {
            let named = backend.iter().find(|prefix| text.contains(&format!("use {prefix}_")));
            assert!(named.is_none(), "{path} names the backend: go through crates/stark");
        }
    }
}

#[test]
fn no_crate_needs_what_is_absent_from_it() {
    let all = crates();
    let others = |name: &str| all.iter().map(String::as_str).filter(|other| *other != name).collect::<Vec<_>>();
    let absent = [
        ("air", others("air")),
        ("verifier", vec!["prover", "cli"]),
        ("rv32im", others("rv32im")),
        ("memory", vec!["rv32im", "vm", "rv32im-air"]),
        ("vm", vec!["rv32im", "rv32im-air"]),
    ];
    for (name, others) in absent {
        for other in dependencies(name).iter().filter_map(|dependency| dependency.strip_prefix("engram-")) {
            assert!(!others.contains(&other), "crates/{name} must not depend on crates/{other}");
        }
    }
    for (path, text) in rust_files(&root().join("crates/rv32im/src")) {
        for word in ["BabyBear", "PrimeField", "engram_air"] {
            assert!(!text.contains(word), "{path} mentions {word}: the executor knows no fields");
        }
    }
    for (path, text) in rust_files(&root().join("crates/memory/src")) {
        assert!(!text.contains("std::fs"), "{path} names files: memory knows no disk");
    }
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
}
