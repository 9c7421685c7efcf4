//! What cold memory costs to prove: one write to each of many leaves in a row.
//! `cargo run --release -p engram-memory --example cold_memory -- 65536`.

use std::{sync::Arc, time::Instant};

use engram_air::{Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace, price::Size};
use engram_memory::{
    Layout, Lookups, MemoryConfig, MemoryImage, OfflineMemory, SPACE_MEMORY, SegmentMemory,
    access::{CircuitPort, take},
    address::{GAP_BITS, WORD_CELLS, cells},
    lookup_circuits, tables,
    timestamp::Timestamp,
};
use engram_stark::{
    engine::{Witness, keygen},
    parameters::Parameters,
};

engram_air::columns! {
    struct WriteCols {
        real: T,
        pointer: T,
        previous: [T; WORD_CELLS],
        next: [T; WORD_CELLS],
        timestamp: T,
        gap: T,
    }
}

/// A machine that writes and does nothing else.
fn write_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("writes");
    let WriteCols { real, pointer, previous, next, timestamp, gap } = WriteCols::allocate(&mut circuit);
    let space = engram_air::Ring::integer(SPACE_MEMORY);
    let real = circuit.flag("real is boolean", real);
    let mut port = CircuitPort { circuit: &mut circuit, name: "write", enabled: &real };
    let timestamp = Timestamp::shown("nobody does: this machine only measures", timestamp);
    take(&mut port, [space, pointer], &previous, timestamp, gap).put(&mut port, &next);
    circuit.build()
}

/// One write to each of so many leaves.
fn write_leaves(leaves: u32, lookups: &Lookups) -> (SegmentMemory, Trace) {
    let mut memory = OfflineMemory::new(&MemoryImage::new(), MemoryConfig::rv32im()).unwrap();
    let mut trace = Trace::zeros(WriteCols::<F>::WIDTH, leaves as usize);
    for leaf in 0..leaves {
        let access = memory.write_word(SPACE_MEMORY, leaf * 8, leaf + 1, leaf + 1);
        lookups.range.count(access.gap, GAP_BITS);
        let columns = WriteCols {
            real: F::ONE,
            pointer: F::from_u32(leaf * 8),
            previous: cells(access.previous),
            next: cells(leaf + 1),
            timestamp: F::from_u32(leaf + 1),
            gap: F::from_u32(access.gap),
        };
        columns.write(trace.row_mut(leaf as usize));
    }
    (memory.finish_segment(), trace)
}

fn main() {
    let own = [write_circuit()].into_iter().chain(tables::circuits(Layout::rv32im())).chain(lookup_circuits());
    let circuits: Vec<Arc<Circuit>> = own.map(Arc::new).collect();
    let parameters = Parameters::Height20;
    let (proving, verifying) = keygen(&circuits, parameters).expect("the backend takes the circuits");
    for leaves in std::env::args().skip(1).map(|argument| argument.parse().expect("arguments are numbers of leaves")) {
        let lookups = Lookups::default();
        let (segment, trace) = write_leaves(leaves, &lookups);
        let mut witnesses = vec![Witness { trace: Some(trace), ..Default::default() }];
        witnesses.extend(segment.witnesses(&lookups.range));
        witnesses.extend(lookups.witnesses());
        let rows = witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, Trace::height));
        let size: Size = circuits.iter().zip(rows).map(|(circuit, rows)| Size::of(circuit, rows)).sum();
        let start = Instant::now();
        let proof = proving.prove(witnesses).expect("the buses balance");
        let seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        verifying.verify(&proof).expect("the proof holds");
        println!(
            "{leaves} leaves: {seconds:.2} s; predicted {:.1} s of one thread for {} cells and {} interactions; verified in {:.0} ms",
            size.seconds() + parameters.fixed_s(),
            size.cells,
            size.interactions,
            start.elapsed().as_secs_f64() * 1e3,
        );
    }
}
