//! How far proving is, on a terminal.

use std::time::Duration;

use engram_prover::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error; nothing where that is not a terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Instructions of the segments that were executed and not proven yet.
    executed: u64,
}

impl Bar {
    /// A bar for work of unknown length.
    pub fn trying() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg}: {human_pos} instructions, {elapsed}"));
        bar.set_message("running the guest");
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, executed: 0 }
    }

    /// Says how many instructions were tried so far.
    pub fn tried(&self, instructions: u64) {
        self.bar.set_position(instructions);
    }

    /// Turns into a bar for proving this many instructions.
    pub fn prove(&mut self, instructions: u64) {
        self.bar.set_length(instructions);
        self.bar.set_position(0);
        self.bar.reset_elapsed();
        self.bar.set_style(
            style("{spinner} {msg} [{bar:30}] {human_pos}/{human_len} instructions, {elapsed}, {eta} left")
                .progress_chars("=> "),
        );
        self.bar.set_message("proving");
    }

    /// Takes note of what the prover says.
    pub fn note(&mut self, progress: Progress) {
        match progress {
            Progress::Executed { segment, instructions, .. } => {
                self.executed = instructions;
                self.bar.set_message(format!("proving segment {}", segment + 1));
            }
            Progress::Proven { .. } => self.bar.inc(self.executed),
            _ => {}
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A style from a template that is known to be well-formed.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
