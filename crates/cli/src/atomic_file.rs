//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;
use crate::source::Source;

/// Where a result will be written, found to be writable before the work for it begins.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file that appears, or replaces the one before, once all of it is on the disk.
    File(PathBuf),
    /// A device or a pipe, which can only be written as it is.
    Stream(PathBuf),
}

impl Destination {
    /// Finds out whether something can be written there, and leaves nothing behind.
    ///
    /// # Errors
    /// When the folder is missing or must not be written to, or the place is a folder.
    pub fn of(target: &Source) -> Result<Self, Failure> {
        let Source::Path(path) = target else { return Ok(Self::Standard) };
        let cannot = |source| Failure::CannotWrite { name: target.to_string(), source };
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(cannot(io::ErrorKind::IsADirectory.into())),
            Ok(metadata) if !metadata.is_file() => return Ok(Self::Stream(path.clone())),
            Ok(_) | Err(_) => {}
        }
        // The file that a link names is replaced, not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        temporary_beside(&path).map_err(cannot)?;
        Ok(Self::File(path))
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the disk is full, or the place cannot be written any more. No part of the file is left.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_with(|to| to.write_all(bytes).map_err(|source| self.failure(source)))
    }

    /// Writes what `fill` writes.
    ///
    /// # Errors
    /// Those of [`write`](Self::write) and of `fill`. No part of the file is left.
    pub fn write_with(&self, fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), Failure>) -> Result<(), Failure> {
        let failed = |source| self.failure(source);
        match self {
            Self::Standard => {
                let mut stdout = io::stdout();
                fill(&mut stdout)?;
                stdout.flush().map_err(failed)
            }
            Self::File(path) => {
                let mut file = temporary_beside(path).map_err(failed)?;
                fill(&mut file)?;
                file.as_file().sync_all().map_err(failed)?;
                file.persist(path).map_err(|error| failed(error.error))?;
                Ok(())
            }
            Self::Stream(path) => {
                let mut file = File::options().write(true).open(path).map_err(failed)?;
                fill(&mut file)
            }
        }
    }

    /// What it is that a write to it failed.
    pub fn failure(&self, source: io::Error) -> Failure {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::CannotWrite { name: self.name(), source },
        }
    }

    /// Whether it is standard output.
    pub fn is_standard(&self) -> bool {
        matches!(self, Self::Standard)
    }

    /// Its name, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Standard => "standard output".to_owned(),
            Self::File(path) | Self::Stream(path) => path.display().to_string(),
        }
    }
}

/// A file of another name in the same folder, and so on the same disk. It goes away unless it is given the final name.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".engram-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(|error| io::Error::new(error.kind(), system_reason(&error)))
}

/// The reason alone, without the name of the temporary file, which means nothing to anybody.
fn system_reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" at path ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
    }

    fn destination(path: &Path) -> Result<Destination, Failure> {
        Destination::of(&Source::Path(path.to_owned()))
    }

    #[test]
    fn a_file_appears_whole_and_alone() {
        let folder = folder();
        let path = folder.path().join("x");
        let destination = destination(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!path.exists());
        for content in [&b"first"[..], b"second"] {
            destination.write(content).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(fs::read(&path).ok().as_deref(), Some(content));
        }
        let names = fs::read_dir(folder.path()).map(Iterator::count);
        assert_eq!(names.ok(), Some(1));
    }

    #[test]
    fn folders_and_missing_folders_are_refused_before_the_work() {
        let folder = folder();
        assert!(matches!(destination(folder.path()), Err(Failure::CannotWrite { .. })));
        assert!(matches!(destination(&folder.path().join("no/x")), Err(Failure::CannotWrite { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_stays_a_device() {
        let destination = destination(Path::new("/dev/null")).unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(destination, Destination::Stream(_)));
        assert!(destination.write(b"x").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_names_is_replaced() {
        let folder = folder();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").and_then(|()| std::os::unix::fs::symlink(&file, &link)).unwrap_or_default();
        let destination = destination(&link).unwrap_or_else(|error| panic!("{error}"));
        destination.write(b"after").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(fs::read(&file).ok().as_deref(), Some(&b"after"[..]));
        assert!(link.is_symlink());
    }
}
