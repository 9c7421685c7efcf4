//! An extension computes something else alone than in a block, or than it proves, or gets by without a check.

use std::collections::HashMap;

use engram_air::{
    F, PrimeField32,
    tape::{Row, Tape},
};
use engram_memory::{
    address::{SPACE_MEMORY, SPACE_REGISTERS},
    lookups::Lookups,
    messages::{BYTES, RANGE},
    offline::Access,
};

use super::*;
use crate::row::{Inverses, RefusedRow, RowRecord, RowValue, Step, WordMemory};

/// `rd = mem[rs1] + rs2`, and both neighbours are swapped.
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

/// `rd` = any limbs that the witness says: its low one is that of rs1 and 2^16 more.
#[derive(Debug)]
struct TooLarge;

impl MemoryExtension for TooLarge {
    fn name(&self) -> &str {
        "too large"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let word = row.rs1();
        let [low, high] = row.limbs(word);
        let large = row.column("large", |at| low.integer_at(at) + (1 << 16));
        let word = row.word([large, high]);
        row.set_rd(word);
    }
}

#[derive(Debug)]
struct Careless;

impl MemoryExtension for Careless {
    fn name(&self) -> &str {
        "careless"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let word = row.rs1();
        let [low, _] = row.limbs(word);
        row.range("wide", low, 18);
    }
}

#[derive(Debug)]
struct Twice;

impl MemoryExtension for Twice {
    fn name(&self) -> &str {
        "twice"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let word = row.rs1();
        row.set_rd(word);
        row.set_rd(word);
    }
}

const REGISTERS: [u32; 3] = [5, 6, 7];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Alone,
    InBlock,
}

/// One instruction on a path from its opening to its close.
fn write<B: ExtensibleRow>(extension: &Extension, form: Form, row: &mut B) -> Result<(), ExtensionError> {
    match form {
        Form::Alone => {
            let mut path = Path::look_up(row);
            let [rd, rs1, rs2] =
                [(0, "rd"), (1, "rs1"), (2, "rs2")].map(|(place, name)| Operand::Column(path.operand(place, name)));
            extension.eval(&mut path, Registers { rd, rs1, rs2 })?;
            let next_pc = path.pc() + Ring::one();
            path.close_looked_up(B::Expr::integer(99), next_pc);
        }
        Form::InBlock => {
            let mut path = Path::open(row, 100, &REGISTERS);
            let [rd, rs1, rs2] = REGISTERS.map(Operand::Known);
            extension.eval(&mut path, Registers { rd, rs1, rs2 })?;
            path.close(B::Expr::integer(101));
        }
    }
    Ok(())
}

#[derive(Default, Clone, Debug, PartialEq)]
struct Memory(HashMap<[u32; 2], u32>);

impl WordMemory for Memory {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        self.0.get(&[space, pointer]).copied()
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        self.0.insert([space, pointer], value);
    }
}

fn memory(base: u32) -> Memory {
    let registers = REGISTERS.into_iter().zip([1, base, 0xffff_fff0]);
    let registers = registers.map(|(register, value)| ([SPACE_REGISTERS, register], value));
    let words = [(64, 0x8000_0011), (65, 0x1234_5678)].map(|(pointer, value)| ([SPACE_MEMORY, pointer], value));
    Memory(registers.chain(words).collect())
}

fn step() -> Step {
    let [rd, rs1, rs2] = REGISTERS;
    Step { pc: 100, timestamp: 1000, operands: [rd, rs1, rs2, 0, 0] }
}

fn execute(extension: &Extension, form: Form, memory: &mut Memory) -> Result<(), RefusedRow> {
    let mut row = ValueRow::new(memory, step(), &[]);
    write(extension, form, &mut row).unwrap();
    row.finish().map(|_| ())
}

