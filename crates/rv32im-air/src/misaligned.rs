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

    let after: [Word<B::Expr>; 2] = [1, 2]
        .map(|hint| Word::from_cells([0, 1].map(|part| row.column("word after", |at| limb(at.hint(hint), part)))));
    let [first_after, second_after] = &after;
    let [b0, b1, b2, b3] = write(row, &mut frame, address.pointer.clone(), first_after);
    let [b4, b5, b6, b7] = write(row, &mut frame, address.pointer + next, second_after);
    let bytes = [b0, b1, b2, b3, b4, b5, b6, b7];
    load(row, &kind, &offsets, &bytes, &result);
    store(row, &kind, &offsets, &bytes, &result, &after);
    let following = frame.pc() + B::Expr::one();
    frame.close(row, kind.rom_opcode, following);
}

/// Replace a word of memory. Returns the bytes that were there.
fn write<B: RowBuilder>(row: &mut B, frame: &mut Frame<B>, pointer: B::Expr, after: &Word<B::Expr>) -> [B::Expr; 4] {
    let mut bytes = None;
    frame.write(row, SPACE_MEMORY, pointer, |row, word| {
        bytes = Some(word.bytes(row));
        after.clone()
    });
    bytes.unwrap_or_else(|| unreachable!("a word is written once it was taken"))
}

/// One boolean for each instruction, of which exactly one is set.
fn kind<B: RowBuilder>(row: &mut B) -> Kind<B::Expr> {
    let mut numbers = 0..;
    let flags: [B::Expr; 5] = OPCODES.map(|opcode| {
        let number = numbers.next();
        flag(row, opcode.name(), "instruction flag is boolean", |at| Some(at.hint(3)) == number)
    });
    let sum = flags.iter().fold(B::Expr::zero(), |sum, flag| sum + flag.clone());
    row.assert_zero("the row is one instruction", sum - row.real());
    let [lh, lhu, lw, sh, sw] = flags;
    let opcode = |flag: &B::Expr, chip: Chip| flag.clone() * B::Expr::integer(chip.rom_opcode());
    let loads = opcode(&lh, Chip::Load(Opcode::Lh))
        + opcode(&lhu, Chip::Load(Opcode::Lhu))
        + opcode(&lw, Chip::Load(Opcode::Lw));
    let rom_opcode = loads + opcode(&sh, Chip::Store(Opcode::Sh)) + opcode(&sw, Chip::Store(Opcode::Sw));
    Kind { loads: lh.clone() + lhu + lw.clone(), stores: sh + sw.clone(), wide: lw + sw, signed: lh, rom_opcode }
}

/// The register after a load is the bytes at the offset, extended.
fn load<B: RowBuilder>(
    row: &mut B,
    kind: &Kind<B::Expr>,
    offsets: &[B::Expr; 3],
    bytes: &[B::Expr; 8],
    result: &Word<B::Expr>,
) {
    // By byte of the value: what stands there at offset 1, 2 and 3.
    let [_, b1, b2, b3, b4, b5, b6, _] = bytes;
    let value: [B::Expr; 4] = [[b1, b2, b3], [b2, b3, b4], [b3, b4, b5], [b4, b5, b6]].map(|at| {
        let choose = |sum, (offset, byte): (&B::Expr, &B::Expr)| sum + offset.clone() * byte.clone();
        let exact = offsets.iter().zip(at).fold(B::Expr::zero(), choose);
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
    bytes: &[B::Expr; 8],
    value: &Word<B::Expr>,
    after: &[Word<B::Expr>; 2],
) {
    let value = value.bytes(row);
    // What a stored byte at this index of the value changes: only its two low bytes, where the store is a half-word.
    let stored = |index: usize| if index < 2 { kind.stores.clone() } else { kind.stores.clone() * kind.wide.clone() };
    let mut places = 0_usize..;
    let bytes_after = bytes.each_ref().map(|before| {
        let place = places.next();
        let mut byte = before.clone();
        for (at, offset) in (1..).zip(offsets) {
            // Which byte of the value comes here at this offset, if one does.
            let index = place.and_then(|place| place.checked_sub(at));
            if let Some((index, value)) = index.and_then(|index| Some((index, value.get(index)?))) {
                byte = byte + offset.clone() * stored(index) * (value.clone() - before.clone());
            }
        }
        byte
    });
    let [b0, b1, b2, b3, b4, b5, b6, b7] = bytes_after;
    let [first, second] = after.each_ref().map(Word::cells);
    let [[l0, l1], [l2, l3]] = [first, second];
    for (low, high, limb) in [(b0, b1, l0), (b2, b3, l1), (b4, b5, l2), (b6, b7, l3)] {
        let exact = low + high.shift_left(8);
        row.assert_zero("word after holds the stored bytes and its own", exact - limb);
    }
}
