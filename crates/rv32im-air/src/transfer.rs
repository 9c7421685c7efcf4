//! Moving bytes between memory and the outside: the steps of `read` and `write`.
//!
//! A call starts a transfer and hands the thread of execution to it; each step moves four bytes or one; the end hands the
//! thread back to the next instruction once nothing remains. There is one thread, so no two transfers can cross. `remaining`
//! only ever falls and must reach exactly zero. It cannot fall past zero and around p: each of the four tables of steps has
//! at most 2^22 rows, and a row takes at most four from it.

use engram_air::{Bus, Ring};
use engram_memory::address::{LEAF_WORDS, SPACE_MEMORY, SPACE_OUTPUT};
use engram_vm::{
    frame::Frame,
    row::{At, RowBuilder},
    word::{LIMB_BITS, Word, bounded, flag, limb, show_bytes, split_limb},
};

use crate::chip::Chip;

/// A transfer's state.
pub const TRANSFER: Bus = Bus::permutation(
    9,
    "transfer",
    &["writes", "pointer", "offset", "output pointer", "output offset", "remaining", "next pc", "timestamp"],
);

/// Word of the output space that counts the output's bytes.
pub const OUTPUT_LENGTH_POINTER: u32 = 0;

/// First word of the output space that holds output: the length has a leaf of its own.
pub const OUTPUT_FIRST_POINTER: u32 = 1 << LEAF_WORDS.ilog2();

/// Bits of the number of bytes that one call moves: at most 2^20 of them.
pub const COUNT_BITS: u32 = 21;

/// The state between two steps.
#[derive(Clone, Debug)]
pub struct State<E> {
    /// One for output, zero for input.
    pub writes: E,
    /// Word of memory of the next byte.
    pub pointer: E,
    /// The next byte's place in its word, below 4.
    pub offset: E,
    /// Word of output of the next byte; zero for input.
    pub output_pointer: E,
    /// The next byte's place in its word of output, below 4; zero for input.
    pub output_offset: E,
    /// Bytes that remain.
    pub remaining: E,
    /// The instruction after the call.
    pub next_pc: E,
}

impl<E: Ring> State<E> {
    /// The message on [`TRANSFER`].
    pub fn message(&self, time: E) -> [E; 8] {
        [
            self.writes.clone(),
            self.pointer.clone(),
            self.offset.clone(),
            self.output_pointer.clone(),
            self.output_offset.clone(),
            self.remaining.clone(),
            self.next_pc.clone(),
            time,
        ]
    }
}

/// Hints of a step, in order: what [`State`] holds before it, but for `writes`; then the bytes that an input step writes.
mod hint {
    pub const POINTER: usize = 0;
    pub const OFFSET: usize = 1;
    pub const OUTPUT_POINTER: usize = 2;
    pub const OUTPUT_OFFSET: usize = 3;
    pub const REMAINING: usize = 4;
    pub const NEXT_PC: usize = 5;
    pub const INPUT: usize = 6;
}

fn column<B: RowBuilder>(row: &mut B, name: &str, hint: usize) -> B::Expr {
    row.column(name, |at| at.hint(hint))
}

/// Take the thread at a step of a transfer; offsets are as given.
fn open<B: RowBuilder>(
    row: &mut B,
    frame: &Frame<B>,
    writes: bool,
    offset: B::Expr,
    output_offset: B::Expr,
) -> State<B::Expr> {
    let state = State {
        writes: B::Expr::integer(u32::from(writes)),
        pointer: column(row, "pointer", hint::POINTER),
        offset,
        output_pointer: if writes { column(row, "output pointer", hint::OUTPUT_POINTER) } else { B::Expr::zero() },
        output_offset,
        remaining: column(row, "remaining", hint::REMAINING),
        next_pc: column(row, "next pc", hint::NEXT_PC),
    };
    row.receive(TRANSFER, "takes the transfer", &state.message(frame.now()));
    state
}

/// Pass the transfer on after a step of `bytes`.
fn close<B: RowBuilder>(row: &mut B, frame: &Frame<B>, state: State<B::Expr>, bytes: u32) {
    let state = State { remaining: state.remaining - B::Expr::integer(bytes), ..state };
    row.send(TRANSFER, "passes the transfer on", &state.message(frame.now()));
}

/// A place in a word as four booleans of which one is set, and the number of it.
fn place<B: RowBuilder>(row: &mut B, hint: usize) -> ([B::Expr; 4], B::Expr) {
    let places = [0, 1, 2, 3].map(|place| flag(row, "place", "place is boolean", |at| at.hint(hint) == place));
    let sum = places.iter().fold(B::Expr::zero(), |sum, place| sum + place.clone());
    row.assert_zero("a byte has one place", sum - row.real());
    let number = places[1].clone() + places[2].clone().shift_left(1) + places[3].clone() * B::Expr::integer(3);
    (places, number)
}

/// The state after a byte: the next place, in the next word after the last place.
fn step_byte<E: Ring>(pointer: E, offset: E, places: &[E; 4]) -> (E, E) {
    let last = places[3].clone();
    (pointer + last.clone(), offset + E::one() - last.shift_left(2))
}

