//! `--store` and `engram store`: a state is the one that was last committed, whatever happens in between, and proofs of runs on
//! it follow from each other.

mod engram;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use engram::{command, engram, engram_reading, folder, guest, names, read, text, write};
use engram_rv32im::testing::SplitMix64;
use serde_json::Value;

fn info(state: &str) -> Value {
    engram(["store", "info", state, "--json"]).with(0).json()
}

fn root(state: &str) -> String {
    info(state)["root"].as_str().map(str::to_owned).unwrap_or_else(|| panic!("the state has a root"))
}

/// Runs the ledger with these commands; what it answers.
fn ledger(state: &str, commands: &str) -> String {
    let ended =
        engram_reading(commands.as_bytes(), ["run", &guest("ledger"), "--store", state, "--input", "-"]).with(0);
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// The ledger's answer, and what it does to the accounts.
fn model(accounts: &mut BTreeMap<String, u32>, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let amount = |word: &str| word.parse::<u32>().unwrap_or_else(|error| panic!("{error}"));
    match words[..] {
        ["put", name, value] => {
            accounts.insert(name.to_owned(), amount(value));
            "ok".to_owned()
        }
        ["get", name] => accounts.get(name).map_or("none".to_owned(), |amount| format!("{name} {amount}")),
        ["transfer", from, to, value] => {
            let (value, there) = (amount(value), accounts.get(to).copied().unwrap_or(0));
            let Some(&here) = accounts.get(from) else { return "refused: no such account".to_owned() };
            if from == to {
                return "refused: both accounts are the same".to_owned();
            }
            if here < value {
                return "refused: not enough".to_owned();
            }
            let Some(sum) = there.checked_add(value) else { return "refused: too much".to_owned() };
            accounts.extend([(from.to_owned(), here - value), (to.to_owned(), sum)]);
            "ok".to_owned()
        }
        _ => panic!("no command of the ledger: {command}"),
    }
}

fn random_command(random: &mut SplitMix64) -> String {
    let mut name = || ["ann", "ben", "cleo", "a-name-of-23-characters"][random.below(4) as usize].to_owned();
    let [from, to] = [name(), name()];
    let amount = if random.below(4) == 0 { random.next_u64() as u32 } else { random.below(100) };
    match random.below(3) {
        0 => format!("put {from} {amount}"),
        1 => format!("get {from}"),
        _ => format!("transfer {from} {to} {amount}"),
    }
}

#[test]
fn twenty_proofs_follow_from_each_other_and_in_no_other_order() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    let folder = folder();
    let (elf, state) = (guest("ledger"), text(&folder.path().join("state")));
    let mut accounts = BTreeMap::new();
    let mut proofs = vec![];
    let mut roots = vec![];
    for number in 0..20 {
        let commands: Vec<String> = (0..random.below(6)).map(|_| random_command(&mut random)).collect();
        let expected: String = commands.iter().map(|command| model(&mut accounts, command) + "\n").collect();
        let input: String = commands.iter().map(|command| format!("{command}\n")).collect();
        let proof = text(&folder.path().join(format!("{number}.proof")));
        let arguments = [
            "prove",
            &elf,
            "--store",
            &state,
            "--plan",
            "none",
            "--input",
            "-",
            "-o",
            &proof,
            "--json",
            "--max-ram",
            "1G",
        ];
        let report = engram_reading(input.as_bytes(), arguments).with(0).json();
        let output: String = expected.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(report["output_hex"], output, "{commands:?}");
        roots.push(report["final_root"].as_str().map(str::to_owned).unwrap_or_default());
        assert_eq!(roots.last(), Some(&root(&state)));
        proofs.push(proof);
    }
    assert_eq!(info(&state)["generation"], 21);

    let verify = |proofs: &[&String], more: &[&str]| {
        let arguments = ["verify"].into_iter().chain(proofs.iter().map(|proof| proof.as_str())).chain(["--elf", &elf]);
        engram(arguments.chain(more.iter().copied()))
    };
    let all: Vec<&String> = proofs.iter().collect();
    let chain = verify(&all, &["--json"]).with(0).json();
    assert_eq!((&chain["valid"], &chain["proofs"]), (&Value::Bool(true), &Value::from(20)));
    assert_eq!(chain["final_root"].as_str(), roots.last().map(String::as_str));
    // Not without the first, unless it is said what came before; not in another order; none twice, if it changed something.
    verify(&all[1..], &[]).with(4).saying("--initial-root");
    verify(&all[1..], &["--initial-root", &roots[0]]).with(0);
    let changed = (1..20).find(|&number| roots[number] != roots[number - 1]).unwrap_or_else(|| panic!("none changed"));
    let after = &roots[changed - 1];
    verify(&[all[changed]], &["--initial-root", after]).with(0);
    verify(&[all[changed], all[changed]], &["--initial-root", after]).with(4).saying("not what came before");
    verify(&[all[changed]], &["--initial-root", &roots[changed]]).with(4).saying("not what came before");

    engram(["store", "verify", &state]).with(0);
    let history = engram(["store", "history", &state, "--json"]).with(0).json();
    let kept = history.as_array().map_or(&[][..], Vec::as_slice);
    assert!(!kept.is_empty() && kept.len() < 20);
    for (info, root) in kept.iter().rev().zip(roots.iter().rev()) {
        assert_eq!(info["root"].as_str(), Some(root.as_str()));
    }
}

