//! The project's own tasks: `cargo xtask` lists them.

mod check;
mod demo;
mod examples;
mod failure;
mod guests;
mod packages;
mod step;
mod test;
mod tidy;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
usage: cargo xtask TASK

  check [CRATE…]  format, lint and test some crates by themselves, by default those that changed
  demo [FILE]     build engram, prove SHA-256 of FILE (by default of README.md), and verify the proof
  test            run all tests; what they need and is missing is installed with apt-get
  examples        only build and run the examples, which check themselves
  guests          only rebuild the guest programs and compare them with the committed ones
  tidy            only check the house rules
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["demo"] => demo::demo(None),
        ["demo", file] => demo::demo(Some(file)),
        ["check", ref crates @ ..] => check::check(crates),
        ["test"] => test::test(),
        ["examples"] => examples::run_all(),
        ["guests"] => guests::check_rebuilt(),
        ["tidy"] => tidy::tidy(),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::Usage),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage) => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
