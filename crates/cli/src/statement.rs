//! What a proof proves, for people and for programs.

use std::fmt::Write as _;

use engram_verifier::Statement;
use serde::Serialize;

use crate::{byte_size, exit_code, hex};

/// Most bytes of output that are shown to people.
const OUTPUT_SHOWN_BYTES: usize = 160;

/// A statement as part of a JSON object.
#[derive(Debug, Serialize)]
pub struct StatementObject {
    /// As a parent process on Linux sees it: 0 to 255.
    pub exit_code: u8,
    /// All 32 bits of the exit's argument.
    pub exit_value: u32,
    pub output_hex: String,
    pub segments: usize,
    pub program_commitment: String,
    pub initial_root: String,
    pub final_root: String,
    pub security_bits: f64,
}

impl StatementObject {
    pub fn of(statement: &Statement) -> Self {
        Self {
            exit_code: exit_code::status(statement.exit_value),
            exit_value: statement.exit_value,
            output_hex: hex::bytes(&statement.output),
            segments: statement.segments,
            program_commitment: hex::digest(&statement.program_commitment),
            initial_root: hex::digest(&statement.initial_root),
            final_root: hex::digest(&statement.final_root),
            security_bits: statement.security_bits,
        }
    }
}

/// A statement in a few lines.
pub fn describe(statement: &Statement) -> String {
    let mut lines = String::new();
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: String| {
        let _ = writeln!(lines, "  {name:<14} {value}");
    };
    line("program", hex::digest(&statement.program_commitment));
    line("memory before", hex::digest(&statement.initial_root));
    line("memory after", hex::digest(&statement.final_root));
    line("exit code", exit_code::describe(statement.exit_value));
    line("output", describe_output(&statement.output));
    line("segments", statement.segments.to_string());
    line("security", format!("{:.1} bits, proven", statement.security_bits));
    lines
}

/// Output as text if it is one, else as hexadecimal digits; of a long one, the start.
fn describe_output(output: &[u8]) -> String {
    if output.is_empty() {
        return "none".to_owned();
    }
    let shown = &output[..output.len().min(OUTPUT_SHOWN_BYTES)];
    let more = if shown.len() < output.len() { " ..." } else { "" };
    let is_text = |text: &str| !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
    let content = match std::str::from_utf8(shown) {
        Ok(text) if is_text(text) => format!("{text:?}"),
        _ => hex::bytes(&shown[..shown.len().min(OUTPUT_SHOWN_BYTES / 4)]),
    };
    format!("{}: {content}{more}", byte_size::describe(output.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::describe_output;

    #[test]
    fn output_is_shown_as_what_it_is() {
        assert_eq!(describe_output(b""), "none");
        assert_eq!(describe_output(b"abc\n"), "4 bytes: \"abc\\n\"");
        assert_eq!(describe_output(&[0, 0xff]), "2 bytes: 00ff");
        assert_eq!(describe_output(b"\x1b[31m"), "5 bytes: 1b5b33316d");
        let long = describe_output(&[b'x'; 500]);
        assert!(long.ends_with("x\" ...") && long.len() < 200, "{long}");
    }
}
