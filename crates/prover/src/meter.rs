//! How many rows a segment's tables have: predicted while the segment is executed, to know where to cut it, and counted once it
//! is replayed.

use engram_air::price::Size;
use engram_memory::{offline::OfflineMemory, segment::SegmentMemory, tables};
use engram_rv32im_air::{
    circuits::{CONNECTOR, FIRST_CHIP, LOOKUPS, MEMORY, Machine, ROM},
    program::MachineProgram,
};
use engram_stark::parameters::Parameters;

use crate::replay::Rows;

/// Most rows of the tables that are looked up in: ranges in blocks of 16, narrow ranges, bytes.
const LOOKUP_ROWS_MAX: [usize; 3] = [1 << 14, 1, 1 << 12];

/// Bytes of the process with its keys, programs and images, before any segment.
const BASE_BYTES: u64 = 100 << 20;

/// Bytes of an executed instruction: its place in the log.
const STEP_BYTES: u64 = 8;

/// What a segment did to memory, as far as rows depend on it.
#[derive(Clone, Copy, Debug)]
pub struct MemoryRows {
    /// Touched nodes of Merkle trees, above the leaves.
    nodes: usize,
    /// Touched leaves.
    leaves: usize,
    /// Refreshes.
    refreshes: usize,
}

impl MemoryRows {
    /// Of a finished segment.
    pub fn of(memory: &SegmentMemory) -> Self {
        Self { nodes: memory.nodes.len(), leaves: memory.leaves.len(), refreshes: memory.refresh_count() }
    }

    /// Of the open segment: its nodes are predicted, in all but the smallest segments above what they will be.
    pub fn predicted(memory: &OfflineMemory) -> Self {
        let leaves = memory.touched_leaves();
        // Touched leaves lie together more often than not: a node for each, and the paths of as many groups of 64.
        Self { nodes: leaves + leaves.div_ceil(64) * 21 + 2 * 27, leaves, refreshes: memory.refreshes() }
    }
}

/// Rows of every circuit for what was replayed of a segment. Compressions are counted as if all were distinct, and tables that are
/// looked up in as if all of their rows were asked for.
pub fn rows(machine: &Machine, program: &MachineProgram, memory: MemoryRows, replayed: Option<&Rows>) -> Vec<usize> {
    let mut rows = vec![0; machine.circuits().len()];
    rows[ROM] = program.entries().len();
    rows[CONNECTOR] = 1;
    let MemoryRows { nodes, leaves, refreshes } = memory;
    rows[MEMORY..LOOKUPS].copy_from_slice(&tables::row_counts(nodes, leaves, 2 * (leaves + nodes), refreshes));
    rows[LOOKUPS..FIRST_CHIP].copy_from_slice(&LOOKUP_ROWS_MAX);
    if let Some(replayed) = replayed {
        for (count, chip) in rows[FIRST_CHIP..].iter_mut().zip(machine.chips()) {
            *count = replayed.chips[chip.number()].len();
        }
        for (count, block) in rows[machine.first_block()..].iter_mut().zip(&replayed.blocks) {
            *count = block.len();
        }
    }
    rows
}

/// Padded totals of a proof with these rows, circuit by circuit.
pub fn size(machine: &Machine, rows: impl IntoIterator<Item = usize>) -> Size {
    machine.circuits().iter().zip(rows).map(|(circuit, rows)| Size::of(circuit, rows)).sum()
}

/// Bytes that the process uses to prove a segment of so many steps with these rows, predicted.
pub fn process_bytes(machine: &Machine, rows: &[usize], parameters: Parameters, steps: u64) -> u64 {
    BASE_BYTES + parameters.proving_bytes(size(machine, rows.iter().copied())) + STEP_BYTES * steps
}

/// The cheapest parameter set under which no table is too high.
pub fn cheapest_parameters(rows: &[usize]) -> Option<Parameters> {
    let highest = rows.iter().copied().max().unwrap_or(1).next_power_of_two();
    Parameters::ALL.into_iter().find(|parameters| highest <= 1 << parameters.log_stacked_height())
}

#[cfg(test)]
mod tests {
    use std::io;

    use engram_memory::MemoryConfig;
    use engram_rv32im::{Emulator, Program, testing::guest_elf};
    use engram_stark::Committed;
    use engram_vm::rom;

    use super::*;
    use crate::{plan, profile, replay::Replay, segment::witnesses, tile::Tiler};

    #[test]
    fn rows_are_those_of_the_filled_tables() {
        let program = Program::from_elf(&std::fs::read(guest_elf("hello")).unwrap()).unwrap();
        let program = MachineProgram::new(&program);
        let emulator = || Emulator::new(program.program(), Box::new(io::empty()));
        let plan = plan(&program, &profile(&mut emulator(), u64::MAX, &mut |_| {}).unwrap());
        let machine = Machine::of(program.decoded(), plan.blocks(program.decoded()).unwrap());
        assert!(!machine.blocks().is_empty());
        let mut emulator = emulator();
        let mut log = emulator.start_log();
        emulator.record(u64::MAX, &mut log).unwrap();

        let memory = OfflineMemory::new(&program.image().unwrap(), MemoryConfig::rv32im()).unwrap();
        let mut replay = Replay::with_blocks(&program, machine.blocks(), memory);
        replay.advance(&log, &Tiler::new(&program, machine.blocks()).cover(&log)).unwrap();
        let predicted = MemoryRows::predicted(replay.memory());
        let replayed = replay.finish(&log).unwrap();
        let memory = replay.memory_mut().finish_segment();
        let exact = MemoryRows::of(&memory);
        // At most a path in each space short.
        assert!(predicted.nodes + 3 * 27 >= exact.nodes, "{predicted:?} {exact:?}");
        assert_eq!((predicted.leaves, predicted.refreshes), (exact.leaves, exact.refreshes));

        let counted = rows(&machine, &program, exact, Some(&replayed));
        let committed = Committed::new(Parameters::SMALLEST, &rom::committed_trace(program.entries())).unwrap();
        let witnesses = witnesses(&machine, &program, &replayed, &memory, &committed);
        assert_eq!(counted.len(), witnesses.len());
        let (mut compressions, mut compressions_most) = (0, 0);
        for (position, ((circuit, counted), witness)) in
            machine.circuits().iter().zip(counted).zip(&witnesses).enumerate()
        {
            let filled = witness.trace.as_ref().map_or(0, engram_air::Trace::height);
            let padded = if counted == 0 { 0 } else { counted.next_power_of_two() };
            if circuit.name.starts_with("compress") {
                (compressions, compressions_most) = (compressions + filled, compressions_most + padded);
            } else if (LOOKUPS..FIRST_CHIP).contains(&position) {
                assert!(filled <= padded, "{}: {filled}, more than {padded}", circuit.name);
            } else {
                assert_eq!(filled, padded, "{}", circuit.name);
            }
        }
        assert!((1..=compressions_most).contains(&compressions), "{compressions} {compressions_most}");
    }
}
