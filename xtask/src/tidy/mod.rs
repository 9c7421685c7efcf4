//! `cargo xtask tidy`: the house rules, which also run as a test.

mod circles;
mod complaint;
mod crates;
mod files;
mod module;
mod rules;
mod tokens;
mod trust;

use crate::failure::Failure;
use crate::step::root;
use complaint::Complaint;

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
    let of_crates = crates::complaints(&files).into_iter().chain(circles::complaints(&files));
    Ok(of_files.chain(of_crates).chain(trust::complaints(&files)).collect())
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
