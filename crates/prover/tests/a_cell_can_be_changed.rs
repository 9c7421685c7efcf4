//! No cell of a valid run's tables is free to be anything else, and no other cells can make up for one that is changed.
//! Of blocks, see `blocks`.

use std::{collections::BTreeMap, sync::Arc};

use engram_air::{Circuit, F, PrimeCharacteristicRing, Trace, tape::Row};
use engram_prover::testing::{Attacker, Effort, RowChecks, Run, Segment, custom_elf, every_instruction, lies};
use engram_rv32im::testing::SplitMix64;
use engram_rv32im_air::circuits::FIRST_CHIP;
use rayon::prelude::*;

/// Cells that may hold something else while the row says the same, by circuit and column, and why nothing false follows.
const FREE: [(&str, &str, &str); 8] = [
    ("beq", "inverse of the first", EITHER_INVERSE),
    ("beq", "inverse of the second", EITHER_INVERSE),
    ("bne", "inverse of the first", EITHER_INVERSE),
    ("bne", "inverse of the second", EITHER_INVERSE),
    ("bad descriptor call", "has a high limb", EITHER_LIMB),
    ("bad descriptor call", "inverse", EITHER_LIMB),
    ("unknown call", "has a high limb", EITHER_LIMB),
    ("unknown call", "inverse", EITHER_LIMB),
];
const EITHER_INVERSE: &str =
    "of a limb that is zero any inverse does; of two that are not, either can be the one that has one";
const EITHER_LIMB: &str = "a number that differs from the known ones in both limbs may be told from them by either";

/// Free as above, in tables of memory, whose own tests say so too.
const FREE_IN_MEMORY: [(&str, &str, &str); 2] = [
    ("boundary 2", "changed", "an unchanged leaf may be hashed again: the digest is the same"),
    ("merkle", "changed", "an unchanged node may be hashed again: the digest is the same"),
];

/// Chips of which the same instruction on the same registers may truly do something else, and why.
const CHOICES: [(&str, &str); 3] = [
    ("read call", "how much of the private input is read is not fixed, up to what is asked for"),
    ("read word", "the input is private: a proof says that there is one"),
    ("read byte", "the input is private: a proof says that there is one"),
];

struct Filled {
    circuit: Arc<Circuit>,
    trace: Trace,
    publics: Vec<F>,
    checks: RowChecks,
}

fn filled(run: &Run, segment: Segment) -> Vec<Filled> {
    let tables = run.circuits().iter().zip(segment.witnesses);
    let filled = tables.filter_map(|(circuit, witness)| {
        let trace = witness.whole_trace()?;
        let checks = RowChecks::new(circuit.clone(), run.program.entries());
        Some(Filled { circuit: circuit.clone(), trace, publics: witness.publics, checks })
    });
    filled.collect()
}

impl Filled {
    /// Rows that say something to others: not padding, nor an entry of a table that nobody asks for.
    fn real_rows(&self) -> Vec<usize> {
        let says = |row: &usize| !self.checks.says(self.row(*row, self.trace.row(*row))).is_empty();
        (0..self.trace.height()).filter(says).collect()
    }

