//! `engram setup`.

use engram_rv32im_air::plan::Plan;

use super::inputs::{derive_key, read_committed, read_plan};
use crate::arguments::SetupArguments;
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::source::{check_outputs_apart, check_standard_input_once};
use crate::{byte_size, console, hex};

/// Derives a program's key.
pub fn setup(arguments: &SetupArguments) -> Result<u8, Failure> {
    let inputs = || [&arguments.guest].into_iter().chain(&arguments.plan_of);
    check_standard_input_once(inputs())?;
    check_outputs_apart(inputs(), [&arguments.output])?;
    let destination = Destination::of(&arguments.output)?;
    let program = read_committed(&arguments.guest)?;
    let plan = match &arguments.plan_of {
        Some(source) => read_plan(source, &program)?,
        None => Plan::default(),
    };
    let key = derive_key(&program, &plan)?;
    let bytes = key.encode();
    destination.write(&bytes)?;
    let text = format!(
        "  {:<14} {}\n  {:<14} {}\n  {:<14} {:.1} bits, proven\n  {:<14} {}, {}\n",
        "program",
        hex::digest(&key.commitment()),
        "memory before",
        hex::digest(&key.initial_root()),
        "security",
        key.security_bits(),
        "key",
        destination.name(),
        byte_size::describe(bytes.len() as u64),
    );
    if destination.is_standard() {
        console::print_aside(&text)
    } else {
        console::print(&text)
    }
    Ok(0)
}
