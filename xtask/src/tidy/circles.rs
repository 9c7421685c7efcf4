//! Files of a crate that import each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::complaint::Complaint;
use super::files::TextFile;
use super::module::Module;

/// Complains about each set of files of a crate that import each other, directly or through others.
///
/// A file that only re-exports a name imports nothing: whoever imports the name from it imports it from where it is defined.
/// Files that only tests have are left out.
pub fn complaints(files: &[TextFile]) -> Vec<Complaint> {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    // A guest's start-up code and its `main` call each other.
    for file in files.iter().filter(|file| file.is_rust() && !file.path.starts_with("guests/")) {
        let Some((name, path)) = file.path.split_once("/src/") else { continue };
        crates.entry(name).or_default().insert(path, file);
    }
    crates.into_values().flat_map(Crate::complaints).collect()
}

/// The modules of a crate, by their paths from its root, such as `a::b`.
#[derive(Default)]
struct Crate<'a> {
    modules: BTreeMap<String, (&'a TextFile, Module<'a>)>,
}

/// The path from the root to a module within another.
fn child(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") }
}

/// The path to the module around another.
fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// Longest chain of re-exports that is followed.
const CHAIN_MAX: usize = 16;

impl<'a> Crate<'a> {
    /// Adds a file by its path from `src`.
    fn insert(&mut self, path: &str, file: &'a TextFile) {
        let names: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
        if names.iter().any(|&name| name == "tests" || name == "bin") {
            return;
        }
        let names = if matches!(names[..], ["lib" | "main"]) {
            &[][..]
        } else {
            names.strip_suffix(&["mod"]).unwrap_or(&names)
        };
        self.modules.insert(names.join("::"), (file, Module::parse(&file.text)));
    }

    fn complaints(mut self) -> Vec<Complaint> {
        self.leave_out_tests();
        let edges: BTreeMap<&str, BTreeMap<&str, &str>> =
            self.modules.keys().map(|module| (module.as_str(), self.edges(module))).collect();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            edges.keys().map(|&module| (module, reached(&edges, module))).collect();
        let mut told = BTreeSet::new();
        let mut complaints = Vec::new();
        for (&module, from_module) in &reached {
            if from_module.contains(module) && told.insert(module) {
                told.extend(from_module.iter().filter(|&other| reached[other].contains(module)));
                let circle = self.shortest_circle(&edges, module);
                let advice = format!("imports in a circle ({circle}): move what both ends need to a file of its own");
                complaints.push(Complaint { path: self.modules[module].0.path.clone(), line: 0, advice });
            }
        }
        complaints
    }

    /// Takes out the modules that no other declares, which are those of tests, and what is in them.
    fn leave_out_tests(&mut self) {
        let is_declared = |module: &String| {
            let mut module = module.as_str();
            while !module.is_empty() {
                let (around, name) = (parent(module), module.rsplit("::").next().unwrap_or_default());
                let declares = |(_, code): &(&TextFile, Module)| code.mentions.iter().any(|path| path[..] == [name]);
                if !self.modules.get(around).is_some_and(declares) {
                    return false;
                }
                module = around;
            }
            true
        };
        let declared: BTreeSet<String> = self.modules.keys().filter(|module| is_declared(module)).cloned().collect();
        self.modules.retain(|module, _| declared.contains(module));
    }

