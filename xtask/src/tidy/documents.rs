//! Rules for documents.

use std::path::Path;

use super::Complaint;
use super::files::TextFile;

/// Folders whose files documents name by their path from the root.
const ROOTS: [&str; 6] = ["crates/", "docs/", "guests/", "xtask/", ".ci/", ".cargo/"];

/// Complains about documents that name files, or tests in them, which are not there.
pub fn complaints(root: &Path, files: &[TextFile]) -> Vec<Complaint> {
    let exists = |path: &str| match path.split_once("::") {
        None => root.join(path).exists(),
        Some((path, function)) => {
            let function = format!("fn {}(", function.rsplit("::").next().unwrap_or_default());
            files.iter().any(|file| file.path == path && file.text.contains(&function))
        }
    };
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|document| dead_paths(document, &exists)).collect()
}

/// Paths in backquotes, and the targets of links.
fn dead_paths(document: &TextFile, exists: &dyn Fn(&str) -> bool) -> Vec<Complaint> {
    let folder = document.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut complaints = Vec::new();
    for (index, line) in document.text.lines().enumerate() {
        let quoted = line.split('`').skip(1).step_by(2).filter(|text| is_path(text)).map(str::to_owned);
        let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains(':')).map(|link| format!("{folder}{link}"));
        for path in quoted.chain(links).filter(|path| !exists(path)) {
            let advice = format!("{path} is not there: what moves or renames something corrects the documents too");
            complaints.push(Complaint { path: document.path.clone(), line: index + 1, advice });
        }
    }
    complaints
}

fn is_path(text: &str) -> bool {
    ROOTS.iter().any(|root| text.starts_with(root)) && !text.contains([' ', '*', '<', '{']) && !text.contains("NAME")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> usize {
        let document = TextFile { path: "docs/x.md".to_owned(), text: text.to_owned() };
        dead_paths(&document, &|path| path == "crates/there" || path == "docs/there.md").len()
    }

    #[test]
    fn named_files_must_be_there() {
        assert_eq!(
            broken("see `crates/there` and [this](there.md#part), not `crates/NAME` or [that](https://x.y/z)"),
            0
        );
        assert_eq!(broken("see `crates/gone` and [this](gone.md)"), 2);
    }
}
