//! From an ELF file to a proof and back: `setup`, `prove`, `verify` and `inspect`, with files that were tampered with.

mod engram;

use std::path::PathBuf;
use std::sync::OnceLock;

use engram::{engram, engram_reading, folder, guest, names, read, text, write};
use tempfile::TempDir;

/// What the tests share, because it takes a while to make.
struct Proven {
    folder: TempDir,
    /// What `engram prove --json` printed.
    report: serde_json::Value,
}

impl Proven {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn proof(&self) -> String {
        text(&self.path("exitcode.proof"))
    }

    fn key(&self) -> String {
        text(&self.path("exitcode.vk"))
    }
}

/// A proof of a guest that exits with 7, and the guest's key.
fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let folder = folder();
        let elf = text(&folder.path().join("exitcode.elf"));
        write(&elf, read(guest("exitcode")));
        let key = text(&folder.path().join("exitcode.vk"));
        engram(["setup", &elf, "-o", &key]).with(0);
        let report = engram(["prove", &elf, "--json", "--threads", "2"]).with(0).json();
        assert_eq!(names(folder.path()), ["exitcode.elf", "exitcode.proof", "exitcode.vk"]);
        Proven { folder, report }
    })
}

#[test]
fn the_report_says_what_was_proven() {
    let report = &proven().report;
    for (field, value) in [("exit_code", 7), ("instructions", 109), ("segments", 1)] {
        assert_eq!(report[field], value, "{field}");
    }
    assert_eq!(report["output_hex"], "");
    for field in ["cells", "interactions", "execute_s", "trace_s", "prove_s", "proof_bytes", "peak_rss_bytes"] {
        assert!(report[field].as_f64().is_some_and(|number| number > 0.0), "{field}: {}", report[field]);
    }
    for field in ["program_commitment", "initial_root", "final_root"] {
        let digest = report[field].as_str().unwrap_or_default();
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{field}: {digest}");
    }
    assert!(report["security_bits"].as_f64().is_some_and(|bits| bits >= 100.0));
    let size = std::fs::metadata(proven().path("exitcode.proof")).map(|metadata| metadata.len());
    assert_eq!(report["proof_bytes"].as_u64(), size.ok());
}

#[test]
fn a_proof_verifies_under_the_program_and_under_its_key() {
    let proven = proven();
    let elf = guest("exitcode");
    let key = proven.key();
    for program in [["--elf", &elf], ["--key", &key]] {
        let ended =
            engram([&["verify", &proven.proof(), "--json", "--expect-exit", "7"], &program[..]].concat()).with(0);
        let object = ended.json();
        assert_eq!(object["valid"], true);
        assert!(object["verify_s"].as_f64().is_some_and(|seconds| seconds > 0.0));
        for field in ["exit_code", "output_hex", "program_commitment", "initial_root", "final_root", "security_bits"] {
            assert_eq!(object[field], proven.report[field], "{field}");
        }
    }
}

#[test]
fn another_exit_code_is_not_accepted() {
    let proven = proven();
    let (proof, key) = (proven.proof(), proven.key());
    for expected in [&[][..], &["--expect-exit", "8"], &["--expect-exit", "263"], &["--expect-exit", "-7"]] {
        let arguments = [&["verify", &proof, "--key", &key, "--json"], expected].concat();
        let ended = engram(arguments).with(4).saying("engram::proof::exit").saying("--expect-exit 7");
        assert_eq!((&ended.json()["valid"], &ended.json()["exit_expected"]), (&true.into(), &false.into()));
    }
}

#[test]
fn another_program_is_not_accepted() {
    let proven = proven();
    engram(["verify", &proven.proof(), "--elf", &guest("fib"), "--expect-exit", "7"])
        .with(4)
        .saying("engram::proof::invalid");
}

#[test]
fn a_changed_proof_is_not_accepted() {
    let proven = proven();
    let proof = read(proven.proof());
    let path = text(&proven.path("changed.proof.tmp"));
    // Past the header, which says what kind of file it is; and near both ends.
    for position in [12, 20, 30, proof.len() / 3, proof.len() / 2, proof.len() - 1] {
        let mut changed = proof.clone();
        changed[position] ^= 1;
        write(&path, &changed);
        let ended = engram(["verify", &path, "--key", &proven.key(), "--expect-exit", "7", "--json"]).with(4);
        assert_eq!(ended.json()["valid"], false, "byte {position}");
        assert_eq!(ended.json()["error"]["exit_code"], 4);
    }
    for length in [8, 19, 20, 21, proof.len() - 1] {
        write(&path, &proof[..length]);
        engram(["verify", &path, "--key", &proven.key(), "--expect-exit", "7"]).with(4).saying("engram::proof");
    }
    write(&path, [&proof[..], b"x"].concat());
    engram(["verify", &path, "--key", &proven.key(), "--expect-exit", "7"]).with(4);
    let _ = std::fs::remove_file(path);
}

