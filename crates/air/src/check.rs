//! The checker: which constraint fails in which row, and which message has no counterpart.
//!
//! The backend's prover checks nothing; a false witness becomes a proof that does not verify. This module evaluates
//! every constraint in every row and every bus, and says what is wrong in the words of the circuit's author.

use std::{
    cmp::Reverse,
    collections::HashMap,
    fmt::{self, Display, Formatter},
};

use rayon::prelude::*;

use crate::{
    bus::{Bus, BusKind},
    circuit::Circuit,
    field::{F, MODULUS, PrimeCharacteristicRing, PrimeField32},
    tape::{Message, Row, Tape},
    trace::Trace,
};

/// How many failures of each kind a report keeps.
pub const FAILURES_MAX: usize = 20;

/// A table to check: its circuit, all its columns (committed ones first) and its public values.
#[derive(Debug)]
pub struct Table<'a> {
    /// The circuit.
    pub circuit: &'a Circuit,
    /// All columns.
    pub trace: &'a Trace,
    /// Public values.
    pub publics: &'a [F],
}

/// A constraint that does not hold in a row.
#[derive(Clone, Debug)]
pub struct ConstraintFailure {
    /// The circuit's name.
    pub circuit: String,
    /// The constraint's label.
    pub label: String,
    /// Which row.
    pub row: usize,
    /// The polynomial's value there.
    pub value: F,
    /// The row's cells with their columns' names.
    pub cells: Vec<(String, F)>,
}

/// Where an unbalanced message comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The circuit's name.
    pub circuit: String,
    /// The message's label.
    pub label: String,
    /// Which row.
    pub row: usize,
    /// How often; negative is taken off.
    pub count: i64,
    /// The row's cells with their columns' names.
    pub cells: Vec<(String, F)>,
}

/// A message whose counts do not add up to zero.
#[derive(Clone, Debug)]
pub struct BusFailure {
    /// Which bus.
    pub bus: Bus,
    /// The message.
    pub fields: Vec<F>,
    /// The sum of its counts.
    pub sum: i64,
    /// Who sent, received, asked for or provided it.
    pub origins: Vec<Origin>,
    /// The unbalanced message of the opposite sign that has the most fields in common, and how it differs.
    pub nearest: Option<(Vec<F>, String)>,
}

/// Everything that is wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Witnesses that are none of their circuits, in words. Nothing else was checked then.
    pub misfits: Vec<String>,
    /// Constraints, at most [`FAILURES_MAX`].
    pub constraints: Vec<ConstraintFailure>,
    /// Messages, at most [`FAILURES_MAX`].
    pub messages: Vec<BusFailure>,
    /// All that failed, kept or not.
    pub total: usize,
}

/// Names a row for people: the instruction that it stands for, say.
pub type Describe<'a> = &'a (dyn Fn(&str, &[(String, F)]) -> Option<String> + Sync);

/// Check tables against their circuits and each other.
///
/// # Errors
/// A constraint fails in a row, or a bus does not balance. The report names each.
pub fn check(tables: &[Table<'_>]) -> Result<(), Box<Report>> {
    let mut report = Report::default();
    let mut buses: HashMap<(Bus, Vec<F>), Balance> = HashMap::new();
    for (number, table) in tables.iter().enumerate() {
        let tape = Tape::new(table.circuit);
        let rows: Vec<RowReport> = (0..table.trace.height())
            .into_par_iter()
            .map(|row| {
                let values = tape.evaluate(table.row(row));
                (row, values.violations().collect(), values.messages().collect())
            })
            .collect();
        for (row, violations, messages) in rows {
            report.total += violations.len();
            for (constraint, value) in violations {
                if report.constraints.len() < FAILURES_MAX {
                    report.constraints.push(table.failure(constraint, row, value));
                }
            }
            for message in messages {
                let bus = table.circuit.interactions[message.interaction].bus;
                let entry = buses.entry((bus, message.fields)).or_default();
                entry.0 += message.count;
                entry.1.push((number, message.interaction, row, message.count));
            }
        }
    }
    let mut unbalanced: Vec<_> = buses.into_iter().filter(|(_, (sum, _))| *sum != F::ZERO).collect();
    unbalanced
        .sort_by_key(|((bus, fields), _)| (bus.index, fields.iter().map(F::as_canonical_u32).collect::<Vec<_>>()));
    report.total += unbalanced.len();
    for ((bus, fields), (sum, origins)) in unbalanced.iter().take(FAILURES_MAX) {
        let nearest = match bus.kind {
            BusKind::Permutation => nearest(*bus, fields, *sum, &unbalanced),
            BusKind::Lookup => None,
        };
        let origins = origins.iter().take(FAILURES_MAX).map(|&(table, interaction, row, count)| Origin {
            circuit: tables[table].circuit.name.clone(),
            label: tables[table].circuit.interactions[interaction].label.clone(),
            row,
            count: signed(count),
            cells: tables[table].cells(row),
        });
        let origins = origins.collect();
        report.messages.push(BusFailure { bus: *bus, fields: fields.clone(), sum: signed(*sum), origins, nearest });
    }
    if report.total == 0 { Ok(()) } else { Err(Box::new(report)) }
}

impl Table<'_> {
    /// A row as the evaluator wants it.
    pub fn row(&self, row: usize) -> Row<'_> {
        let height = self.trace.height();
        Row {
            local: self.trace.row(row),
            next: self.trace.row((row + 1) % height),
            publics: self.publics,
            is_first: row == 0,
            is_last: row + 1 == height,
        }
    }

    fn failure(&self, constraint: usize, row: usize, value: F) -> ConstraintFailure {
        ConstraintFailure {
            circuit: self.circuit.name.clone(),
            label: self.circuit.constraints[constraint].label.clone(),
            row,
            value,
            cells: self.cells(row),
        }
    }

    /// A row's cells with their columns' names.
    fn cells(&self, row: usize) -> Vec<(String, F)> {
        self.circuit.columns.iter().cloned().zip(self.trace.row(row).iter().copied()).collect()
    }
}

