//! A custom instruction is replayed otherwise than it is proven, alone or in a block, or one that no table can have is accepted.

use std::sync::Arc;

use engram_memory::{MemoryConfig, image::MemoryImage, lookups::Lookups, offline::Access};
use engram_vm::{
    extension::{ExtensionRow, MemoryExtension},
    row::{Inverses, RowRecord, RowWriter},
};

use super::*;
use crate::testing::RowChecks;

/// `rd = mem[rs1] + rs2`, and the word and the next one are swapped.
#[derive(Debug)]
struct SumAndSwap;

impl MemoryExtension for SumAndSwap {
    fn name(&self) -> &str {
        "sum and swap"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (base, value) = (row.rs1(), row.rs2());
        let (first, second) = (row.load(base, 0), row.load(base, 1));
        let sum = row.add(first, value);
        row.store(base, 0, second);
        row.store(base, 1, first);
        row.set_rd(sum);
    }
}

/// Copies a word from rs1 to rs2, which may be the same.
#[derive(Debug)]
struct Copy;

impl MemoryExtension for Copy {
    fn name(&self) -> &str {
        "copy"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (from, to) = (row.rs1(), row.rs2());
        let word = row.load(from, 0);
        row.store(to, 0, word);
        let word = row.load(from, 1);
        row.store(to, 1, word);
    }
}

/// Something that no table can have.
#[derive(Debug)]
enum Impossible {
    Degree,
    Message,
    Padding,
}

impl MemoryExtension for Impossible {
    fn name(&self) -> &str {
        "impossible"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let column = row.column("column", |_| 0);
        match self {
            Self::Degree => {
                let power = (0..DEGREE_MAX).fold(column.clone(), |power, _| power * column.clone());
                row.assert_zero("power", power);
            }
            Self::Message => row.range("square", column.clone() * column, 3),
            Self::Padding => row.assert_zero("is one", column - B::Expr::one()),
        }
    }
}

const BASE: u32 = 256;
const TIMESTAMP: u32 = 10;

fn memory() -> OfflineMemory {
    let mut image = MemoryImage::new();
    for (register, value) in [(1, 7), (5, BASE), (6, BASE + 4), (7, 0xffff_fff0)] {
        image.set_word(SPACE_REGISTERS, register, value);
    }
    for (pointer, value) in [(64, 0x8000_0011), (65, 0x1234_5678), (66, 99)] {
        image.set_word(SPACE_MEMORY, pointer, value);
    }
    OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap()
}

fn contents(memory: &OfflineMemory) -> Vec<u32> {
    let registers = (0..32).map(|register| memory.peek(SPACE_REGISTERS, register));
    registers.chain((64..68).map(|pointer| memory.peek(SPACE_MEMORY, pointer))).collect()
}

/// What refuses the row with these accesses.
fn failed(
    circuit: Circuit,
    entries: &[Entry],
    step: Step,
    accesses: &[Access],
    fill: impl Fn(&mut RowWriter),
) -> Vec<String> {
    let mut cells = vec![F::ZERO; circuit.width()];
    let (width, mut inverses, lookups) = (cells.len(), Inverses::default(), Lookups::default());
    let records = [RowRecord { step, accesses, hints: &[] }];
    fill(&mut RowWriter::new((&mut cells, width), 0, &records, &mut inverses, &lookups));
    inverses.fill(&mut cells);
    let checks = RowChecks::new(Arc::new(circuit), entries);
    let row = Row { local: &cells, next: &cells, publics: &[], is_first: true, is_last: true };
    checks.failed(row).into_iter().map(|check| checks.label(check).to_owned()).collect()
}

fn alone(custom: &Custom, memory: &mut OfflineMemory, operands: CustomOperands, timestamp: u32) -> u32 {
    let entry = custom.entry(50, operands);
    let [pc, _, operands @ ..] = entry;
    let step = Step { pc, timestamp, operands };
    let mut rows = TableRows::default();
    let end = custom.replay(memory, &mut rows, step).unwrap();
    assert_eq!(end - timestamp, rows.accesses.len() as u32, "each access has a timestamp of its own");
    assert_eq!(failed(custom.circuit(), &[entry], step, &rows.accesses, |row| custom.eval(row)), [""; 0]);
    end
}

const OPERANDS: [CustomOperands; 5] = [
    CustomOperands { rd: 1, rs1: 5, rs2: 7 },
    CustomOperands { rd: 0, rs1: 5, rs2: 7 },
    CustomOperands { rd: 7, rs1: 5, rs2: 5 },
    CustomOperands { rd: 1, rs1: 5, rs2: 6 },
    CustomOperands { rd: 1, rs1: 6, rs2: 5 },
];