#[test]
fn another_kind_or_version_of_file_is_not_read() {
    let proven = proven();
    let (proof, key, elf) = (proven.proof(), proven.key(), guest("exitcode"));
    for arguments in [
        ["verify", &key, "--elf", &elf],
        ["verify", &elf, "--key", &key],
        ["verify", &proof, "--elf", &proof],
        ["verify", &proof, "--key", &elf],
    ] {
        engram(arguments).with(6).saying("engram::file::wrong_kind");
    }
    let folder = folder();
    let path = text(&folder.path().join("x"));
    for (file, arguments) in [(&proof, ["verify", &path, "--key", &key]), (&key, ["verify", &proof, "--key", &path])] {
        let mut newer = read(file);
        newer[8] += 1;
        write(&path, &newer);
        engram(arguments).with(6).saying("version");
    }
    let mut damaged = read(&key);
    damaged.truncate(100);
    write(&path, &damaged);
    engram(["verify", &proof, "--key", &path]).with(6).saying("engram::file::key");
}

#[test]
fn proof_key_and_output_pass_through_pipes() {
    let (elf, folder) = (guest("fib"), folder());
    let input = text(&folder.path().join("n"));
    write(&input, [47]);
    let proof = engram(["prove", &elf, "--input", &input, "-o", "-"]).with(0).saying("Proven: fib.elf");
    let ended = engram_reading(&proof.stdout, ["verify", "-", "--elf", &elf, "--output-to", "-"]).with(0);
    assert_eq!(ended.stdout, b"b11924e1\n");
    // Another proof of the same: they differ in their proofs of work.
    let proof = engram_reading(&[47], ["prove", &elf, "--input", "-", "-o", "-"]).with(0);
    let ended = engram_reading(&proof.stdout, ["verify", "-", "--elf", &elf, "--output-to", "-"]).with(0);
    assert_eq!(ended.stdout, b"b11924e1\n");
}

#[test]
fn any_key_of_a_program_checks_its_proofs_with_any_plan() {
    let (elf, folder) = (guest("fib"), folder());
    let [proof, plain_proof, key, plan, again] =
        ["fib.proof", "plain.proof", "fib.vk", "fib.plan", "again.plan"].map(|name| text(&folder.path().join(name)));
    engram(["plan", &elf, "-o", &plan]).with(0);
    engram(["plan", &elf, "-o", &again]).with(0);
    assert_eq!(read(&plan), read(&again), "the same program and run, the same plan");
    engram(["prove", &elf, "-o", &proof, "--plan", &plan]).with(0);
    engram(["prove", &elf, "-o", &plain_proof, "--plan", "none"]).with(0);
    for plan_of in [None, Some(&plan), Some(&proof)] {
        let with_plan = plan_of.iter().flat_map(|&plan| ["--plan-of", plan]);
        engram(["setup", &elf, "-o", &key].into_iter().chain(with_plan)).with(0);
        engram(["verify", &proof, "--key", &key]).with(0);
        engram(["verify", &plain_proof, "--key", &key]).with(0);
    }
    engram(["verify", &proof, "--elf", &elf]).with(0);
    engram(["setup", &guest("hello"), "-o", &key]).with(0);
    engram(["verify", &proof, "--key", &key]).with(4).saying("another program");
}