/// A row, its constraints that do not hold with their values, and its messages.
type RowReport = (usize, Vec<(usize, F)>, Vec<Message>);

/// The sum of a message's counts, and where each comes from: table, interaction, row, count.
type Balance = (F, Vec<(usize, usize, usize, F)>);

type Unbalanced = ((Bus, Vec<F>), Balance);

/// The message of opposite sign on the same bus with the most equal fields (at least one), with the differences in words.
fn nearest(bus: Bus, fields: &[F], sum: F, unbalanced: &[Unbalanced]) -> Option<(Vec<F>, String)> {
    let candidates = unbalanced.iter().filter(|((other_bus, other), (other_sum, _))| {
        *other_bus == bus && other.len() == fields.len() && (signed(*other_sum) < 0) != (signed(sum) < 0)
    });
    // Of those that differ in as few fields, the one that differs least.
    let scored = candidates.map(|((_, other), _)| {
        let equal = fields.iter().zip(other).filter(|(a, b)| a == b).count();
        let distance: u64 = fields.iter().zip(other).map(|(&a, &b)| signed(a - b).unsigned_abs()).sum();
        ((equal, Reverse(distance)), other)
    });
    let ((equal, _), other) = scored.max_by_key(|(score, _)| *score)?;
    if equal == 0 {
        return None;
    }
    let differences = fields.iter().zip(other).enumerate().filter(|(_, (a, b))| a != b);
    let words: Vec<String> = differences
        .map(|(index, (&mine, &theirs))| {
            format!(
                "{} off by {} ({mine} here, {theirs} there)",
                field_name(bus, index, fields.len()),
                signed(theirs - mine)
            )
        })
        .collect();
    Some((other.clone(), format!("the same but for {}", words.join(", "))))
}

/// The name of a field of a message with so many fields; see [`Bus::fields`].
fn field_name(bus: Bus, index: usize, length: usize) -> &'static str {
    let last = bus.fields.len().saturating_sub(1);
    let repeated = bus.fields.iter().position(|name| name.ends_with('*')).unwrap_or(last);
    let more = length.saturating_sub(bus.fields.len());
    let position = if index <= repeated { index } else { index.saturating_sub(more).max(repeated) };
    bus.fields.get(position).map_or("field", |name| name.trim_end_matches('*'))
}

/// The representative of a field element closest to zero.
fn signed(value: F) -> i64 {
    let value = i64::from(value.as_canonical_u32());
    if value > i64::from(MODULUS / 2) { value - i64::from(MODULUS) } else { value }
}

impl Report {
    /// A report of witnesses that are none of their circuits.
    pub fn of_misfits(misfits: Vec<String>) -> Self {
        Self { total: misfits.len(), misfits, ..Self::default() }
    }

    /// Does some constraint with this label fail?
    pub fn fails(&self, label: &str) -> bool {
        self.constraints.iter().any(|failure| failure.label == label)
    }

    /// The report in words; `describe` names rows.
    pub fn explain(&self, describe: Describe<'_>) -> String {
        let mut text = format!("{} failures", self.total);
        self.misfits.iter().for_each(|misfit| text += &format!("\n{misfit}"));
        for failure in &self.constraints {
            let cells: Vec<String> = failure.cells.iter().map(|(name, value)| format!("{name}={value}")).collect();
            text += &format!(
                "\n{} row {}: \"{}\" does not hold (off by {})",
                failure.circuit,
                failure.row,
                failure.label,
                signed(failure.value)
            );
            if let Some(description) = describe(&failure.circuit, &failure.cells) {
                text += &format!("\n  at {description}");
            }
            text += &format!("\n  {}", cells.join(" "));
        }
        for failure in &self.messages {
            text += &format!("\n{}", failure.explain(describe));
        }
        text
    }
}

impl BusFailure {
    /// The failure in words; `describe` names rows.
    pub fn explain(&self, describe: Describe<'_>) -> String {
        let fields = self.fields.iter().enumerate();
        let fields: Vec<String> = fields
            .map(|(index, value)| format!("{}={value}", field_name(self.bus, index, self.fields.len())))
            .collect();
        let mut text = format!("bus {}: [{}] is off by {}", self.bus.name, fields.join(" "), self.sum);
        for origin in &self.origins {
            text += &format!("\n  {} row {}: {} × \"{}\"", origin.circuit, origin.row, origin.count, origin.label);
            if let Some(description) = describe(&origin.circuit, &origin.cells) {
                text += &format!("\n    at {description}");
            }
        }
        if let Some((_, difference)) = &self.nearest {
            text += &format!("\n  nearest counterpart: {difference}");
        }
        text
    }
}

impl Display for BusFailure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.explain(&|_, _| None))
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.explain(&|_, _| None))
    }
}
