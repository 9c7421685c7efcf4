use engram_air::{F, PrimeCharacteristicRing, check::Report};
use engram_stark::engine::check_witnesses;

use super::{
    BULK_LOAD, BULK_STORE, CELL_LOAD, CELL_STORE, CircuitError, CustomInstruction, CustomInstructionProcessor,
    CustomProof, EXTENSIONS_MAX, ExtensionError, ExtensionId, ExtensionRegistry, InstructionError, InstructionRow,
    MemoryExtension, REGISTER_CELLS, RegisterSpaces, bulk_load, bulk_store, connector, list, list_commitment,
    messages::{INSTRUCTIONS, STEPS},
    standard_extensions,
    tables::{LIST, RunTables},
};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    error::{MemoryError, MemoryIntegrationError},
    image::MemoryImage,
    proof::ProofError,
    roots,
};

const REGISTERS: u32 = 1;
const DATA: u32 = 2;
const SPACES: RegisterSpaces = RegisterSpaces { registers: REGISTERS, data: DATA };

fn config_of(data: CellKind) -> MemoryConfig {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal);
    let registers = space(REGISTERS).with_cell_kind(CellKind::U16).with_block_cells(8).with_pointer_bits(8);
    let data = space(DATA).with_cell_kind(data).with_pointer_bits(20);
    MemoryConfigBuilder::new().add_address_space(registers).add_address_space(data).build().unwrap()
}

fn config() -> MemoryConfig {
    config_of(CellKind::U16)
}

fn registry() -> ExtensionRegistry {
    standard_extensions(&config(), SPACES).unwrap()
}

fn set_pointer(image: &mut MemoryImage, register: u32, pointer: u32) {
    for (limb, value) in [pointer & 0xffff, pointer >> 16].into_iter().enumerate() {
        image.set_cell(REGISTERS, register * 8 + limb as u32, F::from_u32(value));
    }
}

/// Registers 1 and 2 point to cells 0x1000 and 0x2_0000; the 512 cells from 0x1000 on count from 7.
fn image() -> MemoryImage {
    let mut image = MemoryImage::new();
    set_pointer(&mut image, 1, 0x1000);
    set_pointer(&mut image, 2, 0x2_0000);
    (0..512).for_each(|cell| image.set_cell(DATA, 0x1000 + cell, F::from_u32(7 + cell)));
    image
}

fn processor() -> CustomInstructionProcessor {
    CustomInstructionProcessor::with_image(registry(), image()).unwrap()
}

fn id(id: u16) -> ExtensionId {
    ExtensionId::new(id).unwrap()
}

fn custom(id: u16, rd: u8, rs1: u8, rs2: u8) -> CustomInstruction {
    CustomInstruction::new(id, rd, rs1, rs2).unwrap()
}

/// Loads and stores of both sizes, in turn.
fn mixed() -> Vec<CustomInstruction> {
    vec![
        custom(BULK_LOAD, 4, 1, 3),
        custom(CELL_LOAD, 4, 1, 9),
        custom(BULK_STORE, 4, 2, 0),
        custom(CELL_STORE, 5, 2, 7),
        custom(BULK_LOAD, 1, 2, 0),
    ]
}

fn run(instructions: &[CustomInstruction]) -> CustomInstructionProcessor {
    let mut processor = processor();
    processor.execute_all(instructions).unwrap();
    processor
}

#[test]
fn messages_are_copied_through_registers() {
    let mut processor = processor();
    processor.execute_all(&bulk_load(id(BULK_LOAD), 3, 1, 20).unwrap()).unwrap();
    processor.execute_all(&bulk_store(id(BULK_STORE), 3, 2, 20).unwrap()).unwrap();
    for cell in 0..20 * REGISTER_CELLS as u32 {
        assert_eq!(processor.memory().image().cell(DATA, 0x2_0000 + cell), F::from_u32(7 + cell));
    }
    // Three accesses an instruction.
    assert_eq!((processor.memory().accesses(), processor.instructions().len()), (120, 40));
    processor.check().unwrap();
}

#[test]
fn cells_are_moved_alone() {
    let processor = run(&mixed());
    let data = |cell| processor.memory().image().cell(DATA, cell);
    // The fourth message with its first cell replaced by the tenth cell, and its last by register 5, which is zero.
    let expected = [7 + 9, 7 + 25, 7 + 26, 7 + 27, 7 + 28, 7 + 29, 7 + 30, 0].map(F::from_u32);
    assert_eq!(std::array::from_fn(|cell| data(0x2_0000 + cell as u32)), expected);
    assert_eq!(processor.memory().image().cell(REGISTERS, 8), F::from_u32(7 + 9));
    processor.check().unwrap();
}

