//! Rules for crates.

use super::complaint::Complaint;
use super::files::TextFile;

/// The map, whose headings name the crates in order: each depends only on those before it.
const MAP: &str = "ARCHITECTURE.md";

/// Complains about crates.
pub fn complaints(files: &[TextFile]) -> Vec<Complaint> {
    let map = files.iter().find(|file| file.path == MAP).map_or("", |file| &file.text);
    let layers: Vec<&str> = map.lines().filter_map(crate_of_heading).collect();
    let manifests = files.iter().filter_map(|file| Some((file, crate_of(&file.path)?)));
    manifests
        .flat_map(|(manifest, name)| layers_are_kept(manifest, name, &layers).into_iter().chain(lints_are_on(manifest)))
        .collect()
}

/// The crate that a heading like "### `crates/air`: the door" is about.
fn crate_of_heading(line: &str) -> Option<&str> {
    line.strip_prefix("### `crates/")?.split('`').next()
}

/// The name of the crate whose manifest this is.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|name| !name.contains('/'))
}

fn layers_are_kept(manifest: &TextFile, name: &str, layers: &[&str]) -> Vec<Complaint> {
    let complaint = |line, advice| Complaint { path: manifest.path.clone(), line, advice };
    let Some(layer) = layers.iter().position(|&layer| layer == name) else {
        return vec![complaint(
            0,
            format!("a crate without a place: give it a heading in {MAP}, after all that it needs"),
        )];
    };
    let allowed = &layers[..layer];
    let dependencies = manifest.text.lines().enumerate().filter_map(|(index, line)| {
        let rest = line.strip_prefix("engram-")?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(rest.len());
        Some((index + 1, &rest[..end]))
    });
    dependencies
        // A crate's own tests may turn on its features.
        .filter(|(_, dependency)| *dependency != name && !allowed.contains(dependency))
        .map(|(line, dependency)| {
            let advice = format!("`{name}` must not know `{dependency}`: move what it needs to a lower layer");
            complaint(line, advice)
        })
        .collect()
}

fn lints_are_on(manifest: &TextFile) -> Vec<Complaint> {
    if manifest.text.contains("[lints]\nworkspace = true") {
        return Vec::new();
    }
    let advice = "add `[lints]` with `workspace = true`, so that the same lints hold everywhere".to_owned();
    vec![Complaint { path: manifest.path.clone(), line: 0, advice }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> usize {
        let map = "### `crates/air`: x\n### `crates/memory`: y\n### `crates/vm`: z\n".to_owned();
        let manifest = format!("{text}\n[lints]\nworkspace = true\n");
        let files = [(MAP, map), (path, manifest)].map(|(path, text)| TextFile { path: path.to_owned(), text });
        complaints(&files).len()
    }

    #[test]
    fn a_crate_may_only_know_what_is_below_it() {
        assert_eq!(broken("crates/vm/Cargo.toml", "engram-memory.workspace = true"), 0);
        assert_eq!(broken("crates/vm/Cargo.toml", "engram-vm = { path = \".\" }"), 0);
        assert_eq!(broken("crates/memory/Cargo.toml", "engram-vm.workspace = true"), 1);
        assert_eq!(broken("crates/air/Cargo.toml", "engram-memory = { path = \"../memory\" }"), 1);
        assert_eq!(broken("crates/new/Cargo.toml", ""), 1);
    }
}