#[test]
fn a_plan_that_is_none_is_refused() {
    let (elf, folder) = (guest("fib"), folder());
    let [proof, plan, other] = ["fib.proof", "fib.plan", "hello.plan"].map(|name| text(&folder.path().join(name)));
    engram(["plan", &elf, "-o", &plan]).with(0);
    engram(["plan", &guest("hello"), "-o", &other]).with(0);
    let prove = |plan: &str| engram(["prove", &elf, "-o", &proof, "--plan", plan]);
    prove(&other).with(6).saying("another program");
    prove("no such plan").with(2).saying("cannot be read");
    prove(&elf).with(6).saying("an engram plan or an engram proof");
    let bytes = read(&plan);
    write(&other, &bytes[..bytes.len() - 1]);
    prove(&other).with(6).saying("cut short");
    write(&other, [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] ^ 1]].concat());
    prove(&other).with(6);
    assert_eq!(names(folder.path()), ["fib.plan", "hello.plan"]);

    let printed = |arguments: &[&str]| String::from_utf8_lossy(&engram(arguments).with(0).stdout).into_owned();
    assert!(printed(&["inspect", &plan]).contains("an engram plan"));
    let blocks = printed(&["inspect", &plan, "--elf", &elf]);
    assert!(blocks.contains("fib.c:") && blocks.contains("saved"), "{blocks}");
    engram(["inspect", &plan, "--elf", &guest("hello")]).with(6).saying("another program");
}

#[test]
fn output_is_written_only_when_all_is_as_expected() {
    let proven = proven();
    let folder = folder();
    let output = text(&folder.path().join("output"));
    engram(["verify", &proven.proof(), "--key", &proven.key(), "--output-to", &output]).with(4);
    assert!(names(folder.path()).is_empty());
    engram(["verify", &proven.proof(), "--key", &proven.key(), "--output-to", &output, "--expect-exit", "7"]).with(0);
    assert_eq!(read(&output), b"");
    assert_eq!(names(folder.path()), ["output"]);
}

#[test]
fn a_fault_is_never_proven() {
    let folder = folder();
    let proof = text(&folder.path().join("x.proof"));
    engram(["prove", &guest("fault-load-unmapped"), "-o", &proof]).with(3).saying("at pc 0x");
    engram(["prove", &guest("fib"), "-o", &proof, "--max-steps", "1000"]).with(5).saying("engram::limit::steps");
    engram(["prove", &guest("fib"), "-o", &proof, "--max-ram", "1M"]).with(5).saying("engram::limit::memory");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn inspect_tells_what_is_in_each_kind_of_file() {
    let proven = proven();
    let elf = guest("exitcode");
    let commitment = proven.report["program_commitment"].as_str().unwrap_or_default();
    let proof = proven.proof();
    let with_program = ["inspect", &proof, "--elf", &elf];
    for (arguments, says) in [
        (&["inspect", &elf][..], &["an ELF file", "interactions", "merkle", "addi", "bits"][..]),
        (&["inspect", &proven.key()], &["an engram key", "bits"]),
        (&["inspect", &proof], &["an engram proof", "segment 1", "merkle"]),
        (&with_program, &["an engram proof", "segment 1", "exit call", "bits", "cells"]),
    ] {
        let ended = engram(arguments).with(0);
        let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
        for text in says.iter().chain([&commitment]) {
            assert!(printed.contains(text), "no {text:?} in:\n{printed}");
        }
    }
    engram(["inspect", &proof, "--elf", &guest("fib")]).with(4).saying("another program");
}

#[test]
fn custom_instructions_are_run_proven_and_verified() {
    let (elf, folder) = (guest("bulk"), folder());
    let path = |name: &str| text(&folder.path().join(name));
    let (key, proof) = (path("bulk.vk"), path("bulk.proof"));
    let output = engram(["run", &elf]).with(0).stdout;
    assert_eq!(String::from_utf8_lossy(&output), "9fb10a15\n");
    engram(["setup", &elf, "-o", &key]).with(0);
    for plan in ["none", "auto"] {
        engram(["prove", &elf, "-o", &proof, "--plan", plan]).with(0);
        for program in [["--elf", &elf], ["--key", &key]] {
            engram([&["verify", &proof, "--expect-exit", "0"], &program[..]].concat()).with(0);
        }
    }
    engram(["inspect", &elf]).with(0);
    // In blocks, too, whose prices are told.
    let (input, plan) = (path("input"), path("bulk.plan"));
    std::fs::write(&input, 4096_u32.to_le_bytes()).unwrap();
    engram(["plan", &elf, "--input", &input, "-o", &plan]).with(0);
    engram(["inspect", &plan, "--elf", &elf]).with(0);
    engram(["prove", &elf, "--input", &input, "-o", &proof, "--plan", &plan]).with(0);
    engram(["inspect", &proof, "--elf", &elf]).with(0);
    engram(["verify", &proof, "--key", &key]).with(0);
}
