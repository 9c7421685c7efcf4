//! `cargo xtask tidy`: the house rules, which also run as a test.

mod crates;
mod files;
mod rules;
mod trust;
mod uses;

use std::fmt;

use crate::failure::Failure;
use crate::step::root;
use files::TextFile;

/// A broken rule: where, and what to do instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, from the root of the checkout.
    path: String,
    /// Counted from 1; 0 for the whole file.
    line: usize,
    /// What is wrong, and what to do.
    advice: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.advice),
            line => write!(f, "{}:{line}: {}", self.path, self.advice),
        }
    }
}

/// Prints every broken rule.
pub fn tidy() -> Result<(), Failure> {
    let complaints = complaints()?;
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() { Ok(()) } else { Err(Failure::Untidy { complaints: complaints.len() }) }
}

fn complaints() -> Result<Vec<Complaint>, Failure> {
    let files = files::text_files(&root())?;
    let of_files = files.iter().flat_map(|file| rules::RULES.iter().flat_map(move |rule| rule(file)));
    Ok(of_files.chain(crates::complaints(&files)).chain(trust::complaints(&files)).collect())
}

/// Complains about each line of a file that breaks a rule.
fn lines(file: &TextFile, breaks: impl Fn(&str) -> bool, advice: &str) -> Vec<Complaint> {
    let numbered = file.text.lines().enumerate().filter(|(_, line)| breaks(line));
    numbered
        .map(|(index, _)| Complaint { path: file.path.clone(), line: index + 1, advice: advice.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        let complaints = super::complaints().unwrap_or_else(|failure| panic!("{failure}"));
        let list: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        assert!(list.is_empty(), "house rules are broken:\n{}", list.join("\n"));
    }
}