    /// The modules that a module imports from, each with one of the names.
    fn edges(&self, from: &str) -> BTreeMap<&str, &'a str> {
        let code = &self.modules[from].1;
        let imports = code.imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
        let paths = imports.chain(&code.mentions);
        paths.filter_map(|path| self.definition(from, path, CHAIN_MAX)).filter(|(module, _)| *module != from).collect()
    }

    /// The module that defines what a path names, and the name. Nothing for a module itself, and for what is of no file here.
    fn definition<'n>(&self, from: &str, path: &[&'n str], chain: usize) -> Option<(&str, &'n str)>
    where
        'a: 'n,
    {
        let (&first, mut rest) = path.split_first()?;
        let mut module = match first {
            "crate" => String::new(),
            "self" => from.to_owned(),
            "super" => parent(from).to_owned(),
            name if self.modules.contains_key(&child(from, name)) => child(from, name),
            name => return self.imported(from, name, rest, chain),
        };
        while let Some((&name, after)) = rest.split_first() {
            if name == "super" {
                module = parent(&module).to_owned();
            } else if self.modules.contains_key(&child(&module, name)) {
                module = child(&module, name);
            } else if self.modules.get(&module)?.1.imports.iter().any(|import| import.alias == name) {
                return self.imported(&module, name, after, chain);
            } else {
                return self.modules.get_key_value(&module).map(|(module, _)| (module.as_str(), name));
            }
            rest = after;
        }
        None
    }

    /// The module that defines what a module imports by a name, with the rest of a path behind it.
    fn imported<'n>(&self, from: &str, name: &str, rest: &[&'n str], chain: usize) -> Option<(&str, &'n str)>
    where
        'a: 'n,
    {
        let import = self.modules[from].1.imports.iter().find(|import| import.alias == name)?;
        // `use x;` of another crate names itself.
        let path: Vec<&'n str> = import.path.iter().copied().chain(rest.iter().copied()).collect();
        self.definition(from, &path, chain.checked_sub(1)?)
    }

    /// One way from a module through others and back, with what each imports from the next.
    fn shortest_circle(&self, edges: &BTreeMap<&str, BTreeMap<&str, &str>>, start: &str) -> String {
        let mut ways = VecDeque::from([vec![start]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            let last = way[way.len() - 1];
            if way.len() > 1 && last == start {
                let steps: Vec<String> = way
                    .windows(2)
                    .map(|pair| format!("{} takes `{}` from", self.modules[pair[0]].0.path, edges[pair[0]][pair[1]]))
                    .collect();
                return format!("{} {}", steps.join(" "), self.modules[start].0.path);
            }
            for &next in edges[last].keys() {
                if seen.insert(next) {
                    ways.push_back([&way[..], &[next]].concat());
                }
            }
        }
        String::new()
    }
}

/// The modules that can be reached from one, itself only by a circle.
fn reached<'e>(edges: &BTreeMap<&'e str, BTreeMap<&'e str, &str>>, start: &'e str) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        open.extend(edges[module].keys().filter(|&&next| reached.insert(next)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::files::TextFile;
    use super::complaints;

    fn circles(files: &[(&str, &str)]) -> usize {
        let file =
            |&(path, text): &(&str, &str)| TextFile { path: format!("crates/x/src/{path}"), text: text.to_owned() };
        complaints(&files.iter().map(file).collect::<Vec<_>>()).len()
    }

    #[test]
    fn files_that_import_each_other_are_found() {
        let root = ("lib.rs", "mod a; mod b; mod c; pub use a::A;");
        let pair = [root, ("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "use super::a::A; pub struct B;")];
        assert_eq!(circles(&pair), 1);
        let through_the_root = [root, ("a.rs", "use crate::b; fn f(_: b::B) {}"), ("b.rs", "fn f(_: crate::A) {}")];
        assert_eq!(circles(&through_the_root), 1);
        let three = [root, ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use crate::A;")];
        assert_eq!(circles(&three), 1);
        let with_its_parent =
            [root, ("a/mod.rs", "mod d; pub use d::D; struct A(D);"), ("a/d.rs", "use super::A; pub struct D;")];
        assert_eq!(circles(&with_its_parent), 1);
    }

    #[test]
    fn one_direction_reexports_and_tests_are_no_circle() {
        let root = ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;");
        let a = ("a/mod.rs", "mod d; pub use d::D; pub struct A; #[cfg(test)] mod tests { use crate::B; }");
        let children = [("a/d.rs", "use super::A; pub struct D;"), ("a/tests.rs", "use crate::B;")];
        assert_eq!(
            circles(&[root, a, children[0], children[1], ("b.rs", "// crate::b\nuse crate::{A, a::D}; pub struct B;")]),
            0
        );
    }
}