/// Four bytes of input into an aligned word. Accesses: the word.
pub fn eval_read_word<B: RowBuilder>(_: Chip, row: &mut B) {
    let mut frame = Frame::resume(row);
    let state = open(row, &frame, false, B::Expr::zero(), B::Expr::zero());
    let limbs = [0, 1].map(|index| {
        let part = |at: At| limb(at.hint(hint::INPUT), index);
        bounded(row, "input", "input is below 2^16", part, LIMB_BITS)
    });
    frame.write(row, SPACE_MEMORY, state.pointer.clone(), |_, _| Word::from_cells(limbs));
    let state = State { pointer: state.pointer + B::Expr::one(), ..state };
    close(row, &frame, state, 4);
}

/// A byte of input into any place. Accesses: the word.
pub fn eval_read_byte<B: RowBuilder>(_: Chip, row: &mut B) {
    let mut frame = Frame::resume(row);
    let (places, offset) = place(row, hint::OFFSET);
    let state = open(row, &frame, false, offset, B::Expr::zero());
    let byte = bounded(row, "input", "input is a byte", |at| at.hint(hint::INPUT), 8);
    frame.write(row, SPACE_MEMORY, state.pointer.clone(), |row, word| {
        let bytes = word.bytes(row);
        let replace = |place: &B::Expr, before: B::Expr| before.clone() + place.clone() * (byte.clone() - before);
        let ([p0, p1, p2, p3], [b0, b1, b2, b3]) = (&places, bytes);
        let low = replace(p0, b0) + replace(p1, b1).shift_left(8);
        let high = replace(p2, b2) + replace(p3, b3).shift_left(8);
        Word::from_cells([low, high].map(|exact| {
            let limb = row.column_of("limb after", &exact);
            row.assert_zero("the byte in its place is replaced", exact - limb.clone());
            limb
        }))
    });
    let (pointer, offset) = step_byte(state.pointer.clone(), state.offset.clone(), &places);
    close(row, &frame, State { pointer, offset, ..state }, 1);
}

/// A word of memory into a word of output, both aligned. Accesses: the word, the output's word.
pub fn eval_write_word<B: RowBuilder>(_: Chip, row: &mut B) {
    let mut frame = Frame::resume(row);
    let state = open(row, &frame, true, B::Expr::zero(), B::Expr::zero());
    let word = frame.read(row, SPACE_MEMORY, state.pointer.clone());
    frame.write(row, SPACE_OUTPUT, state.output_pointer.clone(), |_, _| word);
    let state = State {
        pointer: state.pointer + B::Expr::one(),
        output_pointer: state.output_pointer + B::Expr::one(),
        ..state
    };
    close(row, &frame, state, 4);
}

/// A byte of memory into output. Accesses: the word, the output's word.
///
/// Output is written once and in order, so the place is zero before: the byte is added to the word. That keeps cells below
/// 2^16 because each place is added to once.
pub fn eval_write_byte<B: RowBuilder>(_: Chip, row: &mut B) {
    let mut frame = Frame::resume(row);
    let (places, offset) = place(row, hint::OFFSET);
    let (output_places, output_offset) = place(row, hint::OUTPUT_OFFSET);
    let state = open(row, &frame, true, offset, output_offset);
    let word = frame.read(row, SPACE_MEMORY, state.pointer.clone());
    let [low, high] = word.cells();
    let upper = places[2].clone() + places[3].clone();
    let odd = places[1].clone() + places[3].clone();
    let limb_exact = low.clone() + upper * (high - low);
    let limb = row.column_of("limb", &limb_exact);
    row.assert_zero("limb is the one with the byte", limb_exact - limb.clone());
    let [first, second] = split_limb(row, limb);
    show_bytes(row, first.clone(), second.clone());
    let byte_exact = first.clone() + odd * (second - first);
    let byte = row.column_of("byte", &byte_exact);
    row.assert_zero("byte is the one in its place", byte_exact - byte.clone());
    frame.write(row, SPACE_OUTPUT, state.output_pointer.clone(), |row, word| {
        let [low, high] = word.cells();
        let added = |lower: &B::Expr, upper: &B::Expr| (lower.clone() + upper.clone().shift_left(8)) * byte.clone();
        let [p0, p1, p2, p3] = &output_places;
        Word::from_cells([low + added(p0, p1), high + added(p2, p3)].map(|exact| {
            let limb = row.column_of("output after", &exact);
            row.assert_zero("the byte is added in its place", exact - limb.clone());
            limb
        }))
    });
    let (pointer, offset) = step_byte(state.pointer.clone(), state.offset.clone(), &places);
    let (output_pointer, output_offset) =
        step_byte(state.output_pointer.clone(), state.output_offset.clone(), &output_places);
    close(row, &frame, State { pointer, offset, output_pointer, output_offset, ..state }, 1);
}

/// Nothing remains: the thread goes back to the program.
pub fn eval_end<B: RowBuilder>(_: Chip, row: &mut B) {
    let frame = Frame::resume(row);
    let state = State {
        writes: column(row, "writes", hint::INPUT),
        pointer: column(row, "pointer", hint::POINTER),
        offset: column(row, "offset", hint::OFFSET),
        output_pointer: column(row, "output pointer", hint::OUTPUT_POINTER),
        output_offset: column(row, "output offset", hint::OUTPUT_OFFSET),
        remaining: B::Expr::zero(),
        next_pc: column(row, "next pc", hint::NEXT_PC),
    };
    row.receive(TRANSFER, "takes the transfer", &state.message(frame.now()));
    frame.pass_on(row, state.next_pc);
}
