//! What a house rule says.

use std::fmt;

use super::files::TextFile;

/// A broken rule: where, and what to do instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, from the root of the checkout.
    pub path: String,
    /// Counted from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong, and what to do.
    pub advice: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.advice),
            line => write!(f, "{}:{line}: {}", self.path, self.advice),
        }
    }
}

/// Complains about each line of a file that breaks a rule.
pub fn lines(file: &TextFile, breaks: impl Fn(&str) -> bool, advice: &str) -> Vec<Complaint> {
    let numbered = file.text.lines().enumerate().filter(|(_, line)| breaks(line));
    numbered
        .map(|(index, _)| Complaint { path: file.path.clone(), line: index + 1, advice: advice.to_owned() })
        .collect()
}
