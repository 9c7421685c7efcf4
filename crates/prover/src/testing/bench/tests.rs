use engram_air::{Field, PrimeCharacteristicRing, PrimeField32, Ring};
use engram_vm::{
    extension::ExtensionRow,
    row::{RowBuilder, RowValue},
};

use super::*;
use engram_rv32im_air::bulk::{BulkLoad, BulkStore};

/// What an author may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// A carry may be anything.
    CarryIsNotBoolean,
    /// A column that nothing needs.
    UnusedColumn,
    /// The sums are columns that no equation fixes.
    ResultIsAWitness,
    /// The second operand is taken for the first.
    OtherOperand,
}

/// Adds registers, each limb by itself.
#[derive(Debug)]
struct Lanes(Mistake);

impl MemoryExtension for Lanes {
    fn name(&self) -> &str {
        "lanes"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (left, right) = (row.rs1(), row.rs2());
        let right = if self.0 == Mistake::OtherOperand { left } else { right };
        let (left, right) = (row.limbs(left), row.limbs(right));
        let mut lanes = vec![];
        for (lane, (x, y)) in left.into_iter().zip(right).enumerate() {
            let total = x + y;
            if self.0 == Mistake::ResultIsAWitness {
                lanes.push(row.column(&format!("lane {lane}"), |at| total.integer_at(at) % (1 << 16)));
                continue;
            }
            let carry = row.column(&format!("carry {lane}"), |at| total.integer_at(at) >> 16);
            if self.0 != Mistake::CarryIsNotBoolean {
                row.assert_bool("a carry is boolean", carry.clone());
            }
            lanes.push(total - carry.shift_left(16));
        }
        if self.0 == Mistake::UnusedColumn {
            row.column("unused", |_| 1);
        }
        let [low, high] = [lanes[0].clone(), lanes[1].clone()];
        let sum = row.word([low, high]);
        row.set_rd(sum);
    }
}

fn lanes_case() -> BenchCase {
    let before = BenchState { registers: vec![(5, 0xfff0_ffff), (6, 0x0020_0005)], words: vec![] };
    let after = BenchState { registers: vec![(7, 0x0010_0004), (8, 0x0000_0003)], words: vec![] };
    BenchCase { name: "twice".into(), before, operands: vec![[7, 5, 6], [8, 7, 5]], after }
}

fn attacked(mistake: Mistake) -> BenchReport {
    ExtensionBench::new(Lanes(mistake)).unwrap().check(&[lanes_case()])
}

#[test]
fn an_honest_extension_passes() {
    let report = attacked(Mistake::None);
    assert!(report.is_passed(), "{report}");
    // Two instructions and six aliases of the first; each instruction by itself, and each run as one row.
    assert_eq!((report.runs, report.rows, report.aliases), (14, 15, 6));
    assert!(report.alterations > 3000, "{report}");
}

#[test]
fn a_missing_constraint_is_found() {
    let report = attacked(Mistake::CarryIsNotBoolean);
    for column in ["carry 0", "carry 1"] {
        assert!(report.open_columns().iter().any(|open| open.ends_with(column)), "{report}");
    }
    assert!(report.findings().iter().all(|finding| matches!(finding, Finding::Undetermined { .. })), "{report}");
}

#[test]
fn a_result_that_nothing_computes_is_found() {
    let report = attacked(Mistake::ResultIsAWitness);
    for column in ["lane 0", "lane 1"] {
        assert!(report.open_columns().iter().any(|open| open.ends_with(column)), "{report}");
    }
}

#[test]
fn a_column_that_nothing_needs_is_found_unless_it_may_be_free() {
    let report = attacked(Mistake::UnusedColumn);
    assert!(report.findings().iter().all(|finding| matches!(finding, Finding::Free { .. })), "{report}");
    let mut bench = ExtensionBench::new(Lanes(Mistake::UnusedColumn)).unwrap();
    for column in report.open_columns() {
        bench = bench.with_free_column(column);
    }
    let report = bench.check(&[lanes_case()]);
    assert!(report.is_passed(), "{report}");
    let bench = ExtensionBench::new(Lanes(Mistake::None)).unwrap().with_free_column("carry 0");
    assert_eq!(bench.check(&[lanes_case()]).findings(), [Finding::NotFree { column: "carry 0".into() }]);
}

/// Mistakes that only show when a second column makes up for the first.
#[derive(Clone, Copy, Debug)]
enum Subtle {
    /// `rd = rs1 / rs2` of low limbs, where nothing says that the remainder is below the divisor.
    Quotient,
    /// `rd` is the lowest bit of rs1, where nothing bounds the rest.
    LowBit,
    /// `rd` is whether the low limb of rs1 is zero, where a limb that is not has no need of an inverse.
    IsZero,
}

