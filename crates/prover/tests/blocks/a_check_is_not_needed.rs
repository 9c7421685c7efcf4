//! Each constraint and lookup that a block can have, attacked: there is a row that it alone refuses.

use std::collections::BTreeSet;

use engram_air::F;
use engram_prover::testing::{Attacker, Effort, Forgery};
use rayon::prelude::*;

use super::{
    exercises::{Exercise, exercises},
    single_row::failed_beside_rest,
};

const SEED: u64 = 1;

/// Honest rows of each block from which attacks start.
const ROWS: usize = 16;

/// Most labels fall to the first.
const EFFORTS: [Effort; 4] = [
    Effort { changes: 1, rows: 1 },
    Effort { changes: 3, rows: 20 },
    Effort { changes: 6, rows: 100 },
    Effort { changes: 14, rows: 600 },
];

/// Checks that the others of their block imply, in which blocks, and why.
const IMPLIED: [(&str, &str, &str); 3] = [
    ("an indirect jump", "normal limb is below 2^16", "the limbs are the target's, which are constants"),
    (
        "",
        "both are zero is boolean",
        "where one of both is not zero the flag is zero, as their product is; where both are, it is one, as nothing else \
         makes up for an inverse",
    ),
    (
        "",
        "remainder is below a divisor that is not zero",
        "a remainder that is not below makes the quotient all ones, and all ones times a divisor is a dividend only with \
         divisor one and remainder zero, which is below; kept because it says what must hold",
    ),
];

/// Blocks that share a gadget in which the search seldom finds attacks: each check must fall in one of them.
const DIVISIONS: [&str; 4] = ["div", "divu", "rem", "remu"];

/// Whether a check that fell nowhere in one block fell in another with the same gadget.
fn fell_in_another_division(exercises: &[Exercise], name: &str, label: &str) -> bool {
    let others =
        exercises.iter().filter(|exercise| DIVISIONS.contains(&exercise.name.as_str()) && exercise.name != name);
    DIVISIONS.contains(&name) && others.into_iter().any(|other| attack(other, label, &EFFORTS).is_some())
}

fn attack(exercise: &Exercise, label: &str, efforts: &[Effort]) -> Option<Forgery> {
    let attacker = Attacker::new(&exercise.checks);
    let checks = &exercise.checks;
    let targets: Vec<usize> = checks.checks().filter(|&check| checks.label(check) == label).collect();
    let mut bare = vec![F::default(); exercise.block.circuit.width()];
    bare[0] = exercise.rows[0][0];
    efforts.iter().find_map(|&effort| {
        let mut rows = exercise.rows.iter().chain([&bare]);
        rows.find_map(|row| targets.iter().find_map(|&check| attacker.break_only(check, row, effort)))
    })
}

#[test]
fn every_check_of_a_block_alone_refuses_some_row() {
    println!("seed {SEED}");
    let exercises = exercises(SEED, ROWS);
    let attacks: Vec<(&Exercise, &str)> = exercises
        .iter()
        .flat_map(|exercise| exercise.checks.labels().into_iter().map(move |label| (exercise, label)))
        .collect();
    let unmet: Vec<String> = attacks
        .into_par_iter()
        .filter_map(|(exercise, label)| {
            let name = &exercise.name;
            let implied = IMPLIED.iter().any(|(block, implied, _)| *implied == label && name.contains(block));
            let efforts = if implied { &EFFORTS[..3] } else { &EFFORTS };
            let forgery = match attack(exercise, label, efforts) {
                None if implied || fell_in_another_division(&exercises, name, label) => return None,
                None => return Some(format!("{name}: nothing is refused by \"{label}\" alone")),
                Some(_) if implied => return Some(format!("{name}: \"{label}\" is not implied")),
                Some(forgery) => forgery,
            };
            let failed = failed_beside_rest(&exercise.block.circuit, &exercise.checks, &forgery.cells);
            (failed.is_empty() || failed.iter().any(|failed| failed != label))
                .then(|| format!("{name}: \"{label}\" is not alone: {failed:?}"))
        })
        .collect();
    assert!(unmet.is_empty(), "{} of them\n{}", unmet.len(), unmet.join("\n"));
}

#[test]
fn honest_rows_of_blocks_are_refused_by_nothing() {
    println!("seed {SEED}");
    for exercise in exercises(SEED, ROWS) {
        for row in &exercise.rows {
            let failed = failed_beside_rest(&exercise.block.circuit, &exercise.checks, row);
            assert_eq!(failed, Vec::<String>::new(), "{}", exercise.name);
        }
    }
}

/// The labels that a source file gives to checks: literals after the functions that make them.
fn labels_of(source: &str) -> BTreeSet<String> {
    let makers =
        ["assert_zero(", "assert_bool(", ".range(", "byte_and(", "show_short(", "flag(", "show_carry(", "select("];
    let calls = makers.iter().flat_map(|maker| source.split(maker).skip(1));
    // Labels are sentences; of what is named to a column the label follows.
    let literal = |call: &str| {
        let call = call.split(';').next().unwrap_or_default();
        let literals = call.split('"').skip(1).step_by(2);
        literals.filter(|literal| literal.contains(' ')).last().map(str::to_owned)
    };
    calls.filter_map(literal).collect()
}

#[test]
fn every_label_of_a_path_is_exercised() {
    let exercises = exercises(SEED, 1);
    let known: BTreeSet<&str> = exercises.iter().flat_map(|exercise| exercise.checks.labels()).collect();
    let mut found = 0;
    let of_paths = ["bits", "compare", "location", "part", "place", "sum", "value"].map(|file| format!("path/{file}"));
    for file in of_paths.into_iter().chain(["address", "word"].map(str::to_owned)) {
        let path = format!("{}/../vm/src/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        for label in labels_of(&std::fs::read_to_string(path).unwrap()) {
            assert!(known.contains(label.as_str()), "no exercise has \"{label}\" of {file}.rs");
            found += 1;
        }
    }
    assert!(found >= 18, "only {found} labels found");
}
