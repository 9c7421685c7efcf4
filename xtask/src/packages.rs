//! The Debian packages that the tests need.

use std::path::Path;

use crate::failure::Failure;
use crate::step::{printed, run};

/// The C compiler for guests.
pub const GUEST_COMPILER: &str = "riscv64-unknown-elf-gcc";
/// The Rust compiler for guests, which has the source of the standard library beside it.
pub const GUEST_RUSTC: &str = "/usr/bin/rustc";

/// A package, what it is needed for, and how its presence is noticed.
struct Package {
    name: &'static str,
    purpose: &'static str,
    is_there: fn() -> bool,
}

const PACKAGES: [Package; 5] = [
    Package {
        name: "qemu-user",
        purpose: "qemu-riscv32, the reference that guests are compared with",
        is_there: || printed("qemu-riscv32", &["--version"]).is_some(),
    },
    Package {
        name: "gcc-riscv64-unknown-elf",
        purpose: "the compiler that rebuilds the C guests",
        is_there: || printed(GUEST_COMPILER, &["--version"]).is_some(),
    },
    Package { name: "picolibc-riscv64-unknown-elf", purpose: "the C library of the guests", is_there: has_picolibc },
    Package {
        name: "rustc-web",
        purpose: "the compiler that rebuilds the Rust guest",
        is_there: || printed(GUEST_RUSTC, &["--version"]).is_some(),
    },
    Package {
        name: "rust-web-src",
        purpose: "the source of Rust's standard library, which that compiler builds for the guest",
        is_there: has_library_source,
    },
];

/// The compiler finds its spec file, or prints the name as it was given.
fn has_picolibc() -> bool {
    printed(GUEST_COMPILER, &["-print-file-name=picolibc.specs"]).is_some_and(|path| Path::new(&path).is_absolute())
}

fn has_library_source() -> bool {
    printed(GUEST_RUSTC, &["--print", "sysroot"])
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/core").is_dir())
}

/// Installs what is missing, and says so first.
pub fn install_missing() -> Result<(), Failure> {
    let missing: Vec<&Package> = PACKAGES.iter().filter(|package| !(package.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&'static str> = missing.iter().map(|package| package.name).collect();
    eprintln!("The tests need Debian packages that are missing here:\n");
    for package in &missing {
        eprintln!("    {:<30} {}", package.name, package.purpose);
    }
    let cannot = |why: &str| Failure::Packages { missing: names.clone(), why: why.to_owned() };
    if printed("apt-get", &["--version"]).is_none() {
        return Err(cannot("there is no apt-get here"));
    }
    let prefix: &[&str] = match printed("id", &["-u"]).as_deref() {
        Some("0") => &[],
        // Without a password: nobody may be there to type one.
        _ if printed("sudo", &["-n", "true"]).is_some() => &["sudo", "-n"],
        _ => return Err(cannot("installing them takes the rights of root")),
    };
    eprintln!("\nThey will now be installed with apt-get.");
    let apt = |arguments: &[&str]| {
        // `env`, because sudo keeps variables to itself.
        let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"], arguments].concat();
        run(words[0], &words[1..])
    };
    let update = apt(&["update"]);
    let install = update.and_then(|()| apt(&[&["--no-install-recommends", "install"], &names[..]].concat()));
    install.map_err(|failure| cannot(&failure.to_string()))?;
    match PACKAGES.iter().filter(|package| !(package.is_there)()).map(|package| package.name).collect::<Vec<_>>() {
        missing if missing.is_empty() => Ok(()),
        missing => {
            Err(Failure::Packages { missing, why: "they are still missing after they were installed".to_owned() })
        }
    }
}
