//! Runs the `engram` command for the tests.

// Each test file is a program of its own, and not all of them use all of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use engram_rv32im::testing::guest_elf;

/// How a command ended.
pub struct Ended {
    /// Exit code; -1 after a signal.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    /// Fails the test unless the command ended with this code.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard error:\n{}", self.stderr);
        self
    }

    /// Fails the test unless standard error says this.
    #[track_caller]
    pub fn saying(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in standard error:\n{}", self.stderr);
        self
    }

    /// The JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let text = std::str::from_utf8(&self.stdout).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(text.matches('\n').count(), 1, "one object on one line: {text}");
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// Runs `engram` without input.
pub fn engram<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    engram_reading(b"", arguments)
}

/// Runs `engram` with these bytes on standard input.
pub fn engram_reading<A: AsRef<OsStr>>(input: &[u8], arguments: impl IntoIterator<Item = A>) -> Ended {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut stdin = child.stdin.take().unwrap_or_else(|| panic!("no standard input"));
    let input = input.to_vec();
    // A command may end without reading, so that writing fails.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
    writer.join().unwrap_or_else(|_| panic!("writing the input failed"));
    Ended { code: status.code().unwrap_or(-1), stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() }
}

/// The command itself.
pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_engram"))
}

/// A guest's ELF file, as an argument.
pub fn guest(name: &str) -> String {
    text(&guest_elf(name))
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A file's bytes.
pub fn read(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// Writes a file.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()));
}

/// A folder that goes away.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
}

/// Names of the files in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
