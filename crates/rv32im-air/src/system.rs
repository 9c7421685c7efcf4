//! System calls: what `ecall` does by the number in `a7`.
//!
//! Each call is a chip that asserts its numbers in [`crate::calls`] and takes the same ROM entry, so exactly one of them fits an
//! `ecall`. Register numbers: a0 = 10, a1 = 11, a2 = 12, a7 = 17.

use engram_air::{F, PrimeCharacteristicRing, Ring};
use engram_memory::address::{SPACE_OUTPUT, SPACE_REGISTERS};
use engram_rv32im::system_calls::{MINUS_EBADF, MINUS_ENOSYS, TRANSFER_MAX_BYTES};
use engram_vm::{
    address::address,
    compare::less_than,
    connector::HALT,
    frame::Frame,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, bounded, flag, limb},
};

use crate::{
    calls::{CALLS, Calls},
    chip::Chip,
    transfer::{COUNT_BITS, OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER, State, TRANSFER},
};

/// Word of the register space that holds the program break; registers are the words below it.
pub const BREAK_POINTER: u32 = 32;

/// Word of the register space that takes what a custom instruction that stands alone writes to x0. Nothing else names it.
pub const DISCARD_POINTER: u32 = 33;

/// Where the entry of the break call holds the limbs of the lowest break, here and in the next place.
pub const LOWEST_BREAK: usize = 1;

/// Where it holds those of the highest one.
pub const HIGHEST_BREAK: usize = 3;

/// The register of a call's first argument and its result.
pub const A0: u32 = 10;
/// The register of the second argument.
pub const A1: u32 = 11;
/// The register of the third argument.
pub const A2: u32 = 12;
/// The register of a call's number.
pub const A7: u32 = 17;

/// Factors of a product before it gets a column, so that constraints stay within the degree bound.
const FACTORS_MAX: usize = 5;

fn register<B: RowBuilder>(frame: &mut Frame<B>, row: &mut B, number: u32) -> Word<B::Expr> {
    frame.read_register(row, B::Expr::integer(number))
}

/// The word is this small constant.
fn assert_word<B: RowBuilder>(row: &mut B, labels: [&str; 2], word: &Word<B::Expr>, low: B::Expr) {
    row.assert_zero(labels[0], word.low() - low);
    row.assert_zero(labels[1], word.high());
}

/// Read the call's number, which is one of the chip's. For each of them but the first, is it that one?
fn read_number<B: RowBuilder>(frame: &mut Frame<B>, row: &mut B, calls: &Calls, chip: Chip) -> Vec<B::Expr> {
    let number = register(frame, row, A7);
    let numbers = calls.numbers(Some(chip));
    let [first, others @ ..] = &numbers[..] else { unreachable!("a call's chip has a number") };
    let is_number = |at: At, wanted: u32| number.low().integer_at(at) == wanted;
    let flag = |&other: &u32| flag(row, "other number", "other number is boolean", |at| is_number(at, other));
    let flags: Vec<B::Expr> = others.iter().map(flag).collect();
    if flags.len() > 1 {
        let any = flags.iter().fold(B::Expr::zero(), |sum, flag| sum + flag.clone());
        row.assert_bool("the call has one number", any);
    }
    let expected = others.iter().zip(&flags).fold(row.constant(*first), |expected, (other, flag)| {
        expected + flag.clone() * (B::Expr::integer(*other) - B::Expr::integer(*first))
    });
    assert_word(row, ["the call's number is this call's", "the call's number has no high limb"], &number, expected);
    flags
}

/// The descriptor is the one that the chip's line for the number names.
fn assert_descriptor<B: RowBuilder>(
    row: &mut B,
    calls: &Calls,
    chip: Chip,
    others: &[B::Expr],
    descriptor: &Word<B::Expr>,
) {
    let named = calls.numbers(Some(chip)).into_iter().map(|number| match calls.descriptors(number, Some(chip))[..] {
        [named] => named,
        _ => unreachable!("a chip that asserts a descriptor has one for each of its numbers"),
    });
    let named: Vec<u32> = named.collect();
    let [first, rest @ ..] = &named[..] else { unreachable!("a call's chip has a number") };
    let expected = others.iter().zip(rest).fold(row.constant(*first), |expected, (is_other, other)| {
        expected + is_other.clone() * (B::Expr::integer(*other) - B::Expr::integer(*first))
    });
    assert_word(row, ["the descriptor is this call's", "the descriptor has no high limb"], descriptor, expected);
}