#[test]
fn runs_and_proofs_leave_the_same_state() {
    let folder = folder();
    let [run, proven, blocks] = ["run", "proven", "blocks"].map(|name| text(&folder.path().join(name)));
    for commands in ["put a 7\n", "put b 4294967295\ntransfer a b 1\nget a\n"] {
        ledger(&run, commands);
        for (state, plan) in [(&proven, "none"), (&blocks, "auto")] {
            let proof = text(&folder.path().join("proof"));
            let arguments = ["prove", &guest("ledger"), "--store", state, "--plan", plan, "--input", "-", "-o", &proof];
            engram_reading(commands.as_bytes(), arguments).with(0);
        }
        assert_eq!((root(&run), root(&run)), (root(&proven), root(&blocks)));
    }
    assert_eq!(ledger(&proven, "get a\nget b\n"), "a 7\nb 4294967295\n");
}

#[test]
fn a_run_that_does_not_end_well_changes_nothing() {
    let folder = folder();
    let state = text(&folder.path().join("state"));
    ledger(&state, "put a 1\n");
    let elf = guest("ledger");
    let half = engram_reading(b"put a 2", ["run", &elf, "--store", &state, "--input", "-"]).with(2);
    assert!(half.stderr.contains("is as it was"), "{}", half.stderr);
    let arguments = ["run", &elf, "--store", &state, "--input", "-", "--max-steps", "300"];
    engram_reading(b"put a 2\n", arguments).with(5);
    let proof = text(&folder.path().join("proof"));
    let arguments = ["prove", &elf, "--store", &state, "--input", "-", "-o", &proof, "--plan", "none"];
    engram_reading(b"put a 2", arguments).with(0).saying("is as it was");
    engram(["run", &guest("fib"), "--store", &state]).with(6).saying("belongs to the program");
    let other = "0".repeat(64);
    engram(["run", &elf, "--store", &state, "--expect-root", &other]).with(2).saying("not the expected one");
    let absent = text(&folder.path().join("absent"));
    engram(["run", &elf, "--store", &absent, "--expect-root", &other]).with(2).saying("not the expected one");
    assert!(!Path::new(&absent).exists());
    engram(["run", &elf, "--expect-root", &other]).with(2);
    assert_eq!(ledger(&state, "get a\n"), "a 1\n");
    assert_eq!(info(&state)["generation"], 3, "of all these, only the last run was committed");
}

