//! What each instruction computes, as pure functions. The emulator and the replay on the proving side both call these,
//! so that there is one meaning of an instruction. They are inlined, and with a constant opcode reduce to one operation.

use crate::isa::Opcode;

/// Result of an arithmetic or logical instruction. `x` is the first operand; `y` is the second register or the
/// immediate. For `lui` the result is `y`; for `auipc` `x` is the instruction's address.
///
/// # Panics
/// With an opcode that is not arithmetic: a load, store, branch, jump, fence or system instruction.
#[inline(always)]
#[must_use]
pub fn alu(opcode: Opcode, x: u32, y: u32) -> u32 {
    match opcode {
        Opcode::Lui => y,
        Opcode::Add | Opcode::Addi | Opcode::Auipc => x.wrapping_add(y),
        Opcode::Sub => x.wrapping_sub(y),
        Opcode::Sll | Opcode::Slli => x.wrapping_shl(y),
        Opcode::Slt | Opcode::Slti => u32::from(x.cast_signed() < y.cast_signed()),
        Opcode::Sltu | Opcode::Sltiu => u32::from(x < y),
        Opcode::Xor | Opcode::Xori => x ^ y,
        Opcode::Srl | Opcode::Srli => x.wrapping_shr(y),
        Opcode::Sra | Opcode::Srai => x.cast_signed().wrapping_shr(y).cast_unsigned(),
        Opcode::Or | Opcode::Ori => x | y,
        Opcode::And | Opcode::Andi => x & y,
        Opcode::Mul => x.wrapping_mul(y),
        Opcode::Mulh => high_word(signed(x).wrapping_mul(signed(y)).cast_unsigned()),
        // |x| ≤ 2^31 and y < 2^32, so the product fits in 64 signed bits.
        Opcode::Mulhsu => high_word(signed(x).wrapping_mul(y.into()).cast_unsigned()),
        Opcode::Mulhu => high_word(u64::from(x).wrapping_mul(y.into())),
        // Division by zero gives all ones, and its remainder the dividend; −2^31 / −1 wraps with remainder 0.
        Opcode::Div if y == 0 => u32::MAX,
        Opcode::Div => x.cast_signed().checked_div(y.cast_signed()).unwrap_or(i32::MIN).cast_unsigned(),
        Opcode::Divu => x.checked_div(y).unwrap_or(u32::MAX),
        Opcode::Rem if y == 0 => x,
        Opcode::Rem => x.cast_signed().checked_rem(y.cast_signed()).unwrap_or(0).cast_unsigned(),
        Opcode::Remu => x.checked_rem(y).unwrap_or(x),
        _ => unreachable!("{opcode} is not an arithmetic instruction"),
    }
}

/// Whether a conditional branch is taken on `x` = `rs1` and `y` = `rs2`.
///
/// # Panics
/// With an opcode that is not a conditional branch.
#[inline(always)]
#[must_use]
pub fn branch_taken(opcode: Opcode, x: u32, y: u32) -> bool {
    match opcode {
        Opcode::Beq => x == y,
        Opcode::Bne => x != y,
        Opcode::Blt => x.cast_signed() < y.cast_signed(),
        Opcode::Bge => x.cast_signed() >= y.cast_signed(),
        Opcode::Bltu => x < y,
        Opcode::Bgeu => x >= y,
        _ => unreachable!("{opcode} is not a conditional branch"),
    }
}

/// The register value that a load gives. `word0` is the aligned word that holds the first byte, `word1` the following
/// word (ignored unless the access crosses into it), `offset` the address modulo 4.
///
/// # Panics
/// With an opcode that is not a load.
#[inline(always)]
#[must_use]
pub fn load_extract(opcode: Opcode, word0: u32, word1: u32, offset: u32) -> u32 {
    let [raw, _] = apart(together(word0, word1) >> bits_below(offset));
    match opcode {
        Opcode::Lb => ((raw << 24).cast_signed() >> 24).cast_unsigned(),
        Opcode::Lbu => raw & 0xff,
        Opcode::Lh => ((raw << 16).cast_signed() >> 16).cast_unsigned(),
        Opcode::Lhu => raw & 0xffff,
        Opcode::Lw => raw,
        _ => unreachable!("{opcode} is not a load"),
    }
}