#[test]
fn a_run_is_proven() {
    let processor = run(&mixed());
    let proof = processor.prove().unwrap();
    let statement = proof.verify(&registry()).unwrap();
    assert_eq!((statement.instructions, statement.last_time), (5, 1 + 5 * 3));
    assert_eq!(statement.list_commitment, list_commitment(&mixed(), proof.parameters()).unwrap());
    let mut other = mixed();
    other.swap(0, 1);
    assert_ne!(statement.list_commitment, list_commitment(&other, proof.parameters()).unwrap());
    assert_ne!(statement.initial_roots, statement.final_roots);
    let bytes = proof.encode();
    assert_eq!(CustomProof::decode(&bytes).unwrap(), proof);
    assert!(CustomProof::decode(&bytes[..bytes.len() - 1]).is_err());
    assert!(matches!(CustomProof::decode(&[]), Err(ProofError::Decode(_))));
    // In another order they are the same extensions; without some of them it is another machine.
    let mut other = ExtensionRegistry::new(&config());
    other.register(CELL_STORE, super::CellStore { spaces: SPACES }).unwrap();
    other.register(BULK_LOAD, super::BulkLoad { spaces: SPACES }).unwrap();
    assert!(matches!(proof.verify(&other), Err(ProofError::Verify(_))));
    other.register(CELL_LOAD, super::CellLoad { spaces: SPACES }).unwrap();
    other.register(BULK_STORE, super::BulkStore { spaces: SPACES }).unwrap();
    assert_eq!(proof.verify(&other).unwrap(), statement);
    let swapped = RegisterSpaces { registers: DATA, data: REGISTERS };
    assert!(matches!(proof.verify(&standard_extensions(&config(), swapped).unwrap()), Err(ProofError::Verify(_))));
}

/// A run in several proofs: the next starts from the roots that the one before left. A run of nothing is one too.
#[test]
fn runs_follow_each_other() {
    let first = run(&mixed());
    let end = first.memory().image().clone();
    let [before, after] = [first.prove().unwrap(), {
        let second = CustomInstructionProcessor::with_image(registry(), end).unwrap();
        second.prove().unwrap()
    }];
    let [before, after] = [before, after].map(|proof| proof.verify(&registry()).unwrap());
    assert_eq!((&before.final_roots, after.instructions), (&after.initial_roots, 0));
    assert_eq!(after.initial_roots, after.final_roots);
    assert_eq!(after.list_commitment, list_commitment(&[], engram_stark::parameters::Parameters::SMALLEST).unwrap());
}

#[test]
fn an_instruction_that_is_refused_changes_nothing() {
    let mut memory = image();
    // Registers: 6 is no multiple of eight cells, 7 is past the end, 8 would be cell 0x1000 if it were taken modulo p.
    set_pointer(&mut memory, 6, 0x1004);
    set_pointer(&mut memory, 7, 0xf_fff8);
    set_pointer(&mut memory, 8, engram_air::field::MODULUS + 0x1000);
    let mut processor = CustomInstructionProcessor::with_image(registry(), memory).unwrap();
    let refused = |label: &str| Err(ExtensionError::Refused { extension: "bulk load".into(), label: label.into() });
    let load = |rs1, rs2| custom(BULK_LOAD, 1, rs1, rs2);
    let misaligned = processor.execute_custom_instruction(&load(6, 0));
    assert_eq!(misaligned, refused("the pointer is a multiple of 16 bytes"));
    let error = MemoryError::AddressOutOfBounds { space: DATA, pointer: 0x10_0000, len: 8 };
    let past = processor.execute_custom_instruction(&load(7, 1));
    assert_eq!(past, Err(ExtensionError::Memory { extension: "bulk load".into(), error }));
    let wrapped = processor.execute_custom_instruction(&custom(CELL_LOAD, 1, 8, 0));
    let label = "the pointer's high limb is below 2^14".to_owned();
    assert_eq!(wrapped, Err(ExtensionError::Refused { extension: "load".into(), label }));
    let unknown = processor.execute_word(0x5000_000b);
    assert_eq!(unknown, Err(ExtensionError::UnknownExtension { id: id(320) }));
    let other = processor.execute_word(0x13);
    assert_eq!(other, Err(ExtensionError::Instruction(InstructionError::Opcode { word: 0x13 })));
    assert_eq!((processor.memory().timestamp(), processor.memory().log().len()), (1, 0));
    processor.execute_custom_instruction(&load(7, 0)).unwrap();
    processor.check().unwrap();
}

