//! The texts of the project.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// A file that people write.
#[derive(Debug)]
pub struct TextFile {
    /// From the root of the checkout, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl TextFile {
    /// The path's last part.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is Rust source.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Folders that hold nothing that people write. What guests read and print is theirs.
const SKIPPED_FOLDERS: [&str; 5] = [".git", "target", "shared", "guests/elf", "guests/expected"];

/// Texts that people do not write. In a worktree of git, `.git` is one.
const SKIPPED_FILES: [&str; 4] = [".git", "Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"];

/// Every text file below a folder, in order of path.
pub fn text_files(root: &Path) -> Result<Vec<TextFile>, Failure> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, path: &str, files: &mut Vec<TextFile>) -> Result<(), Failure> {
    let file_error = |error| Failure::File { name: folder.display().to_string(), error };
    for entry in fs::read_dir(folder).map_err(file_error)? {
        let entry = entry.map_err(file_error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let kind = entry.file_type().map_err(file_error)?;
        if kind.is_dir() {
            if !SKIPPED_FOLDERS.contains(&path.as_str()) && name != "target" {
                collect(&entry.path(), &path, files)?;
            }
        } else if kind.is_file() && !SKIPPED_FILES.contains(&name.as_str()) {
            // What is not UTF-8 is no text.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push(TextFile { path, text });
            }
        }
    }
    Ok(())
}