/// Killed again and again while it proves and commits, at a different moment each time: the state is the old or the new.
#[test]
fn a_prover_that_is_killed_leaves_the_old_state_or_the_new() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    let folder = folder();
    let [state, input, proof] = ["state", "input", "proof"].map(|name| text(&folder.path().join(name)));
    ledger(&state, "put a 0\n");
    let mut amount = 0;
    for round in 1..=6 {
        write(&input, format!("put a {round}\n"));
        let arguments =
            ["prove", &guest("ledger"), "--store", &state, "--input", &input, "-o", &proof, "--plan", "none"];
        let child = command().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{error}"));
        sleep(Duration::from_millis(random.below(2500).into()));
        let killed = child.kill().and_then(|()| child.wait()).unwrap_or_else(|error| panic!("{error}"));
        engram(["store", "verify", &state]).with(0);
        let now = ledger(&state, "get a\n");
        let [old, new] = [amount, round].map(|amount| format!("a {amount}\n"));
        assert!(now == new || now == old && !killed.success(), "{now:?} after {amount} and {round}, {killed}");
        amount = if now == new { round } else { amount };
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_state() {
    let folder = folder();
    let state = text(&folder.path().join("state"));
    ledger(&state, "put a 1\n");
    let before = root(&state);
    // Files may not grow beyond what they are: as on a full disk, writing fails. 1024 accounts need more.
    let commands: String = (0..1024).map(|number| format!("put account-{number} 1\n")).collect();
    let input = text(&folder.path().join("input"));
    write(&input, commands);
    let blocks = read(&state).len() / 512;
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_engram")])
        .args(["run", &guest("ledger"), "--store", &state, "--input", &input])
        .output()
        .unwrap_or_else(|error| panic!("{error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("engram::store"), "{said}");
    assert_eq!(root(&state), before);
    engram(["store", "verify", &state]).with(0);
}

#[test]
fn a_state_goes_through_an_export_and_no_forgery_does() {
    let folder = folder();
    let [state, export, again] = ["state", "export", "again"].map(|name| text(&folder.path().join(name)));
    ledger(&state, "put a 1\nput b 2\n");
    engram(["store", "export", &state, "-o", &export]).with(0);
    engram(["store", "import", &again, "--from", &export]).with(0);
    engram(["store", "import", &again, "--from", &export]).with(2).saying("exists");
    assert_eq!(root(&state), root(&again));
    assert_eq!(ledger(&again, "get b\n"), "b 2\n");
    engram(["store", "compact", &again]).with(0);

    let bytes = read(&export);
    let piped = engram(["store", "export", &state, "-o", "-"]).with(0);
    assert_eq!(piped.stdout, bytes);
    for position in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut forged = bytes.clone();
        forged[position] ^= 1;
        write(&export, &forged);
        let forgery = text(&folder.path().join("forgery"));
        let ended = engram(["store", "import", &forgery, "--from", &export]);
        if ended.code == 0 {
            // The program and the generation are what the export says. Its root is not.
            assert_eq!(root(&forgery), root(&state), "byte {position}");
            std::fs::remove_file(&forgery).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        assert!(matches!(ended.code, 2 | 6), "byte {position}: {} {}", ended.code, ended.stderr);
        assert!(!Path::new(&forgery).exists(), "byte {position}");
    }
    write(&export, &bytes[..bytes.len() - 1]);
    engram(["store", "import", &text(&folder.path().join("short")), "--from", &export]).with(6);

    let mut damaged = read(&state);
    let middle = damaged.len() / 2;
    damaged[middle..].fill(0x55);
    write(&state, damaged);
    let ended = engram(["run", &guest("ledger"), "--store", &state]);
    assert_ne!(ended.code, 0);
    engram(["store", "info", &guest("fib")]).with(6).saying("no engram store");
    engram(["store", "info", &text(&folder.path().join("none"))]).with(2);
    assert_eq!(names(folder.path()), ["again", "export", "state"]);
}

#[test]
fn a_state_has_one_user_at_a_time() {
    let folder = folder();
    let state = text(&folder.path().join("state"));
    ledger(&state, "put a 1\n");
    // It waits for its input with the state open.
    let first = command()
        .args(["run", &guest("ledger"), "--store", &state, "--input", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    let mut first = first.unwrap_or_else(|error| panic!("{error}"));
    let taken = (0..100).any(|_| {
        sleep(Duration::from_millis(50));
        engram(["store", "info", &state]).code == 2
    });
    assert!(taken, "the second was never refused");
    engram(["run", &guest("ledger"), "--store", &state]).with(2).saying("open already");
    drop(first.stdin.take());
    assert!(first.wait().is_ok_and(|status| status.success()));
    engram(["store", "info", &state]).with(0);
}
