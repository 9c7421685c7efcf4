//! Where trust ends: every crate that the verifier is built from carries its lints, and nothing there that a verifier runs uses what is
//! excepted from them.

use std::collections::{BTreeMap, BTreeSet};

use super::complaint::Complaint;
use super::files::TextFile;
use super::module::{Import, Module};

/// What the verifier is.
const VERIFIER: &str = "verifier";

/// The lints, as `lib.rs` of each of its crates has them.
const LINTS: &str = "#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]
";

/// Why a module may be excepted; more may follow.
const REASONS: [&str; 2] = ["only provers run it", "only tests run it"];

/// Names of excepted modules that others use all the same, by the file that does. Types and traits, of which nothing is run there.
const NAMED_ONLY: &[(&str, &[&str])] = &[
    // What proving costs is a question about a parameter set.
    ("crates/stark/src/parameters.rs", &["Size"]),
    // What a witness is asked for.
    ("crates/vm/src/row.rs", &["Access"]),
    // The kinds of rows that an extension is written on.
    ("crates/vm/src/extension.rs", &["RowWriter", "ValueRow"]),
];

/// Complains about the crates of the verifier.
pub fn complaints(files: &[TextFile]) -> Vec<Complaint> {
    let trusted = closure(files, VERIFIER);
    let sources: Vec<Source<'_>> =
        files.iter().filter_map(Source::of).filter(|file| trusted.contains(file.package)).collect();
    let mut complaints: Vec<Complaint> =
        trusted.iter().flat_map(|package| lints_are_there(&sources, package)).collect();
    complaints.extend(sources.iter().flat_map(exceptions_have_reasons));
    let excepted = Excepted::of(&sources);
    complaints.extend(sources.iter().flat_map(|source| nothing_excepted_is_used(source, &excepted)));
    complaints
}

/// A crate with all that it needs when it is no test.
fn closure<'a>(files: &'a [TextFile], package: &'a str) -> BTreeSet<&'a str> {
    let mut closure = BTreeSet::new();
    let mut open = vec![package];
    while let Some(package) = open.pop() {
        if !closure.insert(package) {
            continue;
        }
        let path = format!("crates/{package}/Cargo.toml");
        let manifest = files.iter().find(|file| file.path == path).map_or("", |file| &file.text);
        let section =
            manifest.split("\n[").find_map(|section| section.trim_start_matches('[').strip_prefix("dependencies]"));
        open.extend(section.unwrap_or_default().lines().filter_map(|line| {
            let rest = line.strip_prefix("engram-")?;
            rest.split(|c: char| !c.is_alphanumeric() && c != '-').next()
        }));
    }
    closure
}

/// A file of a crate.
struct Source<'a> {
    file: &'a TextFile,
    package: &'a str,
    /// The names of the modules on the way to it.
    module: Vec<&'a str>,
}

impl<'a> Source<'a> {
    fn of(file: &'a TextFile) -> Option<Self> {
        let (package, path) = file.path.strip_prefix("crates/")?.split_once("/src/")?;
        let mut module: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
        module.pop_if(|last| matches!(*last, "lib" | "mod"));
        Some(Self { file, package, module })
    }

    /// Module declarations without a body: the attributes above each, and its name.
    fn declarations(&self) -> Vec<(usize, String, &'a str)> {
        let mut declarations = vec![];
        let mut attributes = String::new();
        for (index, line) in self.file.text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["mod", name] | [_, "mod", name] if name.ends_with(';') => {
                    declarations.push((index + 1, std::mem::take(&mut attributes), name.trim_end_matches(';')));
                }
                _ if line.starts_with("#[") || (!attributes.is_empty() && line.starts_with([' ', ')'])) => {
                    attributes.push_str(line);
                }
                _ => attributes.clear(),
            }
        }
        declarations
    }

    fn complaint(&self, line: usize, advice: String) -> Complaint {
        Complaint { path: self.file.path.clone(), line, advice }
    }
}