    fn rows(&self, random: &mut SplitMix64, count: u32) -> Vec<usize> {
        let real = self.real_rows();
        let mut rows: Vec<usize> = real.first().into_iter().chain(real.last()).copied().collect();
        rows.extend((0..count).map(|_| real[random.below(real.len() as u32) as usize]));
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn row<'a>(&'a self, index: usize, local: &'a [F]) -> Row<'a> {
        let height = self.trace.height();
        let next = self.trace.row((index + 1) % height);
        Row { local, next, publics: &self.publics, is_first: index == 0, is_last: index + 1 == height }
    }

    fn says(&self, index: usize, local: &[F]) -> Vec<(u16, Vec<F>, F)> {
        self.checks.said(self.row(index, local))
    }
}

fn is_free(circuit: &str, column: &str) -> bool {
    FREE.iter()
        .chain(&FREE_IN_MEMORY)
        .any(|(free_circuit, free_column, _)| (*free_circuit, *free_column) == (circuit, column))
}

fn seeded() -> SplitMix64 {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    SplitMix64::new(seed)
}

/// With a rest of the machine that answers any true question but says otherwise what it said.
fn assert_no_cell_is_free(tables: &[Filled], rows: u32) {
    let mut random = seeded();
    let mut free: BTreeMap<(String, String), usize> = BTreeMap::new();
    for table in tables {
        // No circuit looks at the next row, so a cell is its own row's alone.
        for index in table.rows(&mut random, rows) {
            let honest = table.trace.row(index);
            let said = table.says(index, honest);
            assert!(table.checks.failed(table.row(index, honest)).is_empty(), "{}", table.circuit.name);
            let mut cells = honest.to_vec();
            for column in 0..cells.len() {
                for lie in lies(honest[column], [F::from_u32(random.next_u32() >> 4)]) {
                    cells[column] = lie;
                    let refused = !table.checks.failed(table.row(index, &cells)).is_empty();
                    if !refused && table.says(index, &cells) == said {
                        let name = (table.circuit.name.clone(), table.circuit.columns[column].clone());
                        *free.entry(name).or_default() += 1;
                    }
                }
                cells[column] = honest[column];
            }
        }
    }
    free.retain(|(circuit, column), _| !is_free(circuit, column));
    assert!(free.is_empty(), "free cells, with how many other values were accepted: {free:#?}");
}

/// However the attacker repairs a row after its lie, what it says to others stays what it was.
fn assert_nothing_makes_up_for_a_lie(tables: &[Filled], rows: u32) {
    let mut random = seeded();
    let effort = Effort { changes: 6, rows: 200 };
    let attacks: Vec<(&Filled, usize, usize, F)> = tables
        .iter()
        .flat_map(|table| {
            let rows = table.rows(&mut random, rows);
            let mut attacks = vec![];
            for index in rows {
                for (column, &honest) in table.trace.row(index).iter().enumerate() {
                    attacks.extend(
                        lies(honest, [F::from_u32(random.next_u32() >> 4)])
                            .into_iter()
                            .map(|lie| (table, index, column, lie)),
                    );
                }
            }
            attacks
        })
        .collect();
    println!("{} lies", attacks.len());
    let mut accepted: Vec<String> = attacks
        .into_par_iter()
        .filter_map(|(table, index, column, lie)| {
            let honest = table.trace.row(index);
            let forgery = Attacker::new(&table.checks).forge(honest, column, lie, effort)?;
            let name = |column: usize| table.circuit.columns[column].as_str();
            let changes: Vec<String> = forgery
                .changes
                .iter()
                .map(|&(column, value)| format!("{} {} -> {value}", name(column), honest[column]))
                .collect();
            let same = table.says(index, &forgery.cells) == table.says(index, honest);
            let choice = CHOICES.iter().any(|(chip, _)| *chip == table.circuit.name);
            let free =
                choice || same && forgery.changes.iter().all(|&(column, _)| is_free(&table.circuit.name, name(column)));
            (!free).then(|| {
                format!(
                    "{} {} with {}",
                    table.circuit.name,
                    if same { "says the same" } else { "says otherwise" },
                    changes.join(", ")
                )
            })
        })
        .collect();
    accepted.sort();
    accepted.dedup_by_key(|line| line.split(" -> ").next().unwrap_or_default().to_owned());
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
}

fn chips(tables: Vec<Filled>) -> Vec<Filled> {
    let last_fixed = tables.iter().rposition(|table| table.circuit.name == "bytes").unwrap();
    assert!(last_fixed < FIRST_CHIP);
    tables.into_iter().skip(last_fixed + 1).collect()
}

#[test]
fn what_may_be_free_exists() {
    let program = every_instruction(false);
    let (run, _) = Run::whole(&program.elf, &program.input);
    for (circuit, column, reason) in FREE.iter().chain(&FREE_IN_MEMORY) {
        let found = run.circuits().iter().any(|known| known.name == *circuit && known.column(column).is_some());
        assert!(found, "there is no {column} in {circuit}, though {reason}");
    }
    for (chip, reason) in CHOICES {
        assert!(run.circuits().iter().any(|known| known.name == chip), "there is no {chip}, though {reason}");
    }
}

#[test]
fn of_every_table() {
    let program = every_instruction(false);
    let (run, segment) = Run::whole(&program.elf, &program.input);
    assert_no_cell_is_free(&filled(&run, segment), 8);
}

#[test]
fn of_standard_extensions_with_repairs() {
    let (run, segment) = Run::whole(&custom_elf(2, 200), &[]);
    let tables: Vec<Filled> =
        chips(filled(&run, segment)).into_iter().filter(|table| table.circuit.name.starts_with("custom0")).collect();
    assert_eq!(tables.len(), 2);
    assert_no_cell_is_free(&tables, 24);
    assert_nothing_makes_up_for_a_lie(&tables, 8);
}

#[test]
fn of_every_chip_with_repairs() {
    let program = every_instruction(false);
    let (run, segment) = Run::whole(&program.elf, &program.input);
    assert_nothing_makes_up_for_a_lie(&chips(filled(&run, segment)), 4);
}
