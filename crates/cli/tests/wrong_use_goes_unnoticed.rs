//! Wrong arguments, and files that cannot be used, must be refused with the exit code that says so, and with advice.

mod engram;

use engram::{engram, engram_reading, folder, guest, names, read, text, write};

/// A folder.
fn here() -> String {
    env!("CARGO_MANIFEST_DIR").to_owned()
}

#[test]
fn wrong_arguments_are_wrong_use() {
    for arguments in [
        &[][..],
        &["fly"],
        &["run"],
        &["run", "--no-such-flag", "x"],
        &["run", "x", "--max-steps", "many"],
        &["run", "x", "y"],
        &["run", "x", "--input", "a", "--input", "b"],
        &["prove", "x", "--max-ram", "8 GB"],
        &["prove", "x", "--threads", "0"],
        &["verify", "x"],
        &["verify", "x", "--elf", "y", "--key", "z"],
        &["verify", "x", "--elf", "y", "--expect-exit", "zero"],
        &["setup", "x"],
        &["inspect"],
    ] {
        let ended = engram(arguments).with(2);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for arguments in [&["--help"][..], &["--version"], &["help", "prove"], &["verify", "--help"]] {
        assert!(!engram(arguments).with(0).stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn missing_files_are_named() {
    let elf = guest("fib");
    for arguments in [
        &["run", "no-such.elf"][..],
        &["run", &elf, "--input", "no-such.elf"],
        &["prove", "no-such.elf"],
        &["verify", "no-such.elf", "--elf", &elf],
        &["setup", "no-such.elf", "-o", "x.vk"],
        &["inspect", "no-such.elf"],
    ] {
        engram(arguments).with(2).saying("engram::file::unreadable").saying("no-such.elf").saying("help:");
    }
}

#[test]
fn a_folder_is_no_file() {
    let (elf, folder) = (guest("fib"), here());
    for arguments in [
        &["run", &folder][..],
        &["run", &elf, "--input", &folder],
        &["inspect", &folder],
        &["setup", &elf, "-o", &folder],
        &["prove", &elf, "-o", &folder],
    ] {
        engram(arguments).with(2).saying("is a directory");
    }
}

#[test]
fn a_result_without_a_place_is_noticed_before_the_work() {
    let (elf, folder) = (guest("fib"), folder());
    let nowhere = text(&folder.path().join("no-such-folder/x"));
    for arguments in [["prove", &elf, "-o", &nowhere], ["setup", &elf, "-o", &nowhere]] {
        engram(arguments).with(2).saying("engram::file::unwritable");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn one_standard_input_is_not_read_twice() {
    for arguments in [
        &["run", "-", "--input", "-"][..],
        &["prove", "-", "--input", "-", "-o", "x"],
        &["verify", "-", "--elf", "-"],
        &["verify", "-", "--key", "-"],
        &["inspect", "-", "--elf", "-"],
    ] {
        engram(arguments).with(2).saying("engram::usage::standard_input_twice");
    }
}

#[test]
fn one_standard_output_is_not_written_twice() {
    engram(["prove", &guest("fib"), "-o", "-", "--json"]).with(2).saying("engram::usage::standard_output_twice");
}

#[test]
fn a_proof_of_a_program_from_a_pipe_needs_a_name() {
    engram_reading(&read(guest("fib")), ["prove", "-"]).with(2).saying("--output");
}

#[test]
fn what_is_read_is_not_written_over() {
    let folder = folder();
    let elf = folder.path().join("fib.elf");
    write(&elf, read(guest("fib")));
    let elf_text = text(&elf);
    engram(["setup", &elf_text, "-o", &elf_text]).with(2).saying("engram::usage::output_is_input");
    engram(["prove", &elf_text, "-o", &elf_text]).with(2).saying("engram::usage::output_is_input");
    assert_eq!(read(&elf), read(guest("fib")));
}

#[test]
fn another_kind_of_file_is_refused() {
    let (elf, readme) = (guest("fib"), here() + "/Cargo.toml");
    for arguments in [
        &["run", &readme][..],
        &["prove", &readme, "-o", "x"],
        &["verify", &elf, "--elf", &elf],
        &["setup", &readme, "-o", "x"],
        &["inspect", &readme],
        &["run", "-"],
    ] {
        engram(arguments).with(6).saying("engram::file::wrong_kind");
    }
}

#[test]
fn an_elf_file_that_is_no_guest_is_refused() {
    let folder = folder();
    let path = folder.path().join("x.elf");
    let elf = read(guest("fib"));
    let mut of_64_bits = elf.clone();
    of_64_bits[4] = 2;
    for (bytes, says) in [(&of_64_bits[..], "64-bit"), (&elf[..100], "cut short"), (&elf[..4], "cut short")] {
        write(&path, bytes);
        engram(["run", &text(&path)]).with(6).saying("engram::file::elf").saying(says);
    }
}

#[cfg(unix)]
#[test]
fn a_huge_file_is_refused_before_it_is_read() {
    use std::io::Write;
    let folder = folder();
    let path = folder.path().join("huge.elf");
    // Takes no room on the disk.
    let made = std::fs::File::create(&path).and_then(|mut file| {
        file.write_all(b"\x7fELF")?;
        file.set_len(1 << 40)
    });
    if let Err(error) = made {
        panic!("{error}");
    }
    engram(["run", &text(&path)]).with(5).saying("engram::file::too_long");
}