/// Labels of the checks that refuse the row with these contents.
fn refused(extension: &Extension, form: Form, found: &[u32]) -> Vec<String> {
    let circuit = SymbolicRow::circuit("extension", |row| write(extension, form, row).unwrap());
    let accesses: Vec<Access> = found.iter().map(|&previous| Access { previous, gap: 3 }).collect();
    let mut cells = vec![F::default(); circuit.width()];
    let width = cells.len();
    let (mut inverses, lookups) = (Inverses::default(), Lookups::default());
    let records = [RowRecord { step: step(), accesses: &accesses, hints: &[] }];
    write(extension, form, &mut RowWriter::new((&mut cells, width), 0, &records, &mut inverses, &lookups)).unwrap();
    inverses.fill(&mut cells);
    let tape = Tape::new(&circuit);
    let values = tape.evaluate(Row { local: &cells, next: &cells, publics: &[], is_first: true, is_last: true });
    let constraints = values.violations().map(|(constraint, _)| circuit.constraints[constraint].label.clone());
    let lookups = values.messages().filter_map(|message| {
        let interaction = &circuit.interactions[message.interaction];
        let [x, y] = [0, 1].map(|field| message.fields[field].as_canonical_u32());
        let holds = match interaction.bus {
            RANGE => y <= RANGE_BITS_MAX && x >> y == 0,
            BYTES => x < 256 && y < 256 && x & y == message.fields[2].as_canonical_u32(),
            _ => true,
        };
        (!holds).then(|| interaction.label.clone())
    });
    constraints.chain(lookups).collect()
}

#[test]
fn alone_and_in_a_block_it_does_the_same() {
    let extension = Extension::new(SumAndSwap);
    for form in [Form::Alone, Form::InBlock] {
        let mut after = memory(256);
        execute(&extension, form, &mut after).unwrap();
        let mut expected = memory(256);
        expected.write(SPACE_MEMORY, 64, 0x1234_5678);
        expected.write(SPACE_MEMORY, 65, 0x8000_0011);
        expected.write(SPACE_REGISTERS, 5, 0x8000_0001);
        assert_eq!(after, expected, "{form:?}");
    }
    assert_eq!(refused(&extension, Form::Alone, &[256, 0xffff_fff0, 0x8000_0011, 0x1234_5678, 1]), [""; 0]);
    assert_eq!(refused(&extension, Form::InBlock, &[1, 256, 0xffff_fff0, 0x8000_0011, 0x1234_5678]), [""; 0]);
}

#[test]
fn an_address_that_is_not_aligned_is_refused_and_nothing_changes() {
    let extension = Extension::new(SumAndSwap);
    for (form, found) in [(Form::Alone, [258, 1, 2, 3, 4]), (Form::InBlock, [4, 258, 1, 2, 3])] {
        let mut after = memory(258);
        let error = execute(&extension, form, &mut after).unwrap_err();
        assert_eq!(error, RefusedRow::Misaligned { address: 258 });
        assert_eq!(after, memory(258));
        assert_eq!(refused(&extension, form, &found), ["pointer low fits 14 bits"]);
    }
}

#[test]
fn a_word_that_does_not_exist_is_refused() {
    let extension = Extension::new(SumAndSwap);
    let mut after = memory(1024);
    let error = execute(&extension, Form::Alone, &mut after).unwrap_err();
    assert_eq!(error, RefusedRow::NoWord { space: SPACE_MEMORY, pointer: 256 });
    // The word after the last one is no word: nothing wraps around.
    let mut after = memory(u32::MAX - 3);
    after.write(SPACE_MEMORY, (1 << 30) - 1, 0);
    after.write(SPACE_MEMORY, 0, 0);
    let error = execute(&extension, Form::Alone, &mut after).unwrap_err();
    assert_eq!(error, RefusedRow::NoWord { space: SPACE_MEMORY, pointer: 1 << 30 });
}

#[test]
fn limbs_of_its_own_are_checked() {
    let extension = Extension::new(TooLarge);
    for (form, found) in [(Form::Alone, [8, 1, 0]), (Form::InBlock, [1, 8, 1])] {
        let error = execute(&extension, form, &mut memory(8)).unwrap_err();
        assert!(matches!(&error, RefusedRow::Range { label, .. } if label == "limb is below 2^16"), "{error}");
        assert_eq!(refused(&extension, form, &found), ["limb is below 2^16"]);
    }
}

#[test]
fn what_no_row_can_have_is_an_error() {
    let circuit_of = |extension: Extension| {
        let mut result = Ok(());
        SymbolicRow::circuit("extension", |row| result = write(&extension, Form::InBlock, row));
        result
    };
    let wide = ExtensionError::RangeTooWide { label: "wide".into(), bits: 18 };
    assert_eq!(circuit_of(Extension::new(Careless)), Err(wide));
    assert_eq!(circuit_of(Extension::new(Twice)), Err(ExtensionError::DestinationTwice));
}
