use engram_air::{F, PrimeCharacteristicRing, Ring};

use super::{BenchCase, BenchReport, ExpectedCells, ExtensionBench, Finding};
use crate::{
    config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfig, MemoryConfigBuilder},
    extension::{
        BulkLoad, BulkStore, CellLoad, CellStore, InstructionRow, MemoryExtension, REGISTER_CELLS, RegisterSpaces,
    },
    image::MemoryImage,
};

const REGISTERS: u32 = 1;
const DATA: u32 = 2;
const SPACES: RegisterSpaces = RegisterSpaces { registers: REGISTERS, data: DATA };

fn config() -> MemoryConfig {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_cell_kind(CellKind::U16);
    let registers = space(REGISTERS).with_block_cells(8).with_pointer_bits(8);
    let builder = MemoryConfigBuilder::new().add_address_space(registers);
    builder.add_address_space(space(DATA).with_pointer_bits(16)).build().unwrap()
}

/// What an author may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// A carry may be anything.
    CarryIsNotBoolean,
    /// A column that nothing needs.
    UnusedColumn,
    /// The sums are said to be below 2^16 by nobody, and the carry is a column that no equation fixes.
    ResultIsAWitness,
    /// The second operand is taken for the first.
    OtherOperand,
}

/// Adds registers lane by lane.
#[derive(Debug)]
struct Lanes(Mistake);

impl MemoryExtension for Lanes {
    fn name(&self) -> &str {
        "lanes"
    }

    fn eval<R: InstructionRow>(&self, row: &mut R) {
        let operands = row.operands();
        let [left, right, sum] =
            [operands.rs1, operands.rs2, operands.rd].map(|register| RegisterSpaces::register(row, register));
        let left = row.read::<REGISTER_CELLS>("left", REGISTERS, left).cells();
        let right = row.read::<REGISTER_CELLS>("right", REGISTERS, right).cells();
        let mut lanes = left.clone();
        for (index, lane) in lanes.iter_mut().enumerate() {
            let other = if self.0 == Mistake::OtherOperand { left[index].clone() } else { right[index].clone() };
            let total = lane.clone() + other;
            if self.0 == Mistake::ResultIsAWitness {
                *lane = row.column(&format!("lane[{index}]"), F::from_u32(row.integer(&total) % (1 << 16)));
                continue;
            }
            let carry = F::from_u32(row.integer(&total) >> 16);
            let carry = row.column(&format!("carry[{index}]"), carry);
            if self.0 != Mistake::CarryIsNotBoolean {
                row.assert_bool("a carry is boolean", carry.clone());
            }
            *lane = total - carry.shift_left(16);
        }
        if self.0 == Mistake::UnusedColumn {
            row.column("unused", F::ONE);
        }
        row.write("sum", REGISTERS, sum, lanes);
    }
}

/// Register 1 holds 0xfff0 and seven more, register 2 holds 0x20 and seven more.
fn lanes_case() -> BenchCase {
    let mut image = MemoryImage::new();
    for lane in 0..8 {
        image.set_cell(REGISTERS, 8 + lane, F::from_u32(0xfff0 + lane));
        image.set_cell(REGISTERS, 16 + lane, F::from_u32(5 * lane));
    }
    let sum = |lane: u32| F::from_u32((2 * (0xfff0 + lane) + 5 * lane) % (1 << 16));
    let expected = ExpectedCells { space: REGISTERS, cell: 32, cells: (0..8).map(sum).collect() };
    BenchCase { name: "twice".into(), image, operands: vec![[3, 1, 2], [4, 3, 1]], expected: vec![expected] }
}

fn attacked(mistake: Mistake) -> BenchReport {
    ExtensionBench::new(&config(), Lanes(mistake)).unwrap().check(&[lanes_case()])
}

#[test]
fn an_honest_extension_passes() {
    let report = attacked(Mistake::None);
    assert!(report.is_passed(), "{report}");
    // Two instructions and five aliases of the first. Two exchanges of the only pair.
    assert_eq!((report.runs, report.rows, report.aliases, report.exchanges), (6, 7, 5, 2));
    assert!(report.alterations > 4000 && report.stale_accesses >= 5, "{report}");
}

