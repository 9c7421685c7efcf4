//! System calls: what `ecall` does by the number in `a7`.
//!
//! Each call is a chip that asserts its number and takes the same ROM entry, so exactly one of them fits an `ecall`.
//! Register numbers: a0 = 10, a1 = 11, a2 = 12, a7 = 17.

use engram_air::{F, PrimeCharacteristicRing, Ring};
use engram_memory::address::{SPACE_OUTPUT, SPACE_REGISTERS};
use engram_rv32im::emulator::system_calls::{
    MINUS_EBADF, MINUS_ENOSYS, SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ, SYS_WRITE, TRANSFER_MAX_BYTES,
};
use engram_vm::{
    compare::less_than,
    connector::HALT,
    frame::Frame,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, bounded, flag, limb},
};

use crate::{
    chip::Chip,
    storage::address,
    transfer::{COUNT_BITS, OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER, State, TRANSFER},
};

/// Word of the register space that holds the program break; registers are the words below it.
pub const BREAK_POINTER: u32 = 32;

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;
const A7: u32 = 17;

fn register<B: RowBuilder>(frame: &mut Frame<B>, row: &mut B, number: u32) -> Word<B::Expr> {
    frame.read_register(row, B::Expr::integer(number))
}

/// The word is this small constant.
fn assert_word<B: RowBuilder>(row: &mut B, labels: [&'static str; 2], word: &Word<B::Expr>, low: B::Expr) {
    row.assert_zero(labels[0], word.low() - low);
    row.assert_zero(labels[1], word.high());
}

/// The call's number in a7 is this.
fn assert_number<B: RowBuilder>(row: &mut B, number: &Word<B::Expr>, expected: B::Expr) {
    assert_word(row, ["the call's number is this call's", "the call's number has no high limb"], number, expected);
}

/// The word is none of some constants below 2^16. `product` is the product of the low limb's differences to them.
fn assert_other<B: RowBuilder>(row: &mut B, word: &Word<B::Expr>, product: B::Expr) {
    let is_set = |at: At| word.high().value_at(at) != F::ZERO;
    let has_high = flag(row, "has a high limb", "has a high limb is boolean", is_set);
    let decisive = product.clone() + has_high.clone() * (word.high() - product);
    let inverse = row.inverse_column("inverse", |at| decisive.value_at(at));
    row.assert_zero("the word is none of the known", decisive * inverse - row.real());
}

/// `x - constant`, zero on padding rows.
fn less<B: RowBuilder>(row: &B, x: B::Expr, constant: u32) -> B::Expr {
    x - row.constant(constant)
}

/// Accesses: a7, a1, a2, a0. Hints: bytes read.
///
/// How much of the input a call reads is the prover's to say: any count that is at most what was asked for and at most
/// [`TRANSFER_MAX_BYTES`]. The input is private, and a short count is what Linux may return.
pub fn eval_read<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let expected = row.constant(SYS_READ);
    assert_number(row, &number, expected);
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
    assert_word(
        row,
        ["the descriptor is the input's", "the descriptor has no high limb"],
        &descriptor,
        B::Expr::zero(),
    );
    start(chip, row, frame, &buffer, &count, None);
}

/// Accesses: a7, a1, a2, a0, the output's length.
pub fn eval_write<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let expected = row.constant(SYS_WRITE);
    assert_number(row, &number, expected);
    let buffer = register(&mut frame, row, A1);
    let asked = register(&mut frame, row, A2);
    let count = at_most_a_call(row, &asked);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), count.clone());
    let one = row.constant(1);
    assert_word(row, ["the descriptor is the output's", "the descriptor has no high limb"], &descriptor, one);
    let length =
        frame.write(row, SPACE_OUTPUT, B::Expr::integer(OUTPUT_LENGTH_POINTER), |_, length| length.add(&count));
    start(chip, row, frame, &buffer, &count, Some(&length));
}

