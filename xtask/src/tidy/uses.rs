//! What a file names in its `use` lines.

/// A path of a `use`.
#[derive(Debug, PartialEq, Eq)]
pub struct UsedPath {
    /// Counted from 1: where the `use` begins.
    pub line: usize,
    /// Its parts.
    pub path: Vec<String>,
    /// What the file calls it.
    pub name: String,
    /// Whether others may use it from here.
    pub is_passed_on: bool,
}

/// The paths that a file uses, but for those of its tests, which come last.
pub fn of(text: &str) -> Vec<UsedPath> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut used = vec![];
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        match &mut open {
            Some((_, statement)) => statement.push_str(line),
            None if matches!(words[..], ["use", _] | ["pub" | "pub(crate)" | "pub(super)", "use"]) => {
                open = Some((index + 1, line.to_owned()));
            }
            None => {}
        }
        if let Some((line, statement)) = open.take_if(|(_, statement)| statement.ends_with(';')) {
            let (before, tree) = statement.split_once("use ").unwrap_or_default();
            let mut paths = vec![];
            expand(&[], tree.trim_end_matches(';'), &mut paths);
            let is_passed_on = !before.is_empty();
            used.extend(paths.into_iter().map(|(path, name)| UsedPath { line, path, name, is_passed_on }));
        }
    }
    used
}

/// The paths of a tree of names, each with the name that it gets.
fn expand(before: &[String], tree: &str, paths: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if tree.is_empty() {
        return;
    }
    let (head, branches) = match tree.split_once('{') {
        Some((head, rest)) => (head, Some(rest.strip_suffix('}').unwrap_or(rest))),
        None => (tree, None),
    };
    let (head, renamed) = head.split_once(" as ").map_or((head, None), |(head, name)| (head, Some(name)));
    let names = head.split("::").map(str::trim).filter(|name| !name.is_empty());
    let mut path: Vec<String> = before.iter().cloned().chain(names.map(str::to_owned)).collect();
    if let Some(branches) = branches {
        return split(branches).into_iter().for_each(|branch| expand(&path, branch, paths));
    }
    path.pop_if(|last| last == "self" && !before.is_empty());
    let name = renamed.or(path.last().map(String::as_str)).unwrap_or_default().trim().to_owned();
    if !path.is_empty() {
        paths.push((path, name));
    }
}

/// The parts between the commas that are in no braces.
fn split(branches: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (vec![], 0, 0);
    for (index, character) in branches.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&branches[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&branches[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_expanded() {
        let text = "//! use x;\nuse a::{\n    self, b::{C, D as E}, // f\n    g,\n};\npub use h::I;\n\
            #[cfg(test)]\nmod tests {\n    use j::K;\n}\n";
        let used: Vec<(usize, String, String, bool)> =
            of(text).into_iter().map(|used| (used.line, used.path.join("::"), used.name, used.is_passed_on)).collect();
        let expected = [
            (2, "a", "a", false),
            (2, "a::b::C", "C", false),
            (2, "a::b::D", "E", false),
            (2, "a::g", "g", false),
            (6, "h::I", "I", true),
        ];
        assert_eq!(used, expected.map(|(line, path, name, passed)| (line, path.to_owned(), name.to_owned(), passed)));
    }
}
