//! Each constraint and each lookup of each chip, attacked: there is a row that it alone refuses. Without it a false row
//! would be accepted.

use std::sync::Arc;

use engram_air::{
    BusKind, Circuit, CircuitBuilder, Count, Expr, F, Field, PrimeCharacteristicRing, Ring, Trace,
    check::{Table, check},
    tape::Row,
};
use engram_prover::testing::{Attacker, Effort, Forgery, RowChecks, Run, Segment, custom_elf, every_instruction};
use engram_rv32im::{Opcode, system_calls::SYS_READ};
use engram_rv32im_air::{
    chip::{CHIPS, Chip},
    circuits::FIRST_CHIP,
};
use engram_stark::engine::Witness;
use rayon::prelude::*;

/// Rows of each chip from which attacks start.
const ROWS: usize = 24;

/// Most labels fall to the first.
const EFFORTS: [Effort; 4] = [
    Effort { changes: 1, rows: 1 },
    Effort { changes: 3, rows: 20 },
    Effort { changes: 6, rows: 100 },
    Effort { changes: 14, rows: 600 },
];

/// Constraints that the others of their chip imply, so that no attack can meet them alone, and why.
const IMPLIED: [(&str, &str); 2] = [
    (
        "both are zero is boolean",
        "where one of both is not zero the flag is zero, as their product is; where both are, it is one, as nothing else \
         makes up for an inverse",
    ),
    (
        "remainder is below a divisor that is not zero",
        "a remainder that is not below makes the quotient all ones, and all ones times a divisor is a dividend only with \
         divisor one and remainder zero, which is below; kept because it says what must hold",
    ),
];

struct Subject {
    circuit: Arc<Circuit>,
    checks: RowChecks,
    /// Honest rows.
    rows: Vec<Vec<F>>,
    /// Other rows from which attacks start.
    forged: Vec<Vec<F>>,
}

impl Subject {
    /// A circuit with honest rows, evenly spread over its table.
    fn new(run: &Run, chip: Chip, circuit: &Arc<Circuit>, trace: &Trace, real_rows: usize) -> Self {
        let step = real_rows.div_ceil(ROWS);
        let rows: Vec<Vec<F>> = (0..real_rows).step_by(step).map(|row| trace.row(row).to_vec()).collect();
        let checks = RowChecks::new(circuit.clone(), run.program.entries());
        let bare = Attacker::new(&checks).bare(&rows[0]);
        let mut forged = by_hand(chip, circuit, &bare);
        forged.push(bare);
        Self { circuit: circuit.clone(), checks, rows, forged }
    }

    fn name(&self) -> &str {
        &self.circuit.name
    }
}

/// All chips, and the standard extensions.
fn chips() -> Vec<Subject> {
    let program = every_instruction(true);
    let mut chips = chips_of(&program.elf, &program.input, |_| true);
    chips.extend(chips_of(&custom_elf(1, 200), &[], |chip| matches!(chip, Chip::Custom(_))));
    chips
}

fn chips_of(elf: &[u8], input: &[u8], wanted: fn(&Chip) -> bool) -> Vec<Subject> {
    let (run, Segment { rows, witnesses }) = Run::whole(elf, input);
    let tables = run.machine.chips().iter().zip(run.circuits().iter().zip(witnesses).skip(FIRST_CHIP));
    let tables = tables.filter(|(chip, _)| wanted(chip));
    let subject = |(&chip, (circuit, witness)): (&Chip, (&Arc<Circuit>, Witness))| {
        let real_rows = rows.chips[chip.number()].len();
        Subject::new(&run, chip, circuit, &witness.trace.unwrap(), real_rows)
    };
    tables.map(subject).collect()
}

/// Rows with an attack that the search does not find.
fn by_hand(chip: Chip, circuit: &Circuit, bare: &[F]) -> Vec<Vec<F>> {
    let row = |cells: &[(&str, usize, F)]| {
        let mut row = bare.to_vec();
        for &(name, occurrence, value) in cells {
            let mut columns = circuit.columns.iter().enumerate().filter(|(_, column)| *column == name);
            row[columns.nth(occurrence).unwrap().0] = value;
        }
        row
    };
    let int = F::from_u32;
    match chip {
        // No instruction at all, where the ROM's padding stands for one: it would write any word to register 0.
        Chip::Misaligned => {
            let nothing = circuit.columns.iter().zip(bare).filter(|(_, cell)| **cell != F::ZERO);
            let mut cells: Vec<(&str, usize, F)> = nothing.map(|(name, _)| (name.as_str(), 0, F::ZERO)).collect();
            cells.extend([("real", 0, F::ONE), ("address bit", 0, F::ONE), ("previous low", 0, F::ONE)]);
            cells.push(("register after", 0, int(256)));
            // Counted 42/43 times, an `lhu` asks the ROM for `lh`.
            let count = int(Chip::Load(Opcode::Lh).rom_opcode()) * int(Chip::Load(Opcode::Lhu).rom_opcode()).inverse();
            let counted = [
                ("real", 0, count),
                ("lhu", 0, count),
                ("address bit", 0, count),
                ("previous low", 0, count - bare[circuit.column("immediate low").unwrap()]),
                ("steps to the next word", 0, count - count * count),
            ];
            vec![row(&cells), row(&counted)]
        }
        // More is asked for and read than a call moves.
        Chip::ReadCall => vec![row(&[
            ("previous low", 0, int(SYS_READ)),
            ("previous high", 2, int(17)),
            ("count high", 0, int(17)),
            ("difference", 3, int(0xffff)),
        ])],
        _ => vec![],
    }
}