/// A product of the differences to some constants below 2^16, zero on padding rows. Where it has many factors, parts of it get
/// columns.
fn product_of_differences<B: RowBuilder>(row: &mut B, low: &B::Expr, constants: &[u32]) -> B::Expr {
    let (mut product, mut factors): (Option<B::Expr>, usize) = (None, 0);
    let mut constants = constants.iter().peekable();
    while let Some(&constant) = constants.next() {
        if factors == FACTORS_MAX - 1 && constants.peek().is_some() {
            product = product.map(|product| {
                let part = row.column_of("part of the product", &product);
                row.assert_zero("part of the product is that of its factors", product - part.clone());
                part
            });
            factors = 1;
        }
        let difference = low.clone() - row.constant(constant);
        product = Some(product.map_or(difference.clone(), |product| product * difference));
        factors = factors.saturating_add(1);
    }
    product.unwrap_or_else(|| row.real())
}

/// The word is none of some constants below 2^16. `product` is the product of the low limb's differences to them.
fn assert_other<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>, product: B::Expr) {
    let is_set = |at: At| word.high().value_at(at) != F::ZERO;
    let has_high = flag(row, "has a high limb", "has a high limb is boolean", is_set);
    let decisive = product.clone() + has_high.clone() * (word.high() - product);
    let inverse = row.inverse_column("inverse", |at| decisive.value_at(at));
    row.assert_zero("the word is none of the known", decisive * inverse - row.real());
}

/// The row of a call's chip.
pub fn eval<B: RowBuilder>(chip: Chip, row: &mut B) {
    eval_with(&CALLS, chip, row);
}

/// The same in a machine with these calls.
fn eval_with<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    match chip {
        Chip::ReadCall => read(calls, chip, row),
        Chip::WriteCall => write(calls, chip, row),
        Chip::DebugCall => debug(calls, chip, row),
        Chip::BadDescriptorCall => bad_descriptor(calls, chip, row),
        Chip::ExitCall => exit(calls, chip, row),
        Chip::BreakCall => set_break(calls, chip, row),
        Chip::UnknownCall => unknown_call(calls, chip, row),
        other => unreachable!("{} is no system call", other.name()),
    }
}

/// Accesses: a7, a1, a2, a0. Hints: bytes read.
///
/// How much of the input a call reads is the prover's to say: any count that is at most what was asked for and at most
/// [`TRANSFER_MAX_BYTES`]. The input is private, and a short count is what Linux may return.
fn read<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let others = read_number(&mut frame, row, calls, chip);
    let buffer = register(&mut frame, row, A1);
    let asked = register(&mut frame, row, A2);
    let part = |index: u32| move |at: At| limb(at.hint(0), index);
    let low = bounded(row, "count low", "count low is below 2^16", part(0), LIMB_BITS);
    let high = bounded(row, "count high", "count high is short", part(1), COUNT_BITS - LIMB_BITS);
    let count = Word::from_cells([low, high]);
    let more = less_than(row, &asked, &count);
    row.assert_zero("no more is read than asked for", more);
    let limit = Word::constant(row, TRANSFER_MAX_BYTES);
    let more = less_than(row, &limit, &count);
    row.assert_zero("no more is read than a call moves", more);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), count.clone());
    assert_descriptor(row, calls, chip, &others, &descriptor);
    start(chip, row, frame, &buffer, &count, None);
}

/// Accesses: a7, a1, a2, a0, the output's length.
fn write<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let others = read_number(&mut frame, row, calls, chip);
    let buffer = register(&mut frame, row, A1);
    let asked = register(&mut frame, row, A2);
    let count = at_most_a_call(row, &asked);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), count.clone());
    assert_descriptor(row, calls, chip, &others, &descriptor);
    let length =
        frame.write(row, SPACE_OUTPUT, B::Expr::integer(OUTPUT_LENGTH_POINTER), |_, length| length.add(&count));
    start(chip, row, frame, &buffer, &count, Some(&length));
}

/// Accesses: a7, a2, a0.
fn debug<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let others = read_number(&mut frame, row, calls, chip);
    let asked = register(&mut frame, row, A2);
    let count = at_most_a_call(row, &asked);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), count);
    assert_descriptor(row, calls, chip, &others, &descriptor);
    close(chip, row, frame);
}

/// What is asked for, or [`TRANSFER_MAX_BYTES`] where that is less.
fn at_most_a_call<B: RowBuilder>(row: &mut B, asked: &Word<B::Expr>) -> Word<B::Expr> {
    let limit = Word::constant(row, TRANSFER_MAX_BYTES);
    let short = less_than(row, asked, &limit);
    let ([low, high], [limit_low, limit_high]) = (asked.cells(), limit.cells());
    let limbs = [(low, limit_low), (high, limit_high)].map(|(asked, limit)| {
        let exact = limit.clone() + short.clone() * (asked - limit);
        let limb = row.column_of("count", &exact);
        row.assert_zero("count is what is asked for, up to the limit", exact - limb.clone());
        limb
    });
    Word::from_cells(limbs)
}

