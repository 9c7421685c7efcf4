//! What can refuse a row by itself, whatever the rest of the machine says: its constraints, and its questions to tables
//! that hold only what is true.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use engram_air::{
    BusKind, Circuit, F, PrimeField32,
    circuit::Interaction,
    field::{DIGEST_CELLS, Digest},
    poseidon2::compress,
    tape::{Message, Row, Tape},
};
use engram_memory::messages::{BYTES, COMPRESS, RANGE, RANGE_BITS_MAX};
use engram_vm::rom::{ENTRY_CELLS, Entry, ROM};

/// The checks of a circuit on one row. A check is a constraint's position in the circuit, or the number of constraints
/// plus a lookup's position among the interactions.
#[derive(Debug)]
pub struct RowChecks {
    circuit: Arc<Circuit>,
    tape: Tape,
    entries: HashSet<Entry>,
}

/// Does the row ask a table, so that the question may only be refused if what it asks is false?
fn asks(interaction: &Interaction) -> bool {
    interaction.bus.kind == BusKind::Lookup && interaction.weight > 0
}

impl RowChecks {
    /// The checks of a circuit in the machine of a program with these ROM entries.
    pub fn new(circuit: Arc<Circuit>, entries: &[Entry]) -> Self {
        let tape = Tape::new(&circuit);
        // The ROM is padded with zeros.
        let entries = entries.iter().copied().chain([[0; ENTRY_CELLS]]).collect();
        Self { circuit, tape, entries }
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The entries of the ROM.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Number of constraints: the first check that is a lookup.
    pub fn constraints(&self) -> usize {
        self.circuit.constraints.len()
    }

    /// A check's label.
    pub fn label(&self, check: usize) -> &str {
        match check.checked_sub(self.constraints()) {
            None => &self.circuit.constraints[check].label,
            Some(interaction) => &self.circuit.interactions[interaction].label,
        }
    }

    /// All checks.
    pub fn checks(&self) -> impl Iterator<Item = usize> + '_ {
        let constraints = self.constraints();
        let lookups = self.circuit.interactions.iter().enumerate().filter(|(_, interaction)| asks(interaction));
        (0..constraints).chain(lookups.map(move |(index, _)| constraints + index))
    }

    /// All labels of checks.
    pub fn labels(&self) -> BTreeSet<&str> {
        self.checks().map(|check| self.label(check)).collect()
    }

    /// The checks that refuse a row.
    pub fn failed(&self, row: Row<'_>) -> Vec<usize> {
        let values = self.tape.evaluate(row);
        let constraints = values.violations().map(|(constraint, _)| constraint);
        let lookups = values.messages().filter(|message| {
            let interaction = &self.circuit.interactions[message.interaction];
            asks(interaction) && !self.is_true(interaction, &message.fields)
        });
        constraints.chain(lookups.map(|message| self.constraints() + message.interaction)).collect()
    }

    /// What a row says to other tables, but for true questions, which any table answers.
    pub fn says(&self, row: Row<'_>) -> Vec<Message> {
        self.messages(row, |interaction, fields| !asks(interaction) || !self.is_true(interaction, fields))
    }

    /// The same, whichever of its interactions says it: by the bus's number, fields and counts, in order.
    pub fn said(&self, row: Row<'_>) -> Vec<(u16, Vec<F>, F)> {
        let says = self.says(row).into_iter();
        let bus = |message: &Message| self.circuit.interactions[message.interaction].bus.index;
        let mut said: Vec<_> = says.map(|message| (bus(&message), message.fields, message.count)).collect();
        said.sort_unstable();
        said
    }

    /// The true questions of a row.
    pub fn questions(&self, row: Row<'_>) -> Vec<Message> {
        self.messages(row, |interaction, fields| asks(interaction) && self.is_true(interaction, fields))
    }

    fn messages(&self, row: Row<'_>, wanted: impl Fn(&Interaction, &[F]) -> bool) -> Vec<Message> {
        let values = self.tape.evaluate(row);
        let messages = values.messages();
        messages.filter(|said| wanted(&self.circuit.interactions[said.interaction], &said.fields)).collect()
    }

    fn is_true(&self, interaction: &Interaction, fields: &[F]) -> bool {
        let integer = |index: usize| fields[index].as_canonical_u32();
        match interaction.bus {
            RANGE => integer(1) <= RANGE_BITS_MAX && integer(0) < 1 << integer(1),
            BYTES => integer(0) < 256 && integer(1) < 256 && integer(0) & integer(1) == integer(2),
            ROM => self.entries.contains(&std::array::from_fn(integer)),
            COMPRESS => {
                let digest =
                    |index: usize| -> Digest { std::array::from_fn(|cell| fields[index * DIGEST_CELLS + cell]) };
                compress(&digest(0), &digest(1)) == digest(2)
            }
            bus => panic!("{} is not a table of the machine", bus.name),
        }
    }
}

/// A row by itself: for circuits that look at no other row and at no public value.
pub(super) fn alone(cells: &[F]) -> Row<'_> {
    Row { local: cells, next: cells, publics: &[], is_first: false, is_last: false }
}
