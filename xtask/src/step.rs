//! Running programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::failure::Failure;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Runs a program in the root of the checkout, and says what it is and how long it took.
pub fn run(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let command = std::iter::once(&program).chain(arguments).copied().collect::<Vec<_>>().join(" ");
    eprintln!("\n==> {command}");
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .status()
        .map_err(|error| Failure::Start { program: program.to_owned(), error })?;
    eprintln!("<== {:.0} s", start.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(Failure::Step { command, status: status.to_string() }) }
}

/// What a program prints, trimmed; nothing if it cannot be started or fails.
pub fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The cargo that runs this task.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