fn lints_are_there(sources: &[Source<'_>], package: &str) -> Option<Complaint> {
    let root = sources.iter().find(|source| source.package == package && source.module.is_empty());
    if root.is_some_and(|root| root.file.text.contains(LINTS)) {
        return None;
    }
    let advice = format!("the verifier needs this crate: add its lints, as in crates/{VERIFIER}/src/lib.rs");
    Some(Complaint { path: format!("crates/{package}/src/lib.rs"), line: 0, advice })
}

/// A lint that is off for a module says who runs it, and one that is off for an item says why it is met.
fn exceptions_have_reasons(source: &Source<'_>) -> Vec<Complaint> {
    let text = &source.file.text;
    let mut complaints = vec![];
    for (start, _) in text.match_indices("#[allow(").chain(text.match_indices("#[expect(")) {
        let Some((attribute, rest)) = text[start..].split_once(")]") else { continue };
        if !attribute.contains("clippy::") {
            continue;
        }
        let reason = attribute.split_once("reason = \"").map(|(_, reason)| reason);
        let item = rest.lines().find(|line| !line.is_empty() && !line.starts_with("#[")).unwrap_or_default();
        let is_module = item.split_whitespace().any(|word| word == "mod");
        let is_fine = match reason {
            None => false,
            Some(reason) => !is_module || REASONS.iter().any(|known| reason.starts_with(known)),
        };
        if !is_fine {
            let line = text[..start].lines().count() + 1;
            let advice = format!("an exception from the verifier's lints: say why; of a module, one of {REASONS:?}");
            complaints.push(source.complaint(line, advice));
        }
    }
    complaints
}

/// What is excepted, by crate: modules, and names of theirs that others pass on.
#[derive(Default)]
struct Excepted(BTreeMap<String, BTreeSet<Vec<String>>>);

impl Excepted {
    fn of(sources: &[Source<'_>]) -> Self {
        let mut excepted = Self::default();
        for source in sources {
            for (_, attributes, name) in source.declarations() {
                if is_excepted(&attributes) {
                    excepted.insert(source, name);
                }
            }
        }
        // Names that are passed on by the crate's root or by another module, which may be passed on again.
        loop {
            let mut found = vec![];
            for source in sources.iter().filter(|source| !excepted.holds_module(source)) {
                let imports = Module::parse(&source.file.text).imports.into_iter();
                let passed_on = imports.filter(|import| import.is_public && excepted.holds(source, &import.path));
                found.extend(passed_on.map(|import| (source, import.alias)));
            }
            let before = excepted.0.values().map(BTreeSet::len).sum::<usize>();
            found.iter().for_each(|(source, name)| excepted.insert(source, name));
            if excepted.0.values().map(BTreeSet::len).sum::<usize>() == before {
                return excepted;
            }
        }
    }

    fn insert(&mut self, source: &Source<'_>, name: &str) {
        let path = source.module.iter().copied().chain([name]).map(str::to_owned).collect();
        self.0.entry(source.package.to_owned()).or_default().insert(path);
    }

    fn holds_path(&self, package: &str, path: &[&str]) -> bool {
        let is_in = |known: &Vec<String>| known.len() <= path.len() && known.iter().zip(path).all(|(a, b)| a == b);
        self.0.get(package).is_some_and(|known| known.iter().any(is_in))
    }

    fn holds_module(&self, source: &Source<'_>) -> bool {
        self.holds_path(source.package, &source.module)
    }

    /// Whether a path that a file names is excepted.
    fn holds(&self, source: &Source<'_>, path: &[&str]) -> bool {
        let Some((&first, rest)) = path.split_first() else { return false };
        if let Some(package) = first.strip_prefix("engram_") {
            return self.holds_path(&package.replace('_', "-"), rest);
        }
        let supers = path.iter().take_while(|name| **name == "super").count();
        let (kept, rest) = match first {
            "crate" => (0, rest),
            "self" => (source.module.len(), rest),
            _ => (source.module.len().saturating_sub(supers), &path[supers..]),
        };
        self.holds_path(source.package, &[&source.module[..kept], rest].concat())
    }
}

/// Attributes of a module that no verifier runs.
fn is_excepted(attributes: &str) -> bool {
    attributes.contains("cfg(test)")
        || REASONS.iter().any(|reason| attributes.contains(&format!("reason = \"{reason}")))
}

fn nothing_excepted_is_used(source: &Source<'_>, excepted: &Excepted) -> Vec<Complaint> {
    if excepted.holds_module(source) {
        return vec![];
    }
    let named = NAMED_ONLY.iter().find(|(path, _)| *path == source.file.path).map_or(&[][..], |(_, names)| names);
    let Module { imports, mentions } = Module::parse(&source.file.text);
    let imports = imports.into_iter().filter(|import| !import.is_public).map(|Import { path, .. }| path);
    // A name alone, outside of an import, is one of the file's own.
    let mentions = mentions.into_iter().filter(|path| path.len() > 1);
    let wrong = imports
        .chain(mentions)
        .filter(|path| excepted.holds(source, path) && !path.last().is_some_and(|name| named.contains(name)));
    wrong
        .map(|path| {
            let advice = format!(
                "a verifier runs this file, and `{}` is excepted from its lints: split what both need from the rest",
                path.join("::")
            );
            source.complaint(0, advice)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXCEPTED: &str = "#[allow(clippy::panic, reason = \"only provers run it\")]\n";

    /// Complaints about a verifier that stands on `memory` with a module `fill` that is excepted and passes `Fill` on, where one file
    /// is another.
    fn broken(path: &str, text: &str) -> Vec<String> {
        let root = format!("//! x\n\n{LINTS}\n");
        let memory = format!("{root}{EXCEPTED}pub mod fill;\npub mod tree;\n\npub use fill::Fill;\n");
        let mut files: BTreeMap<&str, String> = BTreeMap::from([
            ("crates/verifier/Cargo.toml", "[dependencies]\nengram-memory.workspace = true\n".to_owned()),
            (
                "crates/memory/Cargo.toml",
                "[package]\n\n[dev-dependencies]\nengram-prover.workspace = true\n".to_owned(),
            ),
            ("crates/verifier/src/lib.rs", root),
            ("crates/memory/src/lib.rs", memory),
            ("crates/memory/src/fill.rs", "use crate::tree::Tree;\nuse crate::fill::Fill;\n".to_owned()),
            ("crates/memory/src/tree.rs", "use std::fmt;\n".to_owned()),
            ("crates/prover/src/lib.rs", "use engram_memory::fill::Fill;\n".to_owned()),
        ]);
        files.insert(path, text.replace("LINTS\n", LINTS));
        let files: Vec<TextFile> =
            files.into_iter().map(|(path, text)| TextFile { path: path.to_owned(), text }).collect();
        complaints(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn crates_of_the_verifier_have_its_lints() {
        assert_eq!(broken("README.md", ""), [""; 0]);
        assert_eq!(broken("crates/memory/src/lib.rs", "pub mod tree;\n").len(), 1);
        let fewer = LINTS.replace("        clippy::panic,\n", "");
        assert_eq!(broken("crates/verifier/src/lib.rs", &fewer).len(), 1);
        let needs_more = "[dependencies]\nengram-memory.workspace = true\nengram-vm.workspace = true\n";
        assert_eq!(broken("crates/verifier/Cargo.toml", needs_more).len(), 1);
    }

    #[test]
    fn exceptions_say_why() {
        let root = |attribute: &str| format!("LINTS\n{attribute}\npub mod tree;\n");
        assert_eq!(broken("crates/memory/src/lib.rs", &root("#[allow(clippy::panic)]")).len(), 1);
        let other = "#[allow(\n    clippy::panic,\n    reason = \"it is quicker\"\n)]";
        assert_eq!(broken("crates/memory/src/lib.rs", &root(other)).len(), 1);
        let item = |reason: &str| format!("#[expect(clippy::panic{reason})]\nfn f() {{}}\n");
        assert_eq!(broken("crates/memory/src/tree.rs", &item("")).len(), 1);
        assert_eq!(broken("crates/memory/src/tree.rs", &item(", reason = \"an index is below 2\"")), [""; 0]);
    }

    #[test]
    fn nothing_excepted_is_used_by_a_verifier() {
        for text in [
            "use crate::fill::Fill;",
            "use super::fill;",
            "use crate::{\n    Fill,\n    tree,\n};",
            "use crate::Fill as Other;",
        ] {
            assert_eq!(broken("crates/memory/src/tree.rs", text).len(), 1, "{text}");
        }
        for text in [
            "use engram_memory::fill::Fill;",
            "use engram_memory::{Fill, tree::Tree};",
            "pub fn f() {\n    use engram_memory::fill;\n}",
            "pub fn f() {\n    engram_memory::fill::f();\n}",
        ] {
            assert_eq!(broken("crates/verifier/src/key.rs", text).len(), 1, "{text}");
        }
        for text in [
            "use engram_memory::tree::Fill;",
            "#[cfg(test)]\nmod tests {\n    use engram_memory::Fill;\n}",
            "// use engram_memory::Fill;",
        ] {
            assert_eq!(broken("crates/verifier/src/key.rs", text), [""; 0], "{text}");
        }
        // What a name is passed on by may be passed on itself.
        assert_eq!(broken("crates/memory/src/tree.rs", "pub use crate::fill::Fill;"), [""; 0]);
    }
}
