//! Rules for one file.

use super::complaint::{Complaint, lines};
use super::files::TextFile;

/// A rule.
pub type Rule = fn(&TextFile) -> Vec<Complaint>;

/// All of them.
pub const RULES: [Rule; 9] = [
    files_are_short,
    lines_are_short,
    nothing_is_left_to_do,
    modules_are_named_for_what_they_hold,
    names_come_from_one_place,
    ignored_tests_say_why,
    hosts_of_registries_are_configuration,
    paths_are_everybodys,
    rust_files_say_what_they_are,
];

/// Most lines of a file.
const LINES_MAX: usize = 600;

/// One idea a file.
fn files_are_short(file: &TextFile) -> Vec<Complaint> {
    let count = file.text.lines().count();
    if count <= LINES_MAX {
        return Vec::new();
    }
    let advice = format!("{count} lines, more than {LINES_MAX}: it is two ideas, make it two files of up to 500 lines");
    vec![Complaint { path: file.path.clone(), line: 0, advice }]
}

/// Most characters of a line of Rust.
const LINE_MAX: usize = 140;

/// Comments and strings, which rustfmt leaves as they are. A row of a table in a comment cannot be broken.
fn lines_are_short(file: &TextFile) -> Vec<Complaint> {
    if !file.is_rust() {
        return Vec::new();
    }
    let is_row = |line: &str| line.trim_start().trim_start_matches(['/', '!']).trim_start().starts_with('|');
    let breaks = |line: &str| line.chars().count() > LINE_MAX && !is_row(line);
    lines(file, breaks, &format!("more than {LINE_MAX} characters: break the line"))
}

/// Notes to oneself belong into the issue tracker.
fn nothing_is_left_to_do(file: &TextFile) -> Vec<Complaint> {
    // Put together, so that this file does not break the rule.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|parts| parts.concat());
    let macros = [["to", "do!("], ["unimple", "mented!("], ["db", "g!("]].map(|parts| parts.concat());
    let is_word = |line: &str, mark: &str| {
        line.match_indices(mark).any(|(start, _)| {
            let before = line[..start].chars().next_back();
            let after = line[start + mark.len()..].chars().next();
            ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
        })
    };
    let breaks = |line: &str| {
        marks.iter().any(|mark| is_word(line, mark))
            || (file.is_rust() && macros.iter().any(|name| line.contains(name.as_str())))
    };
    lines(file, breaks, "unfinished: do it now, or open an issue and take the mark out")
}

/// A name that fits everything tells nothing.
fn modules_are_named_for_what_they_hold(file: &TextFile) -> Vec<Complaint> {
    const VAGUE: [&str; 7] = ["util", "utils", "common", "misc", "helper", "helpers", "shared"];
    let vague = |name: &&str| VAGUE.contains(name);
    if !file.is_rust() {
        return Vec::new();
    }
    let parts = file.path.split('/').map(|part| part.trim_end_matches(".rs"));
    parts
        .filter(vague)
        .map(|part| Complaint {
            path: file.path.clone(),
            line: 0,
            advice: format!("`{part}` fits everything: name the module for the one thing that it holds"),
        })
        .collect()
}

/// The path of a name must tell its file.
fn names_come_from_one_place(file: &TextFile) -> Vec<Complaint> {
    let breaks = |line: &str| {
        let line = line.trim_start();
        let public = line.starts_with("pub use ") || (line.starts_with("pub(") && line.contains(") use "));
        public && (line.contains("::*") || line.contains("{*"))
    };
    if !file.is_rust() {
        return Vec::new();
    }
    lines(file, breaks, "a glob re-export hides where names come from: list them")
}

/// A test that does not run needs a reason that the reader can judge.
fn ignored_tests_say_why(file: &TextFile) -> Vec<Complaint> {
    if !file.is_rust() {
        return Vec::new();
    }
    lines(file, |line| line.trim() == "#[ignore]", "say why: #[ignore = \"reason\"]")
}

/// Where packages come from is set on each machine.
fn hosts_of_registries_are_configuration(file: &TextFile) -> Vec<Complaint> {
    let hosts = [
        ["index.crates", "io"],
        ["static.crates", "io"],
        ["deb.debian", "org"],
        ["security.debian", "org"],
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["registry.npmjs", "org"],
    ]
    .map(|parts| parts.join("."));
    let breaks = |line: &str| hosts.iter().any(|host| line.contains(host.as_str()));
    lines(file, breaks, "names a registry's host: leave that to the configuration of cargo, apt or pip")
}

/// Folders at the root of any machine; `path` stands for one.
const ROOT_FOLDERS: [&str; 7] = ["bin", "dev", "path", "proc", "sys", "tmp", "usr"];

/// A path that exists on one machine only is of no use to anybody else: one from the root of a file system, but for those that
/// every machine has.
fn paths_are_everybodys(file: &TextFile) -> Vec<Complaint> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let breaks = |line: &str| {
        line.match_indices('/').any(|(start, _)| {
            let starts = line[..start].chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'`(=[,".contains(c));
            let (folder, rest) = line[start + 1..].split_once('/').unwrap_or_default();
            let is_folder = folder.starts_with(|c: char| c.is_ascii_lowercase()) && folder.chars().all(is_name);
            starts && is_folder && rest.starts_with(is_name) && !ROOT_FOLDERS.contains(&folder)
        })
    };
    lines(file, breaks, "a path of one machine: write it from the root of the checkout, or take it as an argument")
}

/// The first thing that a reader needs.
fn rust_files_say_what_they_are(file: &TextFile) -> Vec<Complaint> {
    if !file.is_rust() || file.text.is_empty() || file.text.starts_with("//!") || file.name() == "tests.rs" {
        return Vec::new();
    }
    let advice = "begin with `//!`: what the reader finds here, in a line or two".to_owned();
    vec![Complaint { path: file.path.clone(), line: 1, advice }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_by(rule: Rule, path: &str, text: &str) -> usize {
        rule(&TextFile { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let long = "//! x\n".repeat(LINES_MAX + 1);
        let [mark, host, folder] = [["// TO", "DO: more"], ["https://static.crates.", "io"], ["in /ho", "me/x"]];
        let wide = format!("    // {}", "x".repeat(LINE_MAX));
        let cases: [(Rule, &str, &str); 9] = [
            (files_are_short, "a.rs", &long),
            (lines_are_short, "a.rs", &wide),
            (nothing_is_left_to_do, "a.md", &mark.concat()),
            (modules_are_named_for_what_they_hold, "crates/x/src/utils/y.rs", ""),
            (names_come_from_one_place, "a.rs", "pub use x::*;"),
            (ignored_tests_say_why, "a.rs", "    #[ignore]"),
            (hosts_of_registries_are_configuration, "a.toml", &host.concat()),
            (paths_are_everybodys, "a.sh", &folder.concat()),
            (rust_files_say_what_they_are, "a.rs", "use x;"),
        ];
        for (number, (rule, path, text)) in cases.into_iter().enumerate() {
            assert_eq!(broken_by(rule, path, text), 1, "rule {number}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_left_alone() {
        for rule in RULES {
            let row = format!("//! | {} |", "x".repeat(LINE_MAX));
            let paths = "//! ./work/x, a / b / c, \"/usr/bin/x\", https://engram.example/x/y, and/or/not, crates/x/y";
            for text in ["//! A mastodon's TODOS", paths, &row, "//! x\nuse super::*;\npub use x::{A, B};"] {
                assert_eq!(broken_by(rule, "crates/x/src/a.rs", text), 0, "{text}");
            }
        }
    }
}
