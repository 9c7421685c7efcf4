//! No cell of a block's row is free to be anything else, and no other cells can make up for one that is changed.

use std::collections::BTreeMap;

use engram_air::{F, PrimeCharacteristicRing, Trace};
use engram_prover::testing::{Attacker, Effort, RowChecks, lies};
use engram_rv32im::testing::SplitMix64;
use engram_rv32im_air::circuits::Machine;
use rayon::prelude::*;

use super::{
    alias_programs::alias_elf,
    exercises::{Exercise, exercises},
    forced::{Guest, forced_blocks},
    single_row::alone,
};

const SEED: u64 = 3;

/// Columns that may hold something else while the row says the same, and why nothing false follows.
const FREE: [(&str, &str); 6] = [
    ("inverse of the first", EITHER_INVERSE),
    ("inverse of the second", EITHER_INVERSE),
    ("inverse of the low difference", EITHER_INVERSE),
    ("inverse of the high difference", EITHER_INVERSE),
    ("by the low limbs", EITHER_DIFFERENCE),
    ("inverse of the difference", EITHER_DIFFERENCE),
];
const EITHER_INVERSE: &str =
    "of a limb that is zero any inverse does; of two that are not, either can be the one that has one";
const EITHER_DIFFERENCE: &str = "words that differ in their low limbs may be shown to differ by those or as a whole";

fn is_free(column: &str) -> bool {
    FREE.iter().any(|(free, _)| *free == column)
}

/// What a row says, whichever of its interactions says it.
fn says(checks: &RowChecks, cells: &[F]) -> Vec<(u16, Vec<F>, F)> {
    checks.said(alone(cells))
}

/// Free columns of a row, each by how many other values are accepted.
fn free_columns(checks: &RowChecks, honest: &[F], random: &mut SplitMix64) -> BTreeMap<String, usize> {
    let said = says(checks, honest);
    assert!(checks.failed(alone(honest)).is_empty(), "{}", checks.circuit().name);
    let mut free = BTreeMap::new();
    let mut cells = honest.to_vec();
    for column in 0..cells.len() {
        for lie in lies(honest[column], [F::from_u32(random.next_u32() >> 4)]) {
            cells[column] = lie;
            if checks.failed(alone(&cells)).is_empty() && says(checks, &cells) == said {
                *free.entry(checks.circuit().columns[column].clone()).or_default() += 1;
            }
        }
        cells[column] = honest[column];
    }
    free.retain(|column, _| !is_free(column));
    free
}

/// Rows of the blocks of a run.
fn block_rows(guest: &Guest, machine: &Machine) -> Vec<Vec<Vec<F>>> {
    let mut rows = vec![];
    guest.visit(machine, u64::MAX, |segment| {
        let witnesses = segment.witnesses();
        let traces = &witnesses[machine.first_block()..];
        rows = traces
            .iter()
            .zip(&segment.rows.blocks)
            .map(|(witness, rows)| {
                let row = |trace: &Trace, row: usize| trace.row(row).to_vec();
                (0..rows.len()).map(|index| row(witness.trace.as_ref().unwrap(), index)).collect()
            })
            .collect();
    });
    rows
}

fn assert_no_cell_is_free(name: &str, guest: &Guest, lengths: impl FnMut() -> usize, random: &mut SplitMix64) {
    let blocks = forced_blocks(&guest.program, &guest.log(), 60, lengths);
    let machine = Machine::of(guest.program.decoded(), blocks);
    let rows = block_rows(guest, &machine);
    let seed = random.next_u64();
    let free: Vec<String> = (machine.blocks(), rows)
        .into_par_iter()
        .flat_map_iter(|(block, rows)| {
            let mut random = SplitMix64::new(seed);
            let checks = RowChecks::new(block.circuit.clone(), guest.program.entries());
            let kept: Vec<&Vec<F>> = rows.iter().step_by(rows.len().div_ceil(2).max(1)).collect();
            let free = kept.into_iter().map(|row| free_columns(&checks, row, &mut random)).collect::<Vec<_>>();
            let name = block.circuit.name.clone();
            free.into_iter().filter(|free| !free.is_empty()).map(move |free| format!("{name}: {free:?}"))
        })
        .collect();
    assert!(free.is_empty(), "{name}: free cells\n{}", free.join("\n"));
}

#[test]
fn no_cell_of_a_run_s_blocks_is_free() {
    println!("seed {SEED}");
    let mut random = SplitMix64::new(SEED);
    let sentence = b"some input";
    for (name, input) in [("sha256", &sentence[..]), ("keccak", sentence), ("hello", b""), ("misaligned", b"")] {
        assert_no_cell_is_free(name, &Guest::bundled(name, input), || 12, &mut random);
    }
    let mut lengths = SplitMix64::new(SEED);
    let aliases = Guest::new(&alias_elf((0..6).map(|_| random.next_u64()), 30), &[]);
    assert_no_cell_is_free("aliases", &aliases, || 1 + lengths.below(30) as usize, &mut random);
}

/// On what it finds in registers and memory, a block's row can only leave what it leaves and go where it goes.
#[test]
fn no_other_row_of_a_block_says_otherwise() {
    const EFFORT: Effort = Effort { changes: 6, rows: 40 };
    println!("seed {SEED}");
    let holes: Vec<String> =
        exercises(SEED, 6).into_par_iter().flat_map_iter(|exercise| holes(&exercise, EFFORT)).collect();
    assert!(holes.is_empty(), "{}", holes.join("\n"));
}

fn holes(exercise: &Exercise, effort: Effort) -> Vec<String> {
    let attacker = Attacker::new(&exercise.checks);
    let mut random = SplitMix64::new(SEED);
    let mut holes = vec![];
    for row in &exercise.rows {
        let said = says(&exercise.checks, row);
        for column in 0..row.len() {
            for lie in lies(row[column], [F::from_u32(random.next_u32() >> 4)]) {
                let forged = attacker.forge(row, column, lie, effort);
                if let Some(forgery) = forged.filter(|forgery| says(&exercise.checks, &forgery.cells) != said) {
                    holes.push(format!("{}: {:?}", exercise.name, forgery.changes));
                }
            }
        }
    }
    holes
}
