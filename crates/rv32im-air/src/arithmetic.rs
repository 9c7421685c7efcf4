//! Register arithmetic: what an instruction computes from two words, and the frame that brings them.

use engram_air::Ring;
use engram_rv32im::{Format, Opcode};
use engram_vm::{
    compare::{less_than, less_than_signed},
    divide::divide,
    frame::Frame,
    multiply::{multiply, multiply_high},
    row::RowBuilder,
    shift::{Shift, shift},
    word::{Bitwise, Word},
};

use crate::chip::Chip;

/// The result of a register-register or register-immediate instruction on two normal words.
pub fn compute<B: RowBuilder>(row: &mut B, opcode: Opcode, x: &Word<B::Expr>, y: &Word<B::Expr>) -> Word<B::Expr> {
    use Opcode as O;
    match opcode {
        O::Add | O::Addi => x.add(y),
        O::Sub => x.subtract(row, y),
        O::And | O::Andi => x.bitwise(row, Bitwise::And, y),
        O::Or | O::Ori => x.bitwise(row, Bitwise::Or, y),
        O::Xor | O::Xori => x.bitwise(row, Bitwise::Xor, y),
        O::Sll | O::Slli => shift(row, Shift::Left, x, y),
        O::Srl | O::Srli => shift(row, Shift::RightLogical, x, y),
        O::Sra | O::Srai => shift(row, Shift::RightArithmetic, x, y),
        O::Slt | O::Slti => boolean(less_than_signed(row, x, y)),
        O::Sltu | O::Sltiu => boolean(less_than(row, x, y)),
        O::Mul => multiply(row, x, y),
        O::Mulh => multiply_high(row, x, y, [true, true]),
        O::Mulhsu => multiply_high(row, x, y, [true, false]),
        O::Mulhu => multiply_high(row, x, y, [false, false]),
        O::Div => divide(row, x, y, true).0,
        O::Divu => divide(row, x, y, false).0,
        O::Rem => divide(row, x, y, true).1,
        O::Remu => divide(row, x, y, false).1,
        other => unreachable!("{} computes nothing from two words", other.name()),
    }
}

fn boolean<E: Ring>(value: E) -> Word<E> {
    Word::from_cells([value, E::zero()])
}

/// Operands: rd, rs1, then rs2 or the immediate's limbs. Accesses: rs1, rs2 if it is a register, rd.
pub fn eval<B: RowBuilder>(chip: Chip, row: &mut B, opcode: Opcode) {
    let mut frame = Frame::open(row);
    let rd = frame.operand(row, 0, "rd");
    let rs1 = frame.operand(row, 1, "rs1");
    let (x, y) = if opcode.format() == Format::Register {
        let rs2 = frame.operand(row, 2, "rs2");
        let x = frame.read_register(row, rs1);
        let y = frame.read_register(row, rs2);
        (x, y)
    } else {
        let y = frame.operand_word(row, 3);
        (frame.read_register(row, rs1), y)
    };
    let result = compute(row, opcode, &x, &y);
    frame.write_register(row, rd, result);
    chip.close(row, frame);
}

/// Operands: rd, and the constant's limbs. Accesses: rd.
pub fn eval_constant<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let rd = frame.operand(row, 0, "rd");
    let constant = frame.operand_word(row, 3);
    frame.write_register(row, rd, constant);
    chip.close(row, frame);
}