/// The words that a store leaves. `word0` is the aligned word that holds the first byte stored to, `word1` the
/// following word (returned as it is unless the access crosses into it), `offset` the address modulo 4, `value` the
/// register stored.
///
/// # Panics
/// With an opcode that is not a store.
#[inline(always)]
#[must_use]
pub fn store_merge(opcode: Opcode, word0: u32, word1: u32, offset: u32, value: u32) -> (u32, u32) {
    let mask = match opcode {
        Opcode::Sb => 0xff,
        Opcode::Sh => 0xffff,
        Opcode::Sw => 0xffff_ffff_u64,
        _ => unreachable!("{opcode} is not a store"),
    };
    let shift = bits_below(offset);
    let merged = together(word0, word1) & !(mask << shift) | (u64::from(value) & mask) << shift;
    apart(merged).into()
}

/// The word as a signed number.
#[inline(always)]
fn signed(word: u32) -> i64 {
    word.cast_signed().into()
}

#[inline(always)]
fn high_word(both: u64) -> u32 {
    let [_, high] = apart(both);
    high
}

/// Two words, the low one first.
#[inline(always)]
fn apart(both: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = both.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[inline(always)]
fn together(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Bits of a word below the byte at an address, of which the two low bits count.
#[inline(always)]
fn bits_below(address: u32) -> u32 {
    (address & 3) << 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_has_no_undefined_case() {
        let minimum = 1 << 31;
        assert_eq!(alu(Opcode::Div, 7, 0), u32::MAX);
        assert_eq!(alu(Opcode::Divu, 7, 0), u32::MAX);
        assert_eq!(alu(Opcode::Rem, 7, 0), 7);
        assert_eq!(alu(Opcode::Remu, 7, 0), 7);
        assert_eq!(alu(Opcode::Div, minimum, u32::MAX), minimum);
        assert_eq!(alu(Opcode::Rem, minimum, u32::MAX), 0);
        assert_eq!(alu(Opcode::Div, -7i32 as u32, 2), -3i32 as u32);
        assert_eq!(alu(Opcode::Rem, -7i32 as u32, 2), -1i32 as u32);
    }

    #[test]
    fn high_products_of_extremes() {
        let (minimum, ones) = (1 << 31, u32::MAX);
        assert_eq!(alu(Opcode::Mulh, minimum, minimum), 0x4000_0000);
        assert_eq!(alu(Opcode::Mulhsu, minimum, ones), 0x8000_0000);
        assert_eq!(alu(Opcode::Mulhsu, ones, ones), ones);
        assert_eq!(alu(Opcode::Mulhu, ones, ones), ones - 1);
    }

    #[test]
    fn shifts_use_five_bits_of_their_amount() {
        assert_eq!(alu(Opcode::Sll, 1, 33), 2);
        assert_eq!(alu(Opcode::Sra, 1 << 31, 63), u32::MAX);
        assert_eq!(alu(Opcode::Srl, 1 << 31, 31), 1);
    }

    #[test]
    fn loads_and_stores_reach_into_the_next_word() {
        let (word0, word1) = (0x4433_2211, 0x8877_6655);
        assert_eq!(load_extract(Opcode::Lw, word0, word1, 1), 0x5544_3322);
        assert_eq!(load_extract(Opcode::Lh, word0, 0x88, 3), 0xffff_8844);
        assert_eq!(load_extract(Opcode::Lhu, word0, 0x88, 3), 0x8844);
        assert_eq!(load_extract(Opcode::Lb, 0x80, 0, 0), 0xffff_ff80);
        assert_eq!(store_merge(Opcode::Sw, word0, word1, 3, 0xddcc_bbaa), (0xaa33_2211, 0x88dd_ccbb));
        assert_eq!(store_merge(Opcode::Sb, word0, word1, 2, 0x1ff), (0x44ff_2211, word1));
        assert_eq!(store_merge(Opcode::Sh, word0, word1, 0, 0x1_5678), (0x4433_5678, word1));
    }
}