fn customs() -> [Custom; 2] {
    [Custom::new(3, Extension::new(SumAndSwap)).unwrap(), Custom::new(1023, Extension::new(Copy)).unwrap()]
}

#[test]
fn alone_it_does_what_it_says() {
    let [swap, _] = customs();
    let mut memory = memory();
    alone(&swap, &mut memory, OPERANDS[0], TIMESTAMP);
    let found = [1, 7].map(|register| memory.peek(SPACE_REGISTERS, register));
    assert_eq!(found, [0x8000_0001, 0xffff_fff0]);
    assert_eq!([64, 65].map(|pointer| memory.peek(SPACE_MEMORY, pointer)), [0x1234_5678, 0x8000_0011]);
    // What is written to x0 goes nowhere.
    alone(&swap, &mut memory, OPERANDS[1], TIMESTAMP + 100);
    assert_eq!(memory.peek(SPACE_REGISTERS, 0), 0);
}

/// Pairs of instructions in a block end as one after the other alone, and no check refuses the block's row.
#[test]
fn in_a_block_it_does_the_same() {
    let (customs, registers) = (customs(), [1, 5, 6, 7]);
    for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for [x, y] in OPERANDS.iter().flat_map(|&x| OPERANDS.map(|y| [x, y])) {
            // The sum may be no address.
            if first == 0 && [5, 6, 7].contains(&x.rd)
                || customs[second].number() == 1023 && y.rs2 == 7
                || first == 1 && x.rs2 == 7
            {
                continue;
            }
            let steps = [(&customs[first], x), (&customs[second], y)];
            let mut expected = memory();
            let mut end = TIMESTAMP;
            for (custom, operands) in steps {
                end = alone(custom, &mut expected, operands, end);
            }
            let write = |openings: &mut Vec<bool>| {
                let openings = std::cell::RefCell::new(openings);
                SymbolicRow::circuit("block", |row| {
                    let mut path = Path::open(row, 50, &registers);
                    steps.iter().for_each(|(custom, operands)| custom.eval_step(&mut path, *operands).unwrap());
                    openings.borrow_mut().extend(path.memory_openings());
                    path.close(Expr::integer(52));
                })
            };
            let mut openings = vec![];
            let circuit = write(&mut openings);
            let (mut replayed, mut rows, mut timestamp) = (memory(), TableRows::default(), TIMESTAMP);
            let mut held = [0; 32];
            for register in registers {
                let access = replayed.read_word(SPACE_REGISTERS, register, TIMESTAMP);
                held[register as usize] = access.previous;
                rows.accesses.push(access);
            }
            let mut left = openings.iter().copied();
            for (custom, operands) in steps {
                let result =
                    custom.replay_in_block(&mut replayed, &mut rows, &mut held, operands, &mut left, &mut timestamp);
                result.unwrap();
            }
            for register in registers {
                replayed.amend(SPACE_REGISTERS, register, held[register as usize]);
            }
            assert_eq!(left.next(), None, "{steps:?}");
            assert_eq!(contents(&replayed), contents(&expected), "{steps:?}");
            let step = Step { timestamp: TIMESTAMP, ..Step::default() };
            let refused = failed(circuit, &[], step, &rows.accesses, |row| {
                let mut path = Path::open(row, 50, &registers);
                steps.iter().for_each(|(custom, operands)| custom.eval_step(&mut path, *operands).unwrap());
                path.close(Ring::integer(52));
            });
            assert_eq!(refused, [""; 0], "{steps:?}");
        }
    }
}

#[test]
fn what_no_row_has_is_refused_and_changes_nothing() {
    let [swap, _] = customs();
    let (mut memory, mut rows) = (memory(), TableRows::default());
    let before = contents(&memory);
    let [pc, _, operands @ ..] = swap.entry(50, CustomOperands { rd: 5, rs1: 1, rs2: 1 });
    swap.replay(&mut memory, &mut rows, Step { pc, timestamp: TIMESTAMP, operands }).unwrap_err();
    assert_eq!((contents(&memory), rows.accesses.len()), (before, 0));
}

#[test]
fn what_no_table_can_have_is_refused() {
    let refused = |extension| Custom::new(1, Extension::new(extension)).unwrap_err();
    let name = || "impossible".to_owned();
    assert_eq!(refused(Impossible::Degree), CustomError::Degree { name: name(), degree: DEGREE_MAX + 1 });
    assert_eq!(refused(Impossible::Message), CustomError::Message { name: name(), label: "square".into() });
    assert_eq!(refused(Impossible::Padding), CustomError::Padding { name: name(), label: "is one".into() });
    let number = Custom::new(CUSTOM_NUMBERS, Extension::new(SumAndSwap)).unwrap_err();
    assert_eq!(number, CustomError::Number { number: CUSTOM_NUMBERS });
}
