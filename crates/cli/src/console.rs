//! What the user sees.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, ReportHandler};
use serde::Serialize;

use crate::failure::Failure;

/// Prints to standard output. That its reader has gone is no failure of the command: what it was to do is done.
pub fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints to standard error, where standard output is taken by something else.
pub fn print_aside(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints one JSON object to standard output.
pub fn print_json(object: &impl Serialize) {
    match serde_json::to_string(object) {
        Ok(text) => print(&(text + "\n")),
        // Only maps with other keys than texts cannot be written, and there are none.
        Err(error) => eprintln!("engram: {error}"),
    }
}

/// Prints a failure to standard error.
pub fn print_failure(failure: &Failure) {
    if matches!(failure, Failure::OutputClosed) {
        return;
    }
    struct Rendered<'a>(&'a Failure, GraphicalReportHandler);
    impl std::fmt::Debug for Rendered<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.1.debug(self.0, f)
        }
    }
    let handler = if io::stderr().is_terminal() {
        GraphicalReportHandler::new()
    } else {
        // For log files and other programs: no colours, and a line is a line.
        GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_wrap_lines(false)
    };
    // Where standard error is closed too, nobody is there to tell.
    let _ = writeln!(io::stderr(), "{:?}", Rendered(failure, handler.without_cause_chain()));
}
