//! qemu's user emulation as the reference executor.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio, id};
use std::sync::atomic::{AtomicU64, Ordering};

/// How qemu ran a program.
#[derive(Clone, Debug)]
pub struct QemuRun {
    /// Exit code; `None` when a signal ended it, as it does after most faults.
    pub exit_code: Option<i32>,
    /// What the guest wrote to file 1.
    pub output: Vec<u8>,
    /// What the guest wrote to file 2, and qemu's own messages.
    pub messages: String,
}

/// Runs programs under `qemu-riscv32` with a bare RV32IM processor.
#[derive(Debug)]
pub struct Qemu {
    folder: PathBuf,
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Qemu {
    /// # Panics
    /// Without qemu, naming the package to install: a test must not pass without its reference.
    #[must_use]
    pub fn installed() -> Qemu {
        match Command::new("qemu-riscv32").arg("--version").output() {
            Ok(output) if output.status.success() => {}
            result => panic!("qemu-riscv32 cannot be run ({result:?}); install Debian's package qemu-user"),
        }
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("engram-qemu-{}-{number}", id()));
        match fs::create_dir_all(&folder) {
            Ok(()) => Qemu { folder },
            Err(error) => panic!("{}: {error}", folder.display()),
        }
    }

    /// # Panics
    /// When files cannot be written or qemu cannot be started.
    #[must_use]
    pub fn run(&self, elf: &[u8], input: &[u8]) -> QemuRun {
        match self.try_run(elf, input) {
            Ok(output) => QemuRun {
                exit_code: output.status.code(),
                output: output.stdout,
                messages: String::from_utf8_lossy(&output.stderr).into_owned(),
            },
            Err(error) => panic!("running qemu-riscv32 in {}: {error}", self.folder.display()),
        }
    }

    fn try_run(&self, elf: &[u8], input: &[u8]) -> io::Result<Output> {
        let (elf_path, input_path) = (self.folder.join("program.elf"), self.folder.join("input"));
        fs::write(&elf_path, elf)?;
        fs::write(&input_path, input)?;
        make_executable(&elf_path)?;
        Command::new("qemu-riscv32")
            // The default processor also knows compressed, atomic and floating-point instructions.
            .args(["-cpu", "rv32,a=false,c=false,f=false,d=false"])
            .arg(&elf_path)
            .current_dir(&self.folder)
            .stdin(fs::File::open(&input_path)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // Left-overs in the temporary folder are harmless.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(unix)]
fn make_executable(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &std::path::Path) -> io::Result<()> {
    Ok(())
}
