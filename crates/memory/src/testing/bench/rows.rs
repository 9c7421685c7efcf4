//! Altering a row of an extension, while the rest of the machine stays as it was.

use std::collections::BTreeMap;

use crate::messages::{RANGE, RANGE_BITS_MAX};
use engram_air::{
    BusKind, Circuit, F, Field, PrimeCharacteristicRing, PrimeField32,
    tape::{Row, Tape},
};

use super::report::Finding;
use crate::messages::MEMORY;

/// Judges rows of one table.
pub(super) struct RowAttacks<'a> {
    circuit: &'a Circuit,
    tape: Tape,
    case: &'a str,
}

/// What came out of one row.
#[derive(Default)]
pub(super) struct RowFindings {
    pub(super) alterations: usize,
    pub(super) stale_accesses: usize,
    /// By column.
    pub(super) free: Vec<(String, Finding)>,
    /// At most one a column, and stale accesses.
    pub(super) undetermined: Vec<Finding>,
}

/// How often the row puts each message on a bus, by bus and fields.
type Said = BTreeMap<(u16, Vec<u32>), F>;

/// What a row says, where its own constraints and ranges hold.
#[derive(PartialEq, Eq)]
struct Statement {
    takes: Said,
    puts: Said,
}

/// An access of a row.
struct RowAccess {
    space_and_pointer: [F; 2],
    cells: usize,
    gap_column: usize,
}

impl<'a> RowAttacks<'a> {
    pub(super) fn new(circuit: &'a Circuit, case: &'a str) -> Self {
        Self { circuit, tape: Tape::new(circuit), case }
    }

    /// Alter each cell of an honest row.
    pub(super) fn alter(&self, row: usize, cells: &[F]) -> RowFindings {
        let mut found = RowFindings::default();
        // An honest row holds, or the whole run would not.
        let Some(honest) = self.judge(cells) else { return found };
        for (column, name) in self.circuit.columns.iter().enumerate() {
            let (mut is_free, mut is_open) = (false, false);
            for altered in others(cells[column]) {
                found.alterations += 1;
                let mut row_cells = cells.to_vec();
                row_cells[column] = altered;
                let Some(statement) = self.judge(&row_cells) else { continue };
                let (case, column, honest_cell) = (self.case.to_owned(), name.clone(), cells[column]);
                if statement == honest && !is_free {
                    is_free = true;
                    let finding = Finding::Free { case, row, column, honest: honest_cell, altered };
                    found.free.push((name.clone(), finding));
                } else if statement.takes == honest.takes && statement != honest && !is_open {
                    is_open = true;
                    let finding = Finding::Undetermined { case, row, column, honest: honest_cell, altered };
                    found.undetermined.push(finding);
                }
            }
        }
        self.take_stale(row, cells, &honest, &mut found);
        found
    }

    /// Let the later of two accesses of one place take what the earlier one took.
    fn take_stale(&self, row: usize, cells: &[F], honest: &Statement, found: &mut RowFindings) {
        let accesses = self.accesses(cells);
        for (later, access) in accesses.iter().enumerate() {
            for (earlier, other) in accesses[..later].iter().enumerate() {
                if (other.space_and_pointer, other.cells) != (access.space_and_pointer, access.cells) {
                    continue;
                }
                found.stale_accesses += 1;
                let mut stale = cells.to_vec();
                for cell in 1..=access.cells {
                    stale[access.gap_column - cell] = cells[other.gap_column - cell];
                }
                stale[access.gap_column] = cells[other.gap_column] + F::from_usize(later - earlier);
                if self.judge(&stale).is_some_and(|statement| statement == *honest) {
                    found.undetermined.push(Finding::Stale { case: self.case.into(), row });
                }
            }
        }
    }

    /// The row's accesses, in order. Each has its cells' columns right before its gap's.
    fn accesses(&self, cells: &[F]) -> Vec<RowAccess> {
        let names = self.circuit.columns.iter().enumerate();
        let gaps = names.filter(|(_, name)| name.ends_with(".gap")).map(|(column, _)| column);
        let is_taken =
            |interaction: usize| self.circuit.interactions[interaction].label.ends_with("takes what was there");
        let messages = self.tape.evaluate(self.row(cells));
        let taken: Vec<Vec<F>> = messages
            .messages()
            .filter(|message| {
                self.circuit.interactions[message.interaction].bus == MEMORY && is_taken(message.interaction)
            })
            .map(|message| message.fields)
            .collect();
        gaps.zip(taken)
            .map(|(gap_column, fields)| RowAccess {
                space_and_pointer: [fields[0], fields[1]],
                cells: fields.len() - 3,
                gap_column,
            })
            .collect()
    }

    /// What the row says; nothing where a constraint or range of its own fails.
    fn judge(&self, cells: &[F]) -> Option<Statement> {
        let values = self.tape.evaluate(self.row(cells));
        if values.violations().next().is_some() {
            return None;
        }
        let mut statement = Statement { takes: Said::new(), puts: Said::new() };
        for message in values.messages() {
            let bus = self.circuit.interactions[message.interaction].bus;
            let fields: Vec<u32> = message.fields.iter().map(F::as_canonical_u32).collect();
            if bus.kind == BusKind::Lookup {
                // An extension can ask for nothing else.
                let holds = bus == RANGE && fields[1] <= RANGE_BITS_MAX && fields[0] < 1 << fields[1];
                if !holds {
                    return None;
                }
                continue;
            }
            let takes = message.count == F::NEG_ONE;
            let said = if takes { &mut statement.takes } else { &mut statement.puts };
            *said.entry((bus.index, fields)).or_insert(F::ZERO) += message.count;
        }
        Some(statement)
    }

    /// A circuit of an extension looks at no other row, and has no public values.
    fn row<'b>(&self, cells: &'b [F]) -> Row<'b> {
        Row { local: cells, next: cells, publics: &[], is_first: false, is_last: false }
    }
}

/// Other values of a cell: near ones, its complements, and those that are a limb or a fraction of one away.
fn others(honest: F) -> impl Iterator<Item = F> {
    let steps = [0, 8, 15, 16, 17].map(|bits| F::from_u32(1 << bits));
    let fractions = [1, 8, 16].map(|bits| F::from_u32(1 << bits).inverse());
    let steps = steps.into_iter().chain(fractions).flat_map(move |step| [honest + step, honest - step]);
    steps.chain([-honest, F::ONE - honest]).filter(move |&other| other != honest)
}