/// Hand the thread to a transfer of `count` bytes at `buffer`, to the output from `length` on if there is one.
fn start<B: RowBuilder>(
    chip: Chip,
    row: &mut B,
    frame: Frame<B>,
    buffer: &Word<B::Expr>,
    count: &Word<B::Expr>,
    length: Option<&Word<B::Expr>>,
) {
    let place = |row: &mut B, word: &Word<B::Expr>| {
        let address = address(row, word, [true, true]);
        let [low, high] = address.bits;
        (address.pointer, low + high.shift_left(1))
    };
    let (pointer, offset) = place(row, buffer);
    let (output_pointer, output_offset) = match length {
        Some(length) => {
            let (pointer, offset) = place(row, length);
            (pointer + row.constant(OUTPUT_FIRST_POINTER), offset)
        }
        None => (B::Expr::zero(), B::Expr::zero()),
    };
    let state = State {
        writes: B::Expr::integer(u32::from(length.is_some())),
        pointer,
        offset,
        output_pointer,
        output_offset,
        remaining: count.low() + count.high().shift_left(LIMB_BITS),
        next_pc: frame.pc() + row.real(),
    };
    row.send(TRANSFER, "hands the thread to the transfer", &state.message(frame.now()));
    frame.fetch(row, B::Expr::integer(chip.rom_opcode()));
}

/// Accesses: a7, a0.
fn bad_descriptor<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let others = read_number(&mut frame, row, calls, chip);
    let result = Word::constant(row, MINUS_EBADF);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), result);
    // The product of the differences to the descriptors that the number's other lines name.
    let products = calls.numbers(Some(chip)).into_iter().map(|number| calls.descriptors(number, None));
    let mut products =
        products.map(|named| product_of_differences(row, &descriptor.low(), &named)).collect::<Vec<_>>().into_iter();
    let first = products.next().unwrap_or_else(B::Expr::zero);
    let product =
        products.zip(others).fold(first.clone(), |sum, (product, is_other)| sum + is_other * (product - first.clone()));
    assert_other(row, &descriptor, product);
    close(chip, row, frame);
}

/// Accesses: a7, a0. The thread ends with the word in a0.
fn exit<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    read_number(&mut frame, row, calls, chip);
    let code = register(&mut frame, row, A0);
    row.send(HALT, "ends the thread of execution", &[code.low(), code.high(), frame.now()]);
    frame.fetch(row, B::Expr::integer(chip.rom_opcode()));
}

/// Operands: the lowest break's limbs, the highest one's. Accesses: a7, the break, a0.
///
/// The break becomes a0 where that lies between the lowest and the highest break, and stays otherwise; the result is the
/// break. Both accesses are written first with a column and tied to the rule afterwards.
fn set_break<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let lowest = frame.operand_word(row, LOWEST_BREAK, ["lowest break low", "lowest break high"]);
    let highest = frame.operand_word(row, HIGHEST_BREAK, ["highest break low", "highest break high"]);
    read_number(&mut frame, row, calls, chip);
    let result = Word::from_cells([0, 1].map(|index| row.column("break after", |at| limb(at.hint(0), index))));
    let after = result.clone();
    let before = frame.write(row, SPACE_REGISTERS, B::Expr::integer(BREAK_POINTER), |_, _| after);
    let wanted = frame.write_register(row, B::Expr::integer(A0), result.clone());
    let below = less_than(row, &wanted, &lowest);
    let above = less_than(row, &highest, &wanted);
    let granted = (row.real() - below) * (row.real() - above);
    for ((result, wanted), before) in result.cells().into_iter().zip(wanted.cells()).zip(before.cells()) {
        let exact = before.clone() + granted.clone() * (wanted - before);
        row.assert_zero("the break is what is wanted where that is granted", exact - result);
    }
    close(chip, row, frame);
}

/// Accesses: a7, a0.
fn unknown_call<B: RowBuilder>(calls: &Calls, chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let product = product_of_differences(row, &number.low(), &calls.numbers(None));
    assert_other(row, &number, product);
    let result = Word::constant(row, MINUS_ENOSYS);
    frame.write_register(row, B::Expr::integer(A0), result);
    close(chip, row, frame);
}

/// Close a frame on the next instruction.
fn close<B: RowBuilder>(chip: Chip, row: &mut B, frame: Frame<B>) {
    let next_pc = frame.pc() + B::Expr::one();
    frame.close(row, B::Expr::integer(chip.rom_opcode()), next_pc);
}

#[cfg(test)]
mod tests;