fn row(cells: &[F]) -> Row<'_> {
    Row { local: cells, next: cells, publics: &[], is_first: true, is_last: true }
}

/// Check one row beside a rest of the machine that plays along: it answers every true question, and takes and gives
/// whatever the row gives and takes.
fn failed_beside_rest(subject: &Subject, cells: &[F]) -> Vec<String> {
    let mut rest = CircuitBuilder::new("rest of the machine");
    rest.column("unused");
    let asks = |index: usize| {
        let interaction = &subject.circuit.interactions[index];
        interaction.bus.kind == BusKind::Lookup && interaction.weight > 0
    };
    let says = subject.checks.says(row(cells)).into_iter().filter(|said| !asks(said.interaction));
    for said in says.chain(subject.checks.questions(row(cells))) {
        let bus = subject.circuit.interactions[said.interaction].bus;
        let fields = said.fields.into_iter().map(Expr::constant).collect();
        match bus.kind {
            BusKind::Permutation => {
                let count =
                    Count::shown("a table of one row, with the count that a test says", Expr::constant(-said.count));
                rest.send(bus, "the counterpart", fields, &count);
            }
            BusKind::Lookup => rest.provide(bus, "the counterpart", fields, Expr::constant(said.count)),
        }
    }
    let rest = rest.build();
    let (own, other) = (Trace::from_rows(cells.to_vec(), cells.len()), Trace::zeros(1, 1));
    let tables = [
        Table { circuit: &subject.circuit, trace: &own, publics: &[] },
        Table { circuit: &rest, trace: &other, publics: &[] },
    ];
    let Err(report) = check(&tables) else { return vec![] };
    let constraints = report.constraints.iter().map(|failure| failure.label.clone());
    let lookups = report.messages.iter().flat_map(|failure| failure.origins.iter().map(|origin| origin.label.clone()));
    constraints.chain(lookups).collect()
}

fn attack(subject: &Subject, label: &str, effort: Effort) -> Option<Forgery> {
    let attacker = Attacker::new(&subject.checks);
    let checks: Vec<usize> = subject.checks.checks().filter(|&check| subject.checks.label(check) == label).collect();
    let mut rows = subject.rows.iter().chain(&subject.forged);
    rows.find_map(|row| checks.iter().find_map(|&check| attacker.break_only(check, row, effort)))
}

/// Attack a label; what went wrong, if something did.
fn assail(subject: &Subject, label: &str) -> Option<String> {
    let name = subject.name();
    let implied = IMPLIED.iter().any(|(implied, _)| *implied == label);
    let efforts = if implied { &EFFORTS[..3] } else { &EFFORTS[..] };
    let forgery = match efforts.iter().find_map(|&effort| attack(subject, label, effort)) {
        None if implied => return None,
        None => return Some(format!("{name}: nothing is refused by \"{label}\" alone")),
        Some(_) if implied => return Some(format!("{name}: \"{label}\" is not implied")),
        Some(found) => found,
    };
    let failed = failed_beside_rest(subject, &forgery.cells);
    let alone = !failed.is_empty() && failed.iter().all(|failed| failed == label);
    (!alone).then(|| format!("{name}: \"{label}\" is not alone: {failed:?}"))
}

#[test]
fn every_check_of_every_chip_alone_refuses_some_row() {
    let chips = chips();
    let extensions = ["custom0 bulk_load", "custom0 bulk_store"];
    assert!(chips.iter().map(Subject::name).eq(CHIPS.map(Chip::name).into_iter().chain(extensions)));
    let attacks = chips.iter().flat_map(|chip| chip.checks.labels().into_iter().map(move |label| (chip, label)));
    let attacks: Vec<(&Subject, &str)> = attacks.collect();
    let unmet: Vec<String> = attacks.into_par_iter().filter_map(|(chip, label)| assail(chip, label)).collect();
    assert!(unmet.is_empty(), "{} of them\n{}", unmet.len(), unmet.join("\n"));
    for (label, _) in IMPLIED {
        assert!(chips.iter().any(|chip| chip.checks.labels().contains(label)), "{label} is no label");
    }
}

#[test]
fn honest_rows_are_refused_by_nothing() {
    for subject in chips() {
        for cells in &subject.rows {
            assert_eq!(failed_beside_rest(&subject, cells), Vec::<String>::new(), "{}", subject.name());
        }
    }
}
