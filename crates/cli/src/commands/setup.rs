//! `engram setup`.

use super::{derive_key, read_program};
use crate::arguments::SetupArguments;
use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::source::check_outputs_apart;
use crate::{byte_size, console, hex};

/// Derives a program's key.
pub fn setup(arguments: &SetupArguments) -> Result<u8, Failure> {
    check_outputs_apart([&arguments.guest], [&arguments.output])?;
    let destination = Destination::of(&arguments.output)?;
    let key = derive_key(&read_program(&arguments.guest)?)?;
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
