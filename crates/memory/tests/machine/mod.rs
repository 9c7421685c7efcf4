//! A machine that only accesses memory: what the end-to-end tests run.

use std::{collections::HashMap, sync::Arc};

use engram_air::{
    Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace,
    check::{Table, check},
};
use engram_memory::{
    Access, Lookups, MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS,
    access::{CircuitPort, take},
    address::{CELL_BITS, GAP_BITS, cells},
    messages::{RANGE, range_message},
    timestamp::Timestamp,
};
use engram_stark::engine::Witness;
use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

engram_air::columns! {
    /// A machine that only accesses memory.
    struct AccessCols {
        real: T,
        space: T,
        pointer: T,
        previous: [T; 2],
        next: [T; 2],
        timestamp: T,
        gap: T,
    }
}

pub fn access_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("accesses");
    let AccessCols { real, space, pointer, previous, next, timestamp, gap } = AccessCols::allocate(&mut circuit);
    let real = circuit.flag("real is boolean", real);
    for cell in &next {
        circuit.lookup(RANGE, "a cell has 16 bits", range_message(cell.clone(), CELL_BITS), &real);
    }
    let mut port = CircuitPort { circuit: &mut circuit, name: "access", enabled: &real };
    let timestamp = Timestamp::shown("nobody does: the tests' own tables have honest ones", timestamp);
    take(&mut port, [space, pointer], &previous, timestamp, gap).put(&mut port, &next);
    circuit.build()
}

/// Accesses that a test makes, with what they found.
#[derive(Default)]
pub struct Accesses(Vec<(u32, u32, u32, u32, Access)>);

impl Accesses {
    pub fn read(&mut self, memory: &mut OfflineMemory, space: u32, pointer: u32, timestamp: u32) -> u32 {
        let access = memory.read_word(space, pointer, timestamp);
        self.0.push((space, pointer, timestamp, access.previous, access));
        access.previous
    }

    pub fn write(&mut self, memory: &mut OfflineMemory, space: u32, pointer: u32, timestamp: u32, value: u32) {
        let access = memory.write_word(space, pointer, timestamp, value);
        self.0.push((space, pointer, timestamp, value, access));
    }

    pub fn trace(&self, lookups: &Lookups) -> Trace {
        let mut trace = Trace::zeros(AccessCols::<F>::WIDTH, self.0.len());
        for (row, &(space, pointer, timestamp, next, access)) in self.0.iter().enumerate() {
            lookups.range.count(access.gap, GAP_BITS);
            lookups.range.count(next & 0xffff, CELL_BITS);
            lookups.range.count(next >> 16, CELL_BITS);
            let cells = AccessCols {
                real: F::ONE,
                space: F::from_u32(space),
                pointer: F::from_u32(pointer),
                previous: cells(access.previous),
                next: cells(next),
                timestamp: F::from_u32(timestamp),
                gap: F::from_u32(access.gap),
            };
            cells.write(trace.row_mut(row));
        }
        trace
    }
}

pub fn image() -> MemoryImage {
    let mut image = MemoryImage::new();
    image.set_bytes(SPACE_MEMORY, 0x1_0003, &(0..=255).collect::<Vec<u8>>());
    image.set_bytes(SPACE_MEMORY, 0xffff_fff0, &[7; 16]);
    image.set_word(SPACE_REGISTERS, 2, 0xffff_0000);
    image
}

/// Random accesses of all kinds of address, checked against a map. Leaves gaps that need one refresh and many.
pub fn random_accesses(
    memory: &mut OfflineMemory,
    model: &mut HashMap<(u32, u32), u32>,
    random: &mut ChaCha8Rng,
    count: usize,
) -> Accesses {
    let mut accesses = Accesses::default();
    let mut timestamp = 0;
    for step in 0..count {
        timestamp += if step % 50 == 49 { random.random_range(1..1 << 20) } else { random.random_range(1..10) };
        let (space, pointer) = match random.random_range(0..4) {
            0 => (SPACE_REGISTERS, random.random_range(0..32)),
            1 => (SPACE_MEMORY, 0x4000 + random.random_range(0..64)),
            2 => (SPACE_OUTPUT, random.random_range(0..16)),
            _ => (SPACE_MEMORY, *[0, 1, 0x3fff_ffff, 0x3fff_fff0, 0x1234_5678].choose(random).unwrap()),
        };
        let expected = model.entry((space, pointer)).or_insert_with(|| memory.peek(space, pointer));
        if random.random() {
            let value = if random.random() { random.random() } else { *expected };
            accesses.write(memory, space, pointer, timestamp, value);
            *expected = value;
        } else {
            assert_eq!(accesses.read(memory, space, pointer, timestamp), *expected);
        }
    }
    accesses
}

/// Every constraint and every bus holds.
pub fn assert_checks(circuits: &[Arc<Circuit>], witnesses: &[Witness]) {
    let present = circuits.iter().zip(witnesses).filter_map(|(circuit, witness)| {
        Some((circuit, with_committed(witness.trace.as_ref()?, witness), &witness.publics))
    });
    let present: Vec<_> = present.collect();
    let tables = present.iter().map(|(circuit, trace, publics)| Table { circuit, trace, publics });
    if let Err(report) = check(&tables.collect::<Vec<_>>()) {
        panic!("{report}");
    }
}

/// A table with the columns that are committed apart.
fn with_committed(trace: &Trace, witness: &Witness) -> Trace {
    let Some(committed) = &witness.committed else { return trace.clone() };
    let committed = committed.trace();
    let rows = (0..trace.height()).flat_map(|row| [committed.row(row), trace.row(row)].concat());
    Trace::from_rows(rows.collect(), committed.width() + trace.width())
}
