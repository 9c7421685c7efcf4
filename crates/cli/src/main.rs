//! The `engram` command: runs RISC-V programs, proves that they ran as written, and checks such proofs.

mod arguments;
mod atomic_file;
mod block_table;
mod byte_size;
mod commands;
mod console;
mod error_object;
mod exit_code;
mod failure;
mod file_kind;
mod guest_input;
mod hex;
mod panics;
mod progress;
mod root;
mod source;
mod statement;
mod system_memory;
mod table;
mod trace_file;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use error_object::{ErrorObject, FailureObject};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = panics::caught(|| commands::execute(&arguments.command));
    ExitCode::from(result.unwrap_or_else(|failure| {
        if arguments.command.json() {
            console::print_json(&FailureObject { error: ErrorObject::of(&failure) });
        }
        console::print_failure(&failure);
        failure.exit_code()
    }))
}