impl MemoryExtension for Subtle {
    fn name(&self) -> &str {
        "subtle"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (x, y) = (row.rs1(), row.rs2());
        let ([x, _], [y, _]) = (row.limbs(x), row.limbs(y));
        let result = match self {
            Self::Quotient => {
                let quotient = row.column("quotient", |at| x.integer_at(at) / y.integer_at(at).max(1));
                let rest = row.column("rest", |at| x.integer_at(at) % y.integer_at(at).max(1));
                row.range("the rest has 16 bits", rest.clone(), 16);
                row.assert_zero("a division", quotient.clone() * y + rest - x);
                quotient
            }
            Self::LowBit => {
                let low = row.column("low", |at| x.integer_at(at) % 2);
                let high = row.column("high", |at| x.integer_at(at) / 2);
                row.assert_bool("low is boolean", low.clone());
                row.assert_zero("both make the limb", low.clone() + high.clone() + high - x);
                low
            }
            Self::IsZero => {
                let inverse = |value| F::from_u32(value).try_inverse().unwrap_or(F::ZERO).as_canonical_u32();
                let inverse = row.column("inverse", |at| inverse(x.integer_at(at)));
                let product = row.column("product", |at| u32::from(x.integer_at(at) != 0));
                row.assert_zero("the product", x * inverse - product.clone());
                row.assert_bool("the product is boolean", product.clone());
                row.real() - product
            }
        };
        let zero = row.constant(0);
        let word = row.word([result, zero]);
        row.set_rd(word);
    }
}

#[test]
fn mistakes_that_a_second_column_makes_up_for_are_found() {
    for (subtle, result) in [(Subtle::Quotient, 142), (Subtle::LowBit, 0), (Subtle::IsZero, 0)] {
        let before = BenchState { registers: vec![(5, 1000), (6, 7)], words: vec![] };
        let after = BenchState { registers: vec![(7, result)], words: vec![] };
        let case = BenchCase { name: "subtle".into(), before, operands: vec![[7, 5, 6]], after };
        let mut bench = ExtensionBench::new(subtle).unwrap();
        if matches!(subtle, Subtle::IsZero) {
            bench = bench.with_free_column("inverse");
        }
        let report = bench.check(&[case]);
        let is_found = |finding: &Finding| matches!(finding, Finding::Undetermined { case, .. } if case == "subtle");
        assert!(report.findings().iter().any(is_found), "{subtle:?}: {report}");
        assert!(!report.findings().iter().any(|finding| matches!(finding, Finding::Wrong { .. })), "{report}");
    }
}

#[test]
fn another_result_is_found() {
    let report = attacked(Mistake::OtherOperand);
    let wrong = |finding: &Finding| matches!(finding, Finding::Wrong { place, .. } if place == "register 7");
    assert!(report.findings().iter().any(wrong), "{report}");
}

#[test]
fn a_bench_that_tries_nothing_says_so() {
    let bench = ExtensionBench::new(Lanes(Mistake::None)).unwrap();
    assert_eq!(bench.check(&[]).findings(), [Finding::NothingAltered]);
    let impossible = BenchCase { operands: vec![[32, 1, 2]], ..lanes_case() };
    assert!(matches!(bench.check(&[impossible]).findings()[0], Finding::Refused { .. }));
}

const SOURCE: u32 = 0x0100_0000;
const TARGET: u32 = SOURCE + 0x100;

fn data_case(operands: Vec<[u8; 3]>, words: Vec<(u32, u32)>) -> BenchCase {
    let filled = (0..8).map(|word| (SOURCE + 4 * word, 0x1_0001 * (100 + word))).collect();
    let before = BenchState { registers: vec![(5, SOURCE), (6, TARGET)], words: filled };
    BenchCase { name: "data".into(), before, operands, after: BenchState { registers: vec![], words } }
}

#[test]
fn the_standard_extensions_pass() {
    let copied = (0..4).map(|word| (TARGET + 4 * word, 0x1_0001 * (100 + word))).collect();
    let report = ExtensionBench::new(BulkLoad).unwrap().check(&[data_case(vec![[7, 5, 6]], copied)]);
    assert!(report.is_passed() && report.aliases > 0, "{report}");
    let stored = (0..4).map(|word| (SOURCE + 4 * word, TARGET)).collect();
    let report = ExtensionBench::new(BulkStore).unwrap().check(&[data_case(vec![[7, 5, 6]], stored)]);
    assert!(report.is_passed() && report.aliases > 0, "{report}");
}
