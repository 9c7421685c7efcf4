//! Recording a write costs an allocation of its own. Without unsafe code a test cannot count allocations; it sees where the cells are.

use std::time::Instant;

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    log::MemoryLogEntry,
    online::Memory,
};

/// A write that allocated would leave its cells elsewhere than behind those of the write before.
#[test]
fn the_cells_of_all_writes_lie_side_by_side() {
    let mut memory = Memory::new(&config(1 << 10));
    for round in 0..100 {
        let _ = memory.write::<1>(1, round, [F::ONE]).unwrap();
        memory.write_slice(1, 8, &[F::ONE; 8]).unwrap();
        let _ = memory.write_word(2, 2, round).unwrap();
        let _ = memory.read::<4>(1, 0).unwrap();
        memory.write_dynamic(1, 32, &[F::ONE; 32]).unwrap();
    }
    let mut end = None;
    for (index, entry) in memory.log().iter().enumerate() {
        // The third of each round is a word, which has no cells until it is looked at.
        if let MemoryLogEntry::Write { data, .. } = entry
            && index % 5 != 2
        {
            let cells = data.as_ptr_range();
            assert!(end.is_none_or(|end| end == cells.start), "entry {index}");
            end = Some(cells.end);
        }
    }
}

/// Writes of each kind that are timed.
const WRITES: u32 = 10_000_000;

/// Space 1 has field elements, space 2 words.
fn config(capacity: usize) -> MemoryConfig {
    let fields = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
    let words = AddressSpaceConfig::new(2, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_block_cells(2);
    let builder = MemoryConfigBuilder::new().with_access_capacity(capacity);
    builder.add_address_space(fields).add_address_space(words).build().unwrap()
}

fn timed(what: &str, mut write: impl FnMut(&mut Memory, u32)) {
    let mut memory = Memory::new(&config(WRITES as usize));
    let start = Instant::now();
    (0..WRITES).for_each(|step| write(&mut memory, step));
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / f64::from(WRITES);
    assert_eq!(memory.log().len(), WRITES as usize);
    println!("{what}: {nanoseconds:.1} ns a write");
}

/// Writes of `N` cells to 2^16 cells.
fn timed_cells<const N: usize>(space: u32) {
    timed(&format!("{N} cells of space {space}"), |memory, step| {
        let pointer = step.wrapping_mul(0x9e37_79b9) >> 16 & !(N as u32 - 1);
        let data = [F::from_u32(step & 0xffff); N];
        let _ = memory.write::<N>(space, pointer, data).unwrap();
    });
}

/// `cargo test --workspace --test a_write_allocates -- --ignored --nocapture --test-threads 1`.
#[test]
#[ignore = "a measurement, and nothing that fails"]
fn the_time_of_a_write() {
    for space in [1, 2] {
        timed_cells::<1>(space);
        timed_cells::<2>(space);
        timed_cells::<4>(space);
        timed_cells::<8>(space);
    }
    timed("a word", |memory, step| {
        let _ = memory.write_word(2, step.wrapping_mul(0x9e37_79b9) >> 16 & !1, step).unwrap();
    });
}