/// A field cell that has more than 16 bits cannot reach a register.
#[test]
fn cells_of_another_kind_are_looked_up() {
    let registry = standard_extensions(&config_of(CellKind::Field), SPACES).unwrap();
    let mut memory = image();
    memory.set_cell(DATA, 0x1008, F::from_u32(1 << 16));
    let mut processor = CustomInstructionProcessor::with_image(registry, memory).unwrap();
    let label = "register: a written cell is below 2^16".to_owned();
    assert_eq!(
        processor.execute_custom_instruction(&custom(BULK_LOAD, 3, 1, 1)),
        Err(ExtensionError::Refused { extension: "bulk load".into(), label })
    );
    processor.execute_custom_instruction(&custom(BULK_LOAD, 3, 1, 0)).unwrap();
    processor.check().unwrap();
    let lookups = |kind| {
        let registry = standard_extensions(&config_of(kind), SPACES).unwrap();
        registry.circuits().next().unwrap().1.interactions.len()
    };
    assert_eq!(lookups(CellKind::Field), lookups(CellKind::U16) + REGISTER_CELLS);
}

#[test]
fn logs_that_are_full_refuse_whole_instructions() {
    let space = |number| {
        AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16).with_block_cells(8)
    };
    let config = MemoryConfigBuilder::new().with_access_capacity(5);
    let config = config.add_address_space(space(REGISTERS)).add_address_space(space(DATA)).build().unwrap();
    let registry = standard_extensions(&config, SPACES).unwrap();
    let mut processor = CustomInstructionProcessor::new(registry.clone());
    processor.execute_custom_instruction(&custom(BULK_LOAD, 0, 0, 0)).unwrap();
    let full = processor.execute_custom_instruction(&custom(BULK_LOAD, 0, 0, 0));
    let error = MemoryError::CapacityReached { capacity: 5 };
    assert_eq!(full, Err(ExtensionError::Memory { extension: "bulk load".into(), error }));
    assert_eq!(processor.memory().accesses(), 3);
    let mut processor = CustomInstructionProcessor::new(registry);
    processor.controller_mut().increment_timestamp_by((1 << 29) - 3).unwrap();
    let late = processor.execute_custom_instruction(&custom(BULK_LOAD, 0, 0, 0));
    assert!(matches!(late, Err(ExtensionError::Memory { error: MemoryError::TimestampOverflow { .. }, .. })));
    assert_eq!(processor.memory().accesses(), 0);
}

#[test]
fn memory_that_was_used_from_outside_is_not_proven_by_instructions() {
    let mut processor = run(&mixed());
    let _ = processor.controller_mut().read::<1>(DATA, 0).unwrap();
    let outside = ExtensionError::OutsideAccess { timestamp: 17, expected: 16 };
    assert_eq!(processor.check(), Err(outside.clone()));
    assert_eq!(processor.prove(), Err(outside.clone()));
    assert!(matches!(outside.into(), MemoryIntegrationError::ProofGenerationError(_)));
}

#[test]
fn messages_past_the_registers_are_refused() {
    let load = |first, pointer, count| bulk_load(id(BULK_LOAD), first, pointer, count);
    for (first, count) in [(0, 0), (0, 33), (31, 2), (200, 1), (0, usize::MAX)] {
        assert_eq!(load(first, 0, count), Err(ExtensionError::Count { register: first, count }));
        assert!(bulk_store(id(BULK_STORE), first, 0, count).is_err());
    }
    assert_eq!(load(3, 4, 3), Err(ExtensionError::PointerOverwritten { register: 4 }));
    assert_eq!(load(3, 5, 3).map(|list| list.len()), Ok(3));
    assert_eq!(bulk_store(id(BULK_STORE), 3, 4, 3).map(|list| list.len()), Ok(3));
}

/// An extension that is as wrong as its number says.
#[derive(Debug)]
struct Wrong(u32);

impl MemoryExtension for Wrong {
    fn name(&self) -> &str {
        if self.0 == 9 { "" } else { "wrong" }
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        if self.0 != 0 {
            row.read::<1>("cell", if self.0 == 1 { 77 } else { DATA }, R::Expr::from_number(0));
        }
        let column = row.column("column", F::ZERO);
        match self.0 {
            2 => row.assert_zero("is one", column - R::Expr::from_number(1)),
            3 => row.assert_zero("is a power", (0..8).fold(column.clone(), |power, _| power * column.clone())),
            4 => drop(row.column("cell.gap", F::ZERO)),
            5 => row.range("is wide", column, 18),
            6 => drop(row.write::<2>("cells", 0, column.clone(), [column.clone(), column])),
            _ => {}
        }
    }
}

