//! What the tests of machines share: a table by itself, with a rest of the machine that agrees with it ([`Subject`]).
//!
//! An attack changes a valid table. What it sends and receives is then answered by a rest of the machine that plays along:
//! only a constraint of the table itself, or a lookup that asks for something false, can refuse it.

use std::collections::{HashMap, HashSet};

use engram_air::{
    Bus, BusKind, Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring, Trace,
    check::{Report, Table, check},
    field::{DIGEST_CELLS, Digest},
    poseidon2::compress,
    tape::Tape,
};

use crate::messages::{BYTES, COMPRESS, RANGE, RANGE_BITS_MAX};

/// A table with its circuit.
pub struct Subject {
    /// The circuit.
    pub circuit: Circuit,
    /// All columns, the committed ones first.
    pub trace: Trace,
    /// Public values.
    pub publics: Vec<F>,
}

/// What a table says on a bus.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Said {
    bus: Bus,
    fields: Vec<F>,
    /// It is a question to a fixed table.
    asks: bool,
}

/// What the rest of the machine puts on buses, summed by message.
pub struct Rest(HashMap<Said, F>);

impl Subject {
    /// A table without public values.
    pub fn new(circuit: Circuit, trace: Trace) -> Self {
        Self { circuit, trace, publics: vec![] }
    }

    /// The cell in `row` of the column with this name.
    ///
    /// # Panics
    /// There is no such row or column.
    pub fn cell(&mut self, row: usize, column: &str) -> &mut F {
        let column = self.circuit.column(column).unwrap_or_else(|| panic!("no column is called {column}"));
        &mut self.trace.row_mut(row)[column]
    }

    /// Set cells of `row` by column name.
    pub fn with(mut self, row: usize, cells: &[(&str, u32)]) -> Self {
        for &(column, value) in cells {
            *self.cell(row, column) = F::from_u32(value);
        }
        self
    }

    fn sums(&self) -> HashMap<Said, F> {
        let tape = Tape::new(&self.circuit);
        let table = Table { circuit: &self.circuit, trace: &self.trace, publics: &self.publics };
        let mut sums = HashMap::new();
        for row in 0..self.trace.height() {
            for message in tape.evaluate(table.row(row)).messages() {
                let interaction = &self.circuit.interactions[message.interaction];
                let asks = interaction.bus.kind == BusKind::Lookup && interaction.weight > 0;
                let said = Said { bus: interaction.bus, fields: message.fields, asks };
                *sums.entry(said).or_insert(F::ZERO) += message.count;
            }
        }
        sums
    }

    /// Labels of constraints that do not hold.
    pub fn violations(&self) -> Vec<String> {
        let tape = Tape::new(&self.circuit);
        let table = Table { circuit: &self.circuit, trace: &self.trace, publics: &self.publics };
        let labels = |row| -> Vec<String> {
            let values = tape.evaluate(table.row(row));
            values.violations().map(|(index, _)| self.circuit.constraints[index].label.clone()).collect()
        };
        (0..self.trace.height()).flat_map(labels).collect()
    }

    /// Whether the table offers these messages, each once, and nothing else.
    pub fn offers_exactly(&self, messages: impl Iterator<Item = Vec<u32>>) -> bool {
        let expected: HashSet<Vec<u32>> = messages.collect();
        let sums = self.sums();
        let integers = |fields: &[F]| -> Vec<u32> { fields.iter().map(F::as_canonical_u32).collect() };
        sums.len() == expected.len()
            && sums.iter().all(|(said, sum)| *sum == F::NEG_ONE && expected.contains(&integers(&said.fields)))
    }

    /// A rest of the machine that agrees with this table.
    pub fn rest(&self) -> Rest {
        let said = self.sums().into_iter().filter(|(said, _)| !said.asks);
        Rest(said.map(|(said, sum)| (said, -sum)).collect())
    }