#[test]
fn a_missing_constraint_is_found() {
    let report = attacked(Mistake::CarryIsNotBoolean);
    let columns = ["carry[0]", "carry[1]", "carry[2]", "carry[3]", "carry[4]", "carry[5]", "carry[6]", "carry[7]"];
    assert_eq!(report.open_columns(), columns, "{report}");
    assert!(report.findings().iter().all(|finding| matches!(finding, Finding::Undetermined { .. })), "{report}");
}

#[test]
fn a_result_that_nothing_computes_is_found() {
    let report = attacked(Mistake::ResultIsAWitness);
    assert_eq!(report.open_columns().len(), REGISTER_CELLS, "{report}");
    assert!(!report.is_passed());
}

#[test]
fn a_free_column_is_found_or_named() {
    let report = attacked(Mistake::UnusedColumn);
    assert_eq!(report.open_columns(), ["unused"], "{report}");
    assert!(matches!(report.findings(), [Finding::Free { .. }]), "{report}");
    let bench = ExtensionBench::new(&config(), Lanes(Mistake::UnusedColumn)).unwrap();
    let report = bench.with_free_column("unused").check(&[lanes_case()]);
    assert!(report.is_passed(), "{report}");
    let bench = ExtensionBench::new(&config(), Lanes(Mistake::None)).unwrap();
    let report = bench.with_free_column("carry[0]").check(&[lanes_case()]);
    assert_eq!(report.findings(), [Finding::NotFree { column: "carry[0]".into() }]);
}

#[test]
fn a_wrong_result_is_found() {
    let report = attacked(Mistake::OtherOperand);
    assert!(report.findings().iter().any(|finding| matches!(finding, Finding::Wrong { .. })), "{report}");
}

#[test]
fn a_bench_that_does_nothing_does_not_pass() {
    let bench = ExtensionBench::new(&config(), Lanes(Mistake::None)).unwrap();
    assert_eq!(bench.check(&[]).findings(), [Finding::NothingAltered, Finding::NothingExchanged]);
    let alone = BenchCase { operands: vec![[3, 1, 2]], expected: vec![], ..lanes_case() };
    assert_eq!(bench.check(&[alone]).findings(), [Finding::NothingExchanged]);
    let impossible = BenchCase { operands: vec![[32, 1, 2]], ..lanes_case() };
    assert!(matches!(bench.check(&[impossible]).findings()[0], Finding::Refused { .. }));
}

/// Registers 1 and 2 point to data that counts.
fn data_case(operands: Vec<[u8; 3]>) -> BenchCase {
    let mut image = MemoryImage::new();
    image.set_cell(REGISTERS, 8, F::from_u32(0x100));
    image.set_cell(REGISTERS, 16, F::from_u32(0x200));
    (0..64).for_each(|cell| image.set_cell(DATA, 0x100 + cell, F::from_u32(100 + cell)));
    (0..8).for_each(|cell| image.set_cell(REGISTERS, 24 + cell, F::from_u32(9000 + cell)));
    BenchCase { name: "data".into(), image, operands, expected: vec![] }
}

fn expect(case: BenchCase, space: u32, cell: u32, first: u32, count: u32) -> BenchCase {
    let cells = (0..count).map(|index| F::from_u32(first + index)).collect();
    BenchCase { expected: vec![ExpectedCells { space, cell, cells }], ..case }
}

fn assert_passes(extension: impl MemoryExtension, case: BenchCase) {
    let report = ExtensionBench::new(&config(), extension).unwrap().check(&[case]);
    assert!(report.is_passed(), "{report}");
    assert!(report.exchanges >= 2 && report.aliases > 0, "{report}");
}

#[test]
fn bulk_load_passes() {
    let case = data_case(vec![[4, 1, 3], [5, 2, 0]]);
    assert_passes(BulkLoad { spaces: SPACES }, expect(case, REGISTERS, 32, 124, 8));
}

#[test]
fn bulk_store_passes() {
    let case = data_case(vec![[3, 2, 3], [1, 1, 0]]);
    assert_passes(BulkStore { spaces: SPACES }, expect(case, DATA, 0x218, 9000, 8));
}

#[test]
fn load_passes() {
    assert_passes(CellLoad { spaces: SPACES }, expect(data_case(vec![[4, 1, 7], [5, 1, 2]]), REGISTERS, 32, 107, 1));
}

#[test]
fn store_passes() {
    assert_passes(CellStore { spaces: SPACES }, expect(data_case(vec![[3, 2, 7], [1, 1, 2]]), DATA, 0x207, 9000, 1));
}