/// Constants by number, as an extension's author has them.
trait FromNumber {
    fn from_number(number: u32) -> Self;
}

impl<T: engram_air::Ring> FromNumber for T {
    fn from_number(number: u32) -> Self {
        T::integer(number)
    }
}

#[test]
fn extensions_that_cannot_be_are_refused() {
    let mut registry = registry();
    let mut refuse = |number| registry.register(100, Wrong(number)).unwrap_err();
    let circuit = |why| ExtensionError::Circuit { extension: "wrong".into(), why };
    let access = |access: &str, space| CircuitError::Access {
        access: access.into(),
        error: MemoryError::UnknownSpace { space },
    };
    assert_eq!(refuse(0), circuit(CircuitError::NoAccess));
    assert_eq!(refuse(1), circuit(access("cell", 77)));
    assert_eq!(refuse(2), circuit(CircuitError::Padding { label: "is one".into() }));
    assert_eq!(refuse(3), circuit(CircuitError::Degree { degree: 9, degree_max: 7 }));
    assert_eq!(refuse(4), circuit(CircuitError::DuplicateColumn { column: "cell.gap".into() }));
    let wide = CircuitError::RangeTooWide { label: "is wide".into(), bits: 18, bits_max: 17 };
    assert_eq!(refuse(5), circuit(wide));
    assert_eq!(refuse(6), circuit(access("cells", 0)));
    assert_eq!(refuse(9), ExtensionError::Name { name: String::new() });
    let taken = registry.register(BULK_LOAD, Wrong(8));
    assert_eq!(taken, Err(ExtensionError::DuplicateExtension { id: id(BULK_LOAD), name: "bulk load".into() }));
    let far = registry.register(1024, Wrong(8));
    assert_eq!(far, Err(ExtensionError::Instruction(InstructionError::Extension { id: 1024 })));
    registry.register(100, Wrong(8)).unwrap();
    assert_eq!(registry.register(101, Wrong(8)), Err(ExtensionError::Name { name: "wrong".into() }));
}

#[derive(Debug)]
struct Named(String);

impl MemoryExtension for Named {
    fn name(&self) -> &str {
        &self.0
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let pointer = row.operands().rd;
        row.read::<1>("cell", DATA, pointer);
    }
}

#[test]
fn too_many_extensions_are_refused() {
    let mut registry = ExtensionRegistry::new(&config());
    for id in 0..EXTENSIONS_MAX as u16 {
        registry.register(id, Named(format!("number {id}"))).unwrap();
    }
    let extensions = EXTENSIONS_MAX;
    let one_more = registry.register(999, Named("one more".into()));
    assert_eq!(one_more, Err(ExtensionError::TooManyExtensions { extensions }));
    // As many can still be proven with 100 bits.
    let mut processor = CustomInstructionProcessor::new(registry.clone());
    processor.execute_custom_instruction(&custom(17, 3, 0, 0)).unwrap();
    processor.prove().unwrap().verify(&registry).unwrap();
}

/// Writes two cells, reads the second by itself, and writes it further on.
#[derive(Debug)]
struct Echo;

impl MemoryExtension for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let operands = row.operands();
        let pair = [operands.rs1.clone(), operands.rs2];
        row.write("pair", DATA, operands.rd.clone() + operands.rd.clone(), pair);
        let second = row.read::<1>("second", DATA, operands.rd.clone() + operands.rd + row.constant(1));
        row.write("echo", DATA, row.constant(100), second);
    }
}

#[test]
fn a_row_finds_what_it_wrote() {
    let mut registry = ExtensionRegistry::new(&config());
    registry.register(9, Echo).unwrap();
    let mut processor = CustomInstructionProcessor::new(registry);
    for (rd, rs2) in [(3, 21), (4, 22), (3, 23)] {
        processor.execute_custom_instruction(&custom(9, rd, 20, rs2)).unwrap();
        assert_eq!(processor.memory().image().cell(DATA, 100), F::from_u8(rs2));
    }
    processor.check().unwrap();
}

/// What a whole run's tables say of a forgery in which all else is honest.
fn forged(change: impl FnOnce(&mut RunTables)) -> Box<Report> {
    let processor = run(&mixed());
    let mut tables = tables(&processor, &mixed());
    change(&mut tables);
    tables.check().expect_err("the run is forged")
}

fn tables(processor: &CustomInstructionProcessor, list: &[CustomInstruction]) -> RunTables {
    let list = list.iter().copied();
    RunTables::new(processor.registry(), processor.memory(), processor.executed(), list).unwrap()
}

