//! Random lists of the crate's own instructions, beside a plain model that says what each must leave: what is executed, what the
//! model says and what is proven are the same, whatever aliases whatever.

use std::collections::HashMap;

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    extension::{
        BULK_LOAD, BULK_STORE, CELL_LOAD, CELL_STORE, CustomInstruction, CustomInstructionProcessor, RegisterSpaces,
        list_commitment, standard_extensions,
    },
    image::MemoryImage,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const REGISTERS: u32 = 1;
const DATA: u32 = 2;
const DATA_CELLS: u32 = 1 << 10;

/// Where registers and data may be in one space, a store can overwrite the pointer that it goes through.
fn config(block_cells: usize) -> MemoryConfig {
    let space = |number| {
        let space = AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
        space.with_block_cells(block_cells).with_pointer_bits(DATA_CELLS.ilog2())
    };
    let builder = MemoryConfigBuilder::new().add_address_space(space(REGISTERS)).add_address_space(space(DATA));
    builder.build().unwrap()
}

struct Model {
    data: u32,
    cells: HashMap<(u32, u32), u32>,
}

impl Model {
    fn get(&self, space: u32, cell: u32) -> u32 {
        self.cells.get(&(space, cell)).copied().unwrap_or(0)
    }

    fn copy(&mut self, from: (u32, u32), to: (u32, u32), count: u32) {
        let cells: Vec<u32> = (0..count).map(|cell| self.get(from.0, from.1 + cell)).collect();
        self.cells.extend((0..).zip(cells).map(|(cell, value)| ((to.0, to.1 + cell), value)));
    }

    /// Whether the instruction is possible; it is done if so.
    fn execute(&mut self, instruction: &CustomInstruction) -> bool {
        let [rd, rs1, rs2] = [instruction.rd(), instruction.rs1(), instruction.rs2()].map(u32::from);
        let id = instruction.extension_id().number();
        let count = if id == BULK_LOAD || id == BULK_STORE { 8 } else { 1 };
        let pointer = self.get(REGISTERS, 8 * rs1) | self.get(REGISTERS, 8 * rs1 + 1) << 16;
        if !pointer.is_multiple_of(count) || u64::from(pointer) + u64::from(rs2 * count) >= u64::from(DATA_CELLS) {
            return false;
        }
        let (data, register) = ((self.data, pointer + rs2 * count), (REGISTERS, 8 * rd));
        match id {
            BULK_LOAD | CELL_LOAD => self.copy(data, register, count),
            _ => self.copy(register, data, count),
        }
        true
    }
}

fn run(seed: u64, steps: usize) -> (CustomInstructionProcessor, usize) {
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // One time in three, registers are data.
    let data = if seed.is_multiple_of(3) { REGISTERS } else { DATA };
    let config = config([1, 4, 8, 16][seed as usize % 4]);
    let registry = standard_extensions(&config, RegisterSpaces { registers: REGISTERS, data }).unwrap();
    let (mut image, mut model) = (MemoryImage::new(), Model { data, cells: HashMap::new() });
    for cell in 0..DATA_CELLS {
        for space in [REGISTERS, DATA] {
            // Many cells are pointers to aligned places; the second cell of a register is most often zero.
            let value = match random.random_range(0..8) {
                0 => random.random_range(0..1 << 16),
                1..4 if cell % 8 != 1 => random.random_range(0..DATA_CELLS / 8) * 8,
                _ => 0,
            };
            image.set_cell(space, cell, F::from_u32(value));
            model.cells.insert((space, cell), value);
        }
    }
    let mut processor = CustomInstructionProcessor::with_image(registry, image).unwrap();
    let mut refused = 0;
    for _ in 0..steps {
        let mut operand = || random.random_range(0..32);
        let (rd, rs1, rs2) = (operand(), operand(), operand());
        let id = [BULK_LOAD, BULK_STORE, CELL_LOAD, CELL_STORE][random.random_range(0..4)];
        let instruction = CustomInstruction::new(id, rd, rs1, rs2).unwrap();
        let accesses = processor.memory().accesses();
        let result = processor.execute_custom_instruction(&instruction);
        assert_eq!(result.is_ok(), model.execute(&instruction), "{instruction:?}: {result:?}");
        if result.is_err() {
            refused += 1;
            assert_eq!(processor.memory().accesses(), accesses);
        }
    }
    for (&(space, cell), &value) in &model.cells {
        assert_eq!(processor.memory().image().cell(space, cell), F::from_u32(value), "cell {cell} of space {space}");
    }
    (processor, refused)
}

#[test]
fn random_lists_hold_row_by_row() {
    let (mut done, mut refused) = (0, 0);
    for seed in 0..30 {
        let (processor, of_these) = run(seed, 60);
        processor.check().unwrap();
        done += processor.instructions().len();
        refused += of_these;
    }
    assert!(done > 300 && refused > 300, "{done} done, {refused} refused");
}

#[test]
fn a_sample_of_lists_is_proven() {
    for seed in [3, 4] {
        let (processor, _) = run(seed, 200);
        let proof = processor.prove().unwrap();
        let statement = proof.verify(processor.registry()).unwrap();
        let list: Vec<CustomInstruction> = processor.instructions().collect();
        assert_eq!(statement.instructions as usize, list.len());
        assert_eq!(statement.list_commitment, list_commitment(&list, proof.parameters()).unwrap());
    }
}

/// Cells that nobody touches for longer than a gap may be are refreshed on the way.
#[test]
fn a_register_that_rests_for_long_keeps_its_cells() {
    let spaces = RegisterSpaces { registers: REGISTERS, data: DATA };
    let mut image = MemoryImage::new();
    (0..8).for_each(|cell| image.set_cell(REGISTERS, 8 * 31 + cell, F::from_u32(7 + cell)));
    let registry = standard_extensions(&config(8), spaces).unwrap();
    let mut processor = CustomInstructionProcessor::with_image(registry, image).unwrap();
    let [store, load] = [BULK_STORE, BULK_LOAD].map(|id| move |rd| CustomInstruction::new(id, rd, 0, 3).unwrap());
    processor.execute_custom_instruction(&store(31)).unwrap();
    for _ in 0..(1 << 17) / 3 + 1 {
        processor.execute_custom_instruction(&CustomInstruction::new(BULK_LOAD, 1, 0, 0).unwrap()).unwrap();
    }
    processor.execute_custom_instruction(&load(2)).unwrap();
    assert_eq!(processor.memory().image().cell(REGISTERS, 8 * 2 + 3), F::from_u32(10));
    processor.check().unwrap();
}
