//! Loads and stores at an address that their width does not divide.
//!
//! One chip for all five: `lh`, `lhu`, `lw`, `sh`, `sw`. It takes the word that holds the first byte and the next one, eight
//! bytes in all, and places the value at offset 1, 2 or 3. A half-word at offset 1 lies within the first word; its second
//! access then goes to the same word again and changes nothing, so that a last word of memory has no successor to need.

use engram_air::Ring;
use engram_memory::address::SPACE_MEMORY;
use engram_rv32im::Opcode;
use engram_vm::{
    address::address,
    compare::limb_sign,
    frame::Frame,
    row::RowBuilder,
    word::{Word, flag, limb},
};

use crate::{chip::Chip, instruction::place};

/// The instructions, by the chip whose ROM entry they share.
pub const OPCODES: [Opcode; 5] = [Opcode::Lh, Opcode::Lhu, Opcode::Lw, Opcode::Sh, Opcode::Sw];

/// Which instruction a row is.
struct Kind<E> {
    loads: E,
    stores: E,
    /// Moves four bytes, not two.
    wide: E,
    /// Extends the sign.
    signed: E,
    rom_opcode: E,
}

/// Operands: rd (loads) or rs2 (stores), rs1, the offset's limbs. Accesses: rs1, rs2 or rd, first word, second word.
pub fn eval<B: RowBuilder>(_: Chip, row: &mut B) {
    let mut frame = Frame::open(row);
    let kind = kind(row);
    let rd = frame.operand(row, place::RD, "rd");
    let rs1 = frame.operand(row, place::RS1, "rs1");
    let rs2 = frame.operand(row, place::RS2, "rs2");
    let offset = frame.operand_word(row, place::CONSTANT, ["immediate low", "immediate high"]);
    let base = frame.read_register(row, rs1);
    let address = address(row, &base.add(&offset), [true, true]);

    let [bit0, bit1] = address.bits;
    let both = bit0.clone() * bit1.clone();
    let third = row.column_of("offset is 3", &both);
    row.assert_zero("offset is 3 where both bits are set", both - third.clone());
    let offsets = [bit0.clone() - third.clone(), bit1.clone() - third.clone(), third];
    // A word is misaligned at offsets 1, 2 and 3, a half-word at 1 and 3.
    let fits = row.real() - bit0 - kind.wide.clone() * offsets[1].clone();
    row.assert_zero("the address is misaligned", fits);
    let within = (row.real() - kind.wide.clone()) * offsets[0].clone();
    let leaves = row.real() - within;
    let next = row.column_of("steps to the next word", &leaves);
    row.assert_zero("a half-word at offset 1 stays in its word", leaves - next.clone());

    // The register of a store is read before memory changes; that of a load is written with what the hints below say and
    // the constraints after them show.
    let result = Word::from_cells([0, 1].map(|index| row.column("register after", |at| limb(at.hint(0), index))));
    let before = frame.write_register(row, rd + rs2, result.clone());
    for (after, before) in result.cells().into_iter().zip(before.cells()) {
        row.assert_zero("a store leaves its register", kind.stores.clone() * (after - before));
    }

    let after: [Word<B::Expr>; 2] = std::array::from_fn(|index| {
        Word::from_cells([0, 1].map(|part| row.column("word after", |at| limb(at.hint(1 + index), part))))
    });
    let mut bytes: Vec<B::Expr> = Vec::with_capacity(8);
    for (index, after) in after.iter().enumerate() {
        let pointer = if index == 0 { address.pointer.clone() } else { address.pointer.clone() + next.clone() };
        frame.write(row, SPACE_MEMORY, pointer, |row, word| {
            bytes.extend(word.bytes(row));
            after.clone()
        });
    }
    load(row, &kind, &offsets, &bytes, &result);
    store(row, &kind, &offsets, &bytes, &result, &after);
    let following = frame.pc() + B::Expr::one();
    frame.close(row, kind.rom_opcode, following);
}

/// One boolean for each instruction, of which exactly one is set.
fn kind<B: RowBuilder>(row: &mut B) -> Kind<B::Expr> {
    let flags: [B::Expr; 5] = std::array::from_fn(|index| {
        flag(row, OPCODES[index].name(), "instruction flag is boolean", |at| at.hint(3) as usize == index)
    });
    let sum = flags.iter().fold(B::Expr::zero(), |sum, flag| sum + flag.clone());
    row.assert_zero("the row is one instruction", sum - row.real());
    let opcode = |index: usize| {
        let chip = if index < 3 { Chip::Load(OPCODES[index]) } else { Chip::Store(OPCODES[index]) };
        flags[index].clone() * B::Expr::integer(chip.rom_opcode())
    };
    let [lh, lhu, lw, sh, sw] = flags.clone();
    Kind {
        loads: lh.clone() + lhu + lw.clone(),
        stores: sh + sw.clone(),
        wide: lw + sw,
        signed: lh,
        rom_opcode: opcode(0) + opcode(1) + opcode(2) + opcode(3) + opcode(4),
    }
}

/// The register after a load is the bytes at the offset, extended.
fn load<B: RowBuilder>(
    row: &mut B,
    kind: &Kind<B::Expr>,
    offsets: &[B::Expr; 3],
    bytes: &[B::Expr],
    result: &Word<B::Expr>,
) {
    let value: [B::Expr; 4] = std::array::from_fn(|place| {
        let choose = |sum, offset: usize| sum + offsets[offset].clone() * bytes[place + offset + 1].clone();
        let exact = (0..3).fold(B::Expr::zero(), choose);
        let byte = row.column_of("byte at the offset", &exact);
        row.assert_zero("byte is the one at the offset", exact - byte.clone());
        byte
    });
    let [b0, b1, b2, b3] = value;
    let sign = limb_sign(row, b1.clone(), 8);
    let low = b0 + b1.shift_left(8);
    let wide = b2 + b3.shift_left(8);
    let extension = kind.signed.clone() * sign * B::Expr::integer(0xffff);
    row.assert_zero("low limb is loaded", kind.loads.clone() * (result.low() - low));
    let high = kind.wide.clone() * wide + extension;
    row.assert_zero("high limb is loaded or extended", kind.loads.clone() * (result.high() - high));
}

/// The words after a store hold the register's bytes at the offset, and their own elsewhere; after a load, their own.
fn store<B: RowBuilder>(
    row: &mut B,
    kind: &Kind<B::Expr>,
    offsets: &[B::Expr; 3],
    bytes: &[B::Expr],
    value: &Word<B::Expr>,
    after: &[Word<B::Expr>; 2],
) {
    let value = value.bytes(row);
    // What a stored byte at this index of the value changes: only its two low bytes, where the store is a half-word.
    let stored = |index: usize| if index < 2 { kind.stores.clone() } else { kind.stores.clone() * kind.wide.clone() };
    let byte_after = |place: usize| {
        let mut byte = bytes[place].clone();
        for (at, offset) in offsets.iter().enumerate() {
            if let Some(index) = place.checked_sub(at + 1).filter(|&index| index < 4) {
                let change = value[index].clone() - bytes[place].clone();
                byte = byte + offset.clone() * stored(index) * change;
            }
        }
        byte
    };
    for (index, limb) in after.iter().flat_map(Word::cells).enumerate() {
        let exact = byte_after(2 * index) + byte_after(2 * index + 1).shift_left(8);
        row.assert_zero("word after holds the stored bytes and its own", exact - limb);
    }
}
