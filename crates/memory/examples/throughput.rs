//! How fast memory is replayed, hashed and laid out in tables: `cargo run --release -p engram-memory --example throughput`.

use std::time::Instant;

use engram_memory::{
    Layout, Lookups, MemoryConfig, MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_REGISTERS, address::leaf_cells,
    circuits, lookup_circuits, tree::leaf_digest,
};

const ACCESSES: u32 = 32_000_000;
const LEAVES: u32 = 1 << 17;

fn main() {
    for circuit in circuits(Layout::rv32im()).iter().chain(&lookup_circuits()) {
        let (constraints, interactions) = (circuit.constraints.len(), circuit.interactions.len());
        let degree = circuit.degree();
        println!(
            "{:>12}: {:3} columns, {constraints:3} constraints of degree {degree}, {interactions:2} interactions",
            circuit.name,
            circuit.width()
        );
    }
    let mut memory = OfflineMemory::new(&MemoryImage::new(), MemoryConfig::rv32im()).unwrap();
    replay(&mut memory, "registers", |step| (SPACE_REGISTERS, step.wrapping_mul(0x9e37_79b9) >> 27));
    replay(&mut memory, "a stack of 4 KiB", |step| (SPACE_MEMORY, step.wrapping_mul(0x9e37_79b9) >> 22));
    replay(&mut memory, "a stream of 4 MiB", |step| (SPACE_MEMORY, step >> 5));
    replay(&mut memory, "random in 256 KiB", |step| (SPACE_MEMORY, step.wrapping_mul(0x9e37_79b9) >> 16));
    replay(&mut memory, "random in 4 MiB, with eight refreshes each", |step| {
        (SPACE_MEMORY, step.wrapping_mul(0x9e37_79b9) >> 12)
    });

    for round in 0..2 {
        for leaf in 0..LEAVES {
            memory.write_word(SPACE_MEMORY, 0x1000_0000 + leaf * 8, leaf + 1, leaf + round);
        }
        let segment = timed(&format!("finish {LEAVES} changed leaves in a row"), || memory.finish_segment());
        let lookups = Lookups::default();
        let witnesses = timed("  their tables", || segment.witnesses(&lookups.range));
        let heights: Vec<usize> =
            witnesses.iter().filter_map(|witness| Some(witness.trace.as_ref()?.height())).collect();
        println!("  {} nodes, heights {heights:?}", segment.nodes.len());
    }
    timed("a million digests of leaves, one thread", || {
        (0..1_000_000)
            .map(|word| leaf_digest(&leaf_cells(&[word; 8])))
            .fold([0; 8], |_, _| std::hint::black_box([0u32; 8]))
    });
}

fn replay(memory: &mut OfflineMemory, name: &str, address: impl Fn(u32) -> (u32, u32)) {
    let start = Instant::now();
    let mut sum = 0;
    for step in 0..ACCESSES {
        let (space, pointer) = address(step);
        let access = if step % 4 == 0 {
            memory.write_word(space, pointer, step + 1, step)
        } else {
            memory.read_word(space, pointer, step + 1)
        };
        sum ^= access.previous ^ access.gap;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{name:>18}: {:.0} million accesses a second ({sum:x})", f64::from(ACCESSES) / seconds / 1e6);
    // Each pattern starts its times anew.
    memory.finish_segment();
}

fn timed<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = run();
    println!("{name}: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    value
}