    /// Check the table beside a rest of the machine, and beside tables that answer each true lookup.
    ///
    /// # Errors
    /// A constraint or a bus fails. The report names each.
    pub fn check_beside(&self, rest: &Rest) -> Result<(), Box<Report>> {
        let asked = self.sums().into_iter().filter(|(said, _)| said.asks && said.is_true());
        let answers = asked.map(|(said, sum)| said.with_count(-sum));
        let others = rest.0.iter().map(|(said, sum)| said.clone().with_count(*sum));
        let counterparts: Vec<(Circuit, Trace)> = answers.chain(others).collect();
        let own = Table { circuit: &self.circuit, trace: &self.trace, publics: &self.publics };
        let counterparts = counterparts.iter().map(|(circuit, trace)| Table { circuit, trace, publics: &[] });
        check(&[own].into_iter().chain(counterparts).collect::<Vec<_>>())
    }

    /// The table holds.
    ///
    /// # Panics
    /// A constraint or a bus fails.
    pub fn assert_accepted(&self) {
        if let Err(report) = self.check_beside(&self.rest()) {
            panic!("{report}");
        }
    }

    /// Though the rest of the machine plays along, the constraint or lookup with this label refuses the table, and it alone.
    ///
    /// # Panics
    /// The table is accepted, or another constraint or lookup refuses it.
    pub fn assert_refused_only_by(&self, label: &str) {
        let report = self.check_beside(&self.rest()).expect_err("the table is false");
        let constraints = report.constraints.iter().map(|failure| &failure.label);
        let lookups = report.messages.iter().flat_map(|failure| failure.origins.iter().map(|origin| &origin.label));
        for failed in constraints.chain(lookups) {
            assert_eq!(failed, label, "{report}");
        }
    }

    /// No cell in the first `rows` rows can be another value beside the same rest of the machine, but for the columns in
    /// `free`, each with the reason why it may.
    ///
    /// # Panics
    /// A cell can have another value, or a column in `free` cannot.
    pub fn assert_every_cell_matters(&self, rows: usize, free: &[(&str, &str)]) {
        self.assert_accepted();
        let rest = self.rest();
        let mut accepted: Vec<String> = vec![];
        for row in 0..rows {
            for column in 0..self.circuit.width() {
                let honest = self.trace.row(row)[column];
                let others =
                    [honest + F::ONE, honest - F::ONE, -honest, F::ONE - honest, honest + F::from_u32(1 << 17)];
                for other in others.into_iter().filter(|&other| other != honest) {
                    let mut trace = self.trace.clone();
                    trace.row_mut(row)[column] = other;
                    let changed = Self { circuit: self.circuit.clone(), trace, publics: self.publics.clone() };
                    if changed.check_beside(&rest).is_ok() {
                        accepted.push(self.circuit.columns[column].clone());
                    }
                }
            }
        }
        for column in &accepted {
            assert!(free.iter().any(|(name, _)| name == column), "{column} can be changed");
        }
        for (name, reason) in free {
            assert!(accepted.iter().any(|column| column == name), "{name} is not free, though {reason}");
        }
    }
}

impl Said {
    /// A table of one row that says this.
    fn with_count(self, count: F) -> (Circuit, Trace) {
        let mut circuit = CircuitBuilder::new("rest of the machine");
        let column = Count::shown("a table of one row, with the count that a test says", circuit.column("count"));
        let fields = self.fields.into_iter().map(Expr::constant).collect();
        match self.bus.kind {
            BusKind::Permutation => circuit.send(self.bus, "the counterpart", fields, &column),
            BusKind::Lookup => circuit.lookup(self.bus, "the counterpart", fields, &column),
        }
        (circuit.build(), Trace::from_rows(vec![count], 1))
    }

    /// Whether what is looked up is so.
    fn is_true(&self) -> bool {
        let integer = |index: usize| self.fields[index].as_canonical_u32();
        let digest = |index: usize| -> Digest { std::array::from_fn(|cell| self.fields[index * DIGEST_CELLS + cell]) };
        match self.bus {
            RANGE => integer(1) <= RANGE_BITS_MAX && integer(0) < 1 << integer(1),
            BYTES => integer(0) < 256 && integer(1) < 256 && integer(0) & integer(1) == integer(2),
            COMPRESS => compress(&digest(0), &digest(1)) == digest(2),
            bus => panic!("{} is not a lookup of memory", bus.name),
        }
    }
}
