//! Rules for crates.

use super::Complaint;
use super::files::TextFile;

/// The crates, in layers: each depends only on those before it.
const LAYERS: [&str; 8] = ["air", "memory", "vm", "rv32im", "machine", "verifier", "prover", "cli"];

/// Crates that know nothing of proofs, and so depend on no other crate here.
const KNOWS_NO_OTHER: [&str; 2] = ["air", "rv32im"];

/// Complains about crates.
pub fn complaints(files: &[TextFile]) -> Vec<Complaint> {
    let manifests = files.iter().filter_map(|file| Some((file, crate_of(&file.path)?)));
    manifests
        .flat_map(|(manifest, name)| layers_are_kept(manifest, name).into_iter().chain(lints_are_on(manifest)))
        .collect()
}

/// The name of the crate whose manifest this is.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|name| !name.contains('/'))
}

fn layers_are_kept(manifest: &TextFile, name: &str) -> Vec<Complaint> {
    let complaint = |line, advice| Complaint { path: manifest.path.clone(), line, advice };
    let Some(layer) = LAYERS.iter().position(|&layer| layer == name) else {
        let advice =
            "a crate without a place: put it into LAYERS in xtask/src/tidy/crates.rs, and into ARCHITECTURE.md";
        return vec![complaint(0, advice.to_owned())];
    };
    let allowed = if KNOWS_NO_OTHER.contains(&name) { &[] } else { &LAYERS[..layer] };
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
        complaints(&[TextFile { path: path.to_owned(), text: format!("{text}\n[lints]\nworkspace = true\n") }]).len()
    }

    #[test]
    fn a_crate_may_only_know_what_is_below_it() {
        assert_eq!(broken("crates/vm/Cargo.toml", "engram-memory.workspace = true"), 0);
        assert_eq!(broken("crates/memory/Cargo.toml", "engram-vm.workspace = true"), 1);
        assert_eq!(broken("crates/rv32im/Cargo.toml", "engram-air = { path = \"../air\" }"), 1);
        assert_eq!(broken("crates/rv32im/Cargo.toml", "engram-rv32im = { path = \".\" }"), 0);
        assert_eq!(broken("crates/new/Cargo.toml", ""), 1);
    }
}
