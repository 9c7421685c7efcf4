//! How far proving is, on a terminal.

use std::time::Duration;

use engram_prover::Progress;
use indicatif::{ProgressBar, ProgressStyle};

const TRYING: &str = "{spinner} running the guest: {human_pos} instructions, {elapsed}";
const PROVING: &str = "{spinner} {msg} [{wide_bar}] {human_pos}/{human_len} instructions, {elapsed}";
/// Once it is known how fast it goes.
const PROVING_AT_SOME_SPEED: &str =
    "{spinner} {msg} [{wide_bar}] {human_pos}/{human_len} instructions, {elapsed}, {eta} left";

/// A bar on standard error; nothing where that is not a terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Of the segment that is being proven.
    instructions: u64,
    is_last: bool,
}

impl Bar {
    /// A bar for trying the guest, of which nobody knows how long it runs.
    pub fn trying() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style(TRYING));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, instructions: 0, is_last: false }
    }

    /// Says how many instructions were tried so far.
    pub fn tried(&self, instructions: u64) {
        self.bar.set_position(instructions);
    }

    /// Turns into a bar for proving this many instructions.
    pub fn prove(&self, instructions: u64) {
        self.bar.set_message("preparing");
        self.bar.set_style(style(PROVING));
        self.bar.set_length(instructions);
        self.bar.set_position(0);
        self.bar.reset_elapsed();
    }

    /// Takes note of what the prover says.
    pub fn note(&mut self, progress: Progress) {
        match progress {
            Progress::Executed { segment, instructions, last } => {
                (self.instructions, self.is_last) = (instructions, last);
                self.bar.set_message(format!("proving segment {}", segment + 1));
            }
            Progress::Proven { .. } => {
                self.bar.inc(self.instructions);
                if self.is_last {
                    self.bar.set_style(style(PROVING));
                    self.bar.set_message("checking the proof");
                } else {
                    self.bar.set_style(style(PROVING_AT_SOME_SPEED));
                }
            }
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
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
