//! A custom instruction of one's own, beside `bulk_load` and `bulk_store`: two vectors are added, eight 16-bit lanes an instruction.
//! The run is proven, the proof is checked, and the instruction is attacked on the bench:
//! `cargo run --release -p engram-memory --features testing --example custom_instruction`.

use engram_air::{F, PrimeCharacteristicRing, Ring};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    extension::{
        BULK_LOAD, BULK_STORE, CustomInstruction, CustomInstructionProcessor, ExtensionError, ExtensionId,
        ExtensionRegistry, InstructionRow, MemoryExtension, REGISTER_CELLS, RegisterSpaces, bulk_load, bulk_store,
        list_commitment, standard_extensions,
    },
    image::MemoryImage,
    testing::bench::{BenchCase, ExpectedCells, ExtensionBench},
};

const SPACES: RegisterSpaces = RegisterSpaces { registers: 1, data: 2 };
/// The id of the example's instruction: funct7 is 1, funct3 is 0.
const ADD_LANES: u16 = 8;
/// Registers that a vector fills.
const VECTOR: usize = 8;
/// Where the vectors and their sum are, in cells.
const VECTORS: [u32; 3] = [0x100, 0x200, 0x1_0000];

/// Register rd becomes the sum of the registers rs1 and rs2, lane by lane, modulo 2^16.
///
/// Written once: this function is executed, is the circuit, and fills the rows of its table.
#[derive(Debug)]
struct AddLanes;

impl MemoryExtension for AddLanes {
    fn name(&self) -> &str {
        "add lanes"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let operands = row.operands();
        let [rd, rs1, rs2] =
            [operands.rd, operands.rs1, operands.rs2].map(|register| RegisterSpaces::register(row, register));
        let left = row.read::<REGISTER_CELLS>("left", SPACES.registers, rs1).cells();
        let right = row.read::<REGISTER_CELLS>("right", SPACES.registers, rs2).cells();
        let sums = std::array::from_fn::<_, REGISTER_CELLS, _>(|lane| {
            let sum = left[lane].clone() + right[lane].clone();
            let carry = row.column(&format!("carry[{lane}]"), F::from_u32(row.integer(&sum) >> 16));
            row.assert_bool("a carry is boolean", carry.clone());
            sum - carry.shift_left(16)
        });
        // The sums are new cells, so the write looks up that each is below 2^16. Then the carry is the right one.
        row.write("sum", SPACES.registers, rd, sums);
    }
}

fn config() -> MemoryConfig {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
    let registers = space(SPACES.registers).with_block_cells(REGISTER_CELLS).with_pointer_bits(8);
    let builder = MemoryConfigBuilder::new().add_address_space(registers).add_address_space(space(SPACES.data));
    builder.build().expect("the settings are possible")
}

fn registry() -> Result<ExtensionRegistry, ExtensionError> {
    let mut registry = standard_extensions(&config(), SPACES)?;
    registry.register(ADD_LANES, AddLanes)?;
    Ok(registry)
}

/// Cell `cell` of a vector.
fn element(vector: u32, cell: u32) -> u32 {
    (cell + 1).wrapping_mul(0x9e37_79b9 + vector) >> 16
}

/// The vectors, and pointers to them and to their sum in registers 0, 1 and 2.
fn image() -> MemoryImage {
    let mut image = MemoryImage::new();
    for (register, pointer) in (0..).zip(VECTORS) {
        image.set_cell(SPACES.registers, register * 8, F::from_u32(pointer & 0xffff));
        image.set_cell(SPACES.registers, register * 8 + 1, F::from_u32(pointer >> 16));
    }
    for vector in 0..2 {
        for cell in 0..(VECTOR * REGISTER_CELLS) as u32 {
            image.set_cell(SPACES.data, VECTORS[vector as usize] + cell, F::from_u32(element(vector, cell)));
        }
    }
    image
}

/// Loads into registers 3 to 10 and 11 to 18, sums into 19 to 26, and the store of these.
fn program() -> Result<Vec<CustomInstruction>, ExtensionError> {
    let mut program = bulk_load(ExtensionId::new(BULK_LOAD)?, 3, 0, VECTOR)?;
    program.extend(bulk_load(ExtensionId::new(BULK_LOAD)?, 11, 1, VECTOR)?);
    for register in 0..VECTOR as u8 {
        program.push(CustomInstruction::new(ADD_LANES, 19 + register, 3 + register, 11 + register)?);
    }
    program.extend(bulk_store(ExtensionId::new(BULK_STORE)?, 19, 2, VECTOR)?);
    Ok(program)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = program()?;
    let mut processor = CustomInstructionProcessor::with_image(registry()?, image())?;
    for instruction in &program {
        processor.execute_word(instruction.encode())?;
    }
    for cell in 0..(VECTOR * REGISTER_CELLS) as u32 {
        let sum = F::from_u32((element(0, cell) + element(1, cell)) % (1 << 16));
        assert_eq!(processor.memory().image().cell(SPACES.data, VECTORS[2] + cell), sum);
    }
    println!("{} instructions, {} accesses", program.len(), processor.memory().accesses());

    let proof = processor.prove()?;
    // Whoever verifies has the registry and the list, and no memory.
    let statement = proof.verify(&registry()?)?;
    assert_eq!(statement.instructions as usize, program.len());
    assert_eq!(statement.list_commitment, list_commitment(&program, proof.parameters())?);
    let mut shorter = program.clone();
    shorter.pop();
    assert_ne!(statement.list_commitment, list_commitment(&shorter, proof.parameters())?);
    println!("proven: {} KiB", proof.encode().len() >> 10);

    // What nobody registered, and what is registered twice, is an error.
    let unknown = processor.execute_custom_instruction(&CustomInstruction::new(ADD_LANES + 1, 0, 0, 0)?);
    assert!(matches!(unknown, Err(ExtensionError::UnknownExtension { .. })));
    let twice = registry()?.register(ADD_LANES, AddLanes);
    assert!(matches!(twice, Err(ExtensionError::DuplicateExtension { .. })));

    let report = ExtensionBench::new(&config(), AddLanes)?.check(&[bench_case()]);
    assert!(report.is_passed() && report.alterations > 1000, "{report}");
    println!("{report}");
    Ok(())
}

/// Two sums, of which the second depends on the first. All lanes of register 5 are 0xffff, those of register 6 count from 0.
fn bench_case() -> BenchCase {
    let mut image = MemoryImage::new();
    for lane in 0..8 {
        image.set_cell(SPACES.registers, 5 * 8 + lane, F::from_u32(0xffff));
        image.set_cell(SPACES.registers, 6 * 8 + lane, F::from_u32(lane));
    }
    let cells = (0..8).map(|lane| F::from_u32((2 * lane + 0xffff) % (1 << 16))).collect();
    let expected = vec![ExpectedCells { space: SPACES.registers, cell: 8 * 8, cells }];
    BenchCase { name: "lanes that wrap".into(), image, operands: vec![[7, 5, 6], [8, 7, 6]], expected }
}
