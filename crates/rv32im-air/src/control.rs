//! Branches and jumps. Targets and program counters count 4-byte words.

use engram_air::Ring;
use engram_rv32im::Opcode;
use engram_vm::{
    compare::{equal, less_than, less_than_signed},
    frame::Frame,
    row::RowBuilder,
    word::{LIMB_BITS, Word},
};

use crate::{chip::Chip, storage::address};

/// Is the branch taken? A boolean expression.
pub fn taken<B: RowBuilder>(row: &mut B, opcode: Opcode, x: &Word<B::Expr>, y: &Word<B::Expr>) -> B::Expr {
    let not = |row: &B, flag: B::Expr| row.real() - flag;
    match opcode {
        Opcode::Beq => equal(row, x, y),
        Opcode::Bne => {
            let equal = equal(row, x, y);
            not(row, equal)
        }
        Opcode::Blt => less_than_signed(row, x, y),
        Opcode::Bge => {
            let less = less_than_signed(row, x, y);
            not(row, less)
        }
        Opcode::Bltu => less_than(row, x, y),
        Opcode::Bgeu => {
            let less = less_than(row, x, y);
            not(row, less)
        }
        other => unreachable!("{} is no branch", other.name()),
    }
}

/// Operands: rs1, rs2, target. Accesses: rs1, rs2.
pub fn eval_branch<B: RowBuilder>(chip: Chip, row: &mut B, opcode: Opcode) {
    let mut frame = Frame::open(row);
    let rs1 = frame.operand(row, 1, "rs1");
    let rs2 = frame.operand(row, 2, "rs2");
    let target = frame.operand(row, 3, "target");
    let x = frame.read_register(row, rs1);
    let y = frame.read_register(row, rs2);
    let taken = taken(row, opcode, &x, &y);
    let following = frame.pc() + row.real();
    let exact = following.clone() + taken * (target - following);
    let next_pc = row.column_of("next pc", &exact);
    row.assert_zero("next pc is the target where the branch is taken", exact - next_pc.clone());
    chip.close_at(row, frame, next_pc);
}

/// Operands: rd and the link's limbs if there is a link, target. Accesses: rd if there is a link.
pub fn eval_jump<B: RowBuilder>(chip: Chip, row: &mut B, links: bool) {
    let mut frame = Frame::open(row);
    let target = frame.operand(row, 2, "target");
    if links {
        let rd = frame.operand(row, 0, "rd");
        let link = frame.operand_word(row, 3);
        frame.write_register(row, rd, link);
    }
    chip.close_at(row, frame, target);
}

/// Operands: rd and the link's low limb if there is a link, rs1, the offset's limbs. Accesses: rs1, rd if there is a link.
///
/// The link's high limb is `(4 (pc + 1) - low) / 2^16`, exact as the low limb comes with the pc from the ROM.
pub fn eval_jump_register<B: RowBuilder>(chip: Chip, row: &mut B, links: bool) {
    let mut frame = Frame::open(row);
    let rs1 = frame.operand(row, 1, "rs1");
    let offset = frame.operand_word(row, 3);
    let base = frame.read_register(row, rs1);
    let target = address(row, &base, &offset, [true, false]);
    if links {
        let rd = frame.operand(row, 0, "rd");
        let low = frame.operand(row, 2, "link low");
        let high = ((frame.pc() + row.real()).shift_left(2) - low.clone()).shift_right(LIMB_BITS);
        frame.write_register(row, rd, Word::from_cells([low, high]));
    }
    chip.close_at(row, frame, target.pointer);
}