fn assert_refused_by(report: &Report, buses: &[engram_air::Bus]) {
    assert!(report.constraints.is_empty(), "{report}");
    assert!(report.total <= report.messages.len(), "all failures are seen: {report}");
    assert!(report.messages.iter().all(|failure| buses.contains(&failure.bus)), "{report}");
}

/// Another list than the one that was executed, with everything else made for it.
#[test]
fn a_list_that_was_not_executed_is_refused() {
    let processor = run(&mixed());
    let mut swapped = mixed();
    swapped.swap(1, 2);
    let mut other_operand = mixed();
    other_operand[0] = custom(BULK_LOAD, 4, 1, 4);
    let mut other_extension = mixed();
    other_extension[0] = custom(BULK_STORE, 4, 1, 3);
    for list in [swapped, other_operand, other_extension] {
        assert_refused_by(&tables(&processor, &list).check().unwrap_err(), &[INSTRUCTIONS]);
    }
    // One more and one less than were executed: the number of instructions is wrong as well.
    let mut more = mixed();
    more.push(mixed()[0]);
    for list in [&mixed()[..4], &more] {
        assert_refused_by(&tables(&processor, list).check().unwrap_err(), &[INSTRUCTIONS, STEPS]);
    }
}

/// A history in another order, in which each row claims the step that the list has it at: only the thread of execution refuses.
#[test]
fn two_instructions_whose_times_are_exchanged_are_refused() {
    for first in 0..4 {
        let mut told = mixed();
        told.swap(first, first + 1);
        let processor = run(&told);
        let mut executed = processor.executed().to_vec();
        executed[first].step += 1;
        executed[first + 1].step -= 1;
        let list = mixed().into_iter();
        let tables = RunTables::new(processor.registry(), processor.memory(), &executed, list).unwrap();
        assert_refused_by(&tables.check().unwrap_err(), &[STEPS]);
    }
}

/// Leaving out what was executed is refused, though memory and list agree.
#[test]
fn an_instruction_that_is_left_out_is_refused() {
    let processor = run(&mixed()[..4]);
    let mut tables = tables(&processor, &mixed());
    tables.witnesses[0].publics = connector::public_values(4, 1 + 4 * 3);
    assert_refused_by(&tables.check().unwrap_err(), &[INSTRUCTIONS]);
}

#[test]
fn other_ends_are_refused() {
    for publics in [connector::public_values(6, 16), connector::public_values(5, 15)] {
        assert_refused_by(&forged(|tables| tables.witnesses[0].publics = publics), &[STEPS]);
    }
}

#[test]
fn another_root_is_refused() {
    let report = forged(|tables| {
        let publics = tables.witnesses.iter_mut().skip(1).find(|witness| !witness.publics.is_empty());
        publics.unwrap().publics[0] += F::ONE;
    });
    assert_refused_by(&report, &[crate::messages::MERKLE]);
}

/// The list cannot be left out, as its instructions are then nobody's.
#[test]
fn a_run_without_its_list_is_refused() {
    let processor = run(&mixed()[..1]);
    let RunTables { circuits, witnesses, .. } = tables(&processor, &mixed()[..1]);
    assert!(witnesses[LIST].trace.is_none());
    let report = check_witnesses(&circuits, &witnesses).unwrap_err();
    let buses = [INSTRUCTIONS, crate::messages::RANGE];
    assert_refused_by(&report, &buses);
}

/// The roots are those of the images.
#[test]
fn roots_are_those_of_memory() {
    let processor = run(&mixed());
    let statement = processor.prove().unwrap().verify(&registry()).unwrap();
    let next = CustomInstructionProcessor::with_image(registry(), processor.memory().image().clone()).unwrap();
    let next = next.prove().unwrap().verify(&registry()).unwrap();
    assert_eq!(statement.final_roots, next.initial_roots);
    assert_eq!(roots::public_values(&statement.initial_roots, &statement.final_roots).len(), 4 * 8);
}

/// Each constraint and each lookup of the ends and the list has a test in which it alone refuses.
#[test]
fn every_constraint_has_a_test_that_breaks_it() {
    let tests =
        [(connector::circuit(), include_str!("connector/tests.rs")), (list::circuit(), include_str!("list/tests.rs"))];
    for (circuit, source) in tests {
        let lookups = circuit.interactions.iter().filter(|interaction| interaction.bus.name == "range");
        let labels = circuit.constraints.iter().map(|constraint| &constraint.label);
        for label in labels.chain(lookups.map(|lookup| &lookup.label)) {
            let breaks = format!("assert_refused_only_by(\"{label}\")");
            assert!(source.contains(&breaks), "no test of {} has {breaks}", circuit.name);
        }
    }
}
