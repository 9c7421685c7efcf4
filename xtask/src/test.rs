//! `cargo xtask test`: every test there is.

use crate::failure::Failure;
use crate::step::{cargo, run};
use crate::{examples, guests, packages};

/// Runs all tests, after installing what they need.
pub fn test() -> Result<(), Failure> {
    packages::install_missing()?;
    // All of them, also after one has failed: a run takes a while.
    run(&cargo(), &["test", "--workspace", "--locked", "--no-fail-fast"])?;
    examples::run_all()?;
    run("guests/check.sh", &[])?;
    guests::check_rebuilt()?;
    eprintln!("\nAll tests pass.");
    Ok(())
}
