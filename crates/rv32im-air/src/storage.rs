//! Loads and stores that stay within one word.

use engram_air::Ring;
use engram_rv32im::Opcode;
use engram_vm::{
    compare::limb_sign,
    frame::Frame,
    row::{At, RowBuilder, RowValue},
    word::{LIMB_BITS, Word, bounded, flag, show_bytes, split_limb},
};

use crate::chip::Chip;

/// Bits of a word's pointer within the low limb of a byte address.
const POINTER_LOW_BITS: u32 = LIMB_BITS - 2;

/// A byte address, taken apart.
#[derive(Clone, Debug)]
pub struct Address<E> {
    /// The word's number, below 2^30.
    pub pointer: E,
    /// The two low bits of the byte address; a zero expression for a bit that may not be set.
    pub offset: [E; 2],
}

/// `base + offset` modulo 2^32, of which only those of the two low bits that `free` says may be set: an address with another
/// has no witness.
///
/// `4 pointer_low + offset bits` is below 2^16 and the high limb is range-checked, so both and the carries are unique.
pub fn address<B: RowBuilder>(
    row: &mut B,
    base: &Word<B::Expr>,
    offset: &Word<B::Expr>,
    free: [bool; 2],
) -> Address<B::Expr> {
    let low_sum = base.low() + offset.low();
    let value = |at: At| low_sum.integer_at(at);
    let offset_bits: [B::Expr; 2] = std::array::from_fn(|index| {
        if free[index] {
            flag(row, "address bit", "address bit is boolean", |at| value(at) >> index & 1 == 1)
        } else {
            B::Expr::zero()
        }
    });
    let pointer_low = row.column("pointer low", |at| (value(at) & 0xffff) >> 2);
    row.range("pointer low fits 14 bits", pointer_low.clone(), B::Expr::integer(POINTER_LOW_BITS));
    let low = pointer_low.clone().shift_left(2) + offset_bits[0].clone() + offset_bits[1].clone().shift_left(1);
    let carry = (low_sum.clone() - low).shift_right(LIMB_BITS);
    row.assert_bool("carry of the address is boolean", carry.clone());
    let high_sum = base.high() + offset.high() + carry;
    let value = |at: At| high_sum.integer_at(at) & 0xffff;
    let high = bounded(row, "address high", "address high is below 2^16", value, LIMB_BITS);
    let overflow = (high_sum.clone() - high.clone()).shift_right(LIMB_BITS);
    row.assert_bool("overflow of the address is boolean", overflow);
    Address { pointer: pointer_low + high.shift_left(POINTER_LOW_BITS), offset: offset_bits }
}

/// One of two expressions by a boolean, as a column.
fn select<B: RowBuilder>(
    row: &mut B,
    name: &'static str,
    label: &'static str,
    by: &B::Expr,
    [zero, one]: [B::Expr; 2],
) -> B::Expr {
    let exact = zero.clone() + by.clone() * (one - zero);
    let column = row.column_of(name, &exact);
    row.assert_zero(label, exact - column.clone());
    column
}

/// Operands: rd, rs1, the offset's limbs. Accesses: rs1, the word, rd.
pub fn eval_load<B: RowBuilder>(chip: Chip, row: &mut B, opcode: Opcode) {
    let mut frame = Frame::open(row);
    let rd = frame.operand(row, 0, "rd");
    let rs1 = frame.operand(row, 1, "rs1");
    let offset = frame.operand_word(row, 3);
    let base = frame.read_register(row, rs1);
    let address = aligned_address(row, opcode, &base, &offset);
    let word = frame.read_memory(row, address.pointer.clone());
    let result = load(row, opcode, &word, &address.offset);
    frame.write_register(row, rd, result);
    chip.close(row, frame);
}

/// The address of an access that its width divides.
fn aligned_address<B: RowBuilder>(
    row: &mut B,
    opcode: Opcode,
    base: &Word<B::Expr>,
    offset: &Word<B::Expr>,
) -> Address<B::Expr> {
    let bytes = opcode.access_bytes();
    address(row, base, offset, [bytes < 2, bytes < 4])
}

/// What a load makes of the word, with the byte's or half-word's place in it given by two bits.
pub(crate) fn load<B: RowBuilder>(
    row: &mut B,
    opcode: Opcode,
    word: &Word<B::Expr>,
    [odd, upper]: &[B::Expr; 2],
) -> Word<B::Expr> {
    if opcode == Opcode::Lw {
        return word.clone();
    }
    let limb = select(row, "limb", "limb is the one addressed", upper, word.cells());
    let ones = |sign: B::Expr| sign * B::Expr::integer(0xffff);
    match opcode {
        Opcode::Lhu => Word::from_cells([limb, B::Expr::zero()]),
        Opcode::Lh => {
            let sign = limb_sign(row, limb.clone(), 16);
            Word::from_cells([limb, ones(sign)])
        }
        _ => {
            let [low, high] = split_limb(row, limb);
            show_bytes(row, low.clone(), high.clone());
            let byte = select(row, "byte", "byte is the one addressed", odd, [low, high]);
            if opcode == Opcode::Lbu {
                return Word::from_cells([byte, B::Expr::zero()]);
            }
            let sign = limb_sign(row, byte.clone(), 8);
            let low = byte + sign.clone() * B::Expr::integer(0xff00);
            Word::from_cells([low, ones(sign)])
        }
    }
}

/// Operands: rs1, rs2, the offset's limbs. Accesses: rs1, rs2, the word.
pub fn eval_store<B: RowBuilder>(chip: Chip, row: &mut B, opcode: Opcode) {
    let mut frame = Frame::open(row);
    let rs1 = frame.operand(row, 1, "rs1");
    let rs2 = frame.operand(row, 2, "rs2");
    let offset = frame.operand_word(row, 3);
    let base = frame.read_register(row, rs1);
    let value = frame.read_register(row, rs2);
    let address = aligned_address(row, opcode, &base, &offset);
    let place = address.offset;
    frame.write_memory(row, address.pointer, |row, word| store(row, opcode, word, &value, &place));
    chip.close(row, frame);
}

/// The word with a byte, a half-word or all of it replaced.
pub(crate) fn store<B: RowBuilder>(
    row: &mut B,
    opcode: Opcode,
    word: &Word<B::Expr>,
    value: &Word<B::Expr>,
    [odd, upper]: &[B::Expr; 2],
) -> Word<B::Expr> {
    let limb = match opcode {
        Opcode::Sw => return value.clone(),
        Opcode::Sh => value.low(),
        _ => {
            let limb = select(row, "limb", "limb is the one addressed", upper, word.cells());
            let [low, high] = split_limb(row, limb);
            show_bytes(row, low.clone(), high.clone());
            let [byte, rest] = split_limb(row, value.low());
            show_bytes(row, byte.clone(), rest);
            let replaced = [byte.clone() + high.shift_left(8), low + byte.shift_left(8)];
            select(row, "limb after", "byte is replaced where it is addressed", odd, replaced)
        }
    };
    let [low, high] = word.cells();
    let low = select(row, "low after", "low limb is replaced where it is addressed", upper, [limb.clone(), low]);
    let high = select(row, "high after", "high limb is replaced where it is addressed", upper, [high, limb]);
    Word::from_cells([low, high])
}