/// Accesses: a7, a2, a0.
pub fn eval_debug<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let expected = row.constant(SYS_WRITE);
    assert_number(row, &number, expected);
    let asked = register(&mut frame, row, A2);
    let count = at_most_a_call(row, &asked);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), count);
    let two = row.constant(2);
    assert_word(row, ["the descriptor is the debug stream's", "the descriptor has no high limb"], &descriptor, two);
    chip.close(row, frame);
}

/// What is asked for, or [`TRANSFER_MAX_BYTES`] where that is less.
fn at_most_a_call<B: RowBuilder>(row: &mut B, asked: &Word<B::Expr>) -> Word<B::Expr> {
    let limit = Word::constant(row, TRANSFER_MAX_BYTES);
    let short = less_than(row, asked, &limit);
    let limbs = asked.cells().into_iter().zip(limit.cells()).map(|(asked, limit)| {
        let exact = limit.clone() + short.clone() * (asked - limit);
        let limb = row.column_of("count", &exact);
        row.assert_zero("count is what is asked for, up to the limit", exact - limb.clone());
        limb
    });
    let limbs: Vec<B::Expr> = limbs.collect();
    Word::from_cells([limbs[0].clone(), limbs[1].clone()])
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
    let nothing = Word::constant(row, 0);
    let place = |row: &mut B, word: &Word<B::Expr>| {
        let address = address(row, word, &nothing, [true, true]);
        let [low, high] = address.offset;
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
pub fn eval_bad_descriptor<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let is_write = |at: At| number.low().integer_at(at) == SYS_WRITE;
    let writes = flag(row, "writes", "writes is boolean", is_write);
    let expected = row.constant(SYS_READ) + writes.clone();
    assert_number(row, &number, expected);
    let result = Word::constant(row, MINUS_EBADF);
    let descriptor = frame.write_register(row, B::Expr::integer(A0), result);
    let low = descriptor.low();
    let write_product = less(row, low.clone(), 1) * less(row, low.clone(), 2);
    let product = low.clone() + writes * (write_product - low);
    assert_other(row, &descriptor, product);
    chip.close(row, frame);
}

/// Accesses: a7, a0. The thread ends with the word in a0.
pub fn eval_exit<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let is_group = |at: At| number.low().integer_at(at) == SYS_EXIT_GROUP;
    let group = flag(row, "ends the group", "ends the group is boolean", is_group);
    let expected = row.constant(SYS_EXIT) + group;
    assert_number(row, &number, expected);
    let code = register(&mut frame, row, A0);
    row.send(HALT, "ends the thread of execution", &[code.low(), code.high(), frame.now()]);
    frame.fetch(row, B::Expr::integer(chip.rom_opcode()));
}

/// Operands: the lowest break's limbs, the highest one's. Accesses: a7, the break, a0.
///
/// The break becomes a0 where that lies between the lowest and the highest break, and stays otherwise; the result is the
/// break. Both accesses are written first with a column and tied to the rule afterwards.
pub fn eval_break<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let lowest = frame.operand_word(row, 1);
    let highest = frame.operand_word(row, 3);
    let number = register(&mut frame, row, A7);
    let expected = row.constant(SYS_BRK);
    assert_number(row, &number, expected);
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
    chip.close(row, frame);
}

/// Accesses: a7, a0.
pub fn eval_unknown<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let number = register(&mut frame, row, A7);
    let low = number.low();
    let known = [SYS_READ, SYS_WRITE, SYS_EXIT, SYS_EXIT_GROUP, SYS_BRK];
    let product = known.into_iter().fold(None, |product: Option<B::Expr>, known| {
        let difference = less(row, low.clone(), known);
        Some(match product {
            Some(product) => product * difference,
            None => difference,
        })
    });
    assert_other(row, &number, product.unwrap_or_else(B::Expr::zero));
    let result = Word::constant(row, MINUS_ENOSYS);
    frame.write_register(row, B::Expr::integer(A0), result);
    chip.close(row, frame);
}
