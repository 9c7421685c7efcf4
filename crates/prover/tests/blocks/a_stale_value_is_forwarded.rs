//! A word of memory is written by one address and read by another within one block: the row must take it off the bus
//! again, and cannot go on with what it held before. Nor can it start from anything that the bus does not have.

use engram_prover::testing::{Assembler, ZERO};
use engram_rv32im::{
    Opcode::{self, *},
    system_calls::SYS_EXIT,
    testing::ElfSegment,
};
use engram_rv32im_air::circuits::Machine;

use super::{
    exercises::{P, P2, T, U, X, Y, Z},
    forced::Guest,
};

const DATA: u32 = 0x0100_0000;
const STALE: u32 = 0x1111_2222;
const FRESH: u32 = 0x3333_c4d4;

/// A program with a block, whose bases P and P2 hold addresses in the data and whose X and Y hold two values.
fn guest([p, p2]: [u32; 2], write: impl FnOnce(&mut Assembler)) -> (Guest, std::ops::Range<u32>) {
    let mut assembler = Assembler::default();
    for (register, value) in [(P, p), (P2, p2), (X, STALE), (Y, FRESH), (Z, 4), (T, 0), (U, 0)] {
        assembler.set(register, value);
    }
    let start = assembler.here();
    write(&mut assembler);
    let end = assembler.here();
    // What was read stays where roots tell of it.
    assembler.set(P, DATA + 0x800);
    assembler.store(Sw, T, P, 0);
    assembler.store(Sw, U, P, 4);
    assembler.call(SYS_EXIT, [0, 0, 0]);
    let data: Vec<u8> = (0..=255).collect();
    let segment = ElfSegment { address: DATA, data, memory_bytes: 0x1000, flags: 6 };
    (Guest::new(&assembler.elf(&[segment]), &[]), start..end)
}

/// The roots are the same with the block. Each word that the row takes can only be what the bus has, and is taken since
/// when the bus has it. Returns how many words of memory the row opens.
fn check(name: &str, bases: [u32; 2], write: impl FnOnce(&mut Assembler)) -> usize {
    let (guest, addresses) = guest(bases, write);
    let block = guest.straight_block(addresses);
    let (registers, opened) = (block.registers.len(), block.accesses() - block.registers.len());
    let (with_block, rows) = guest.check(vec![block.clone()], u64::MAX);
    assert_eq!((with_block, rows), (guest.end_without_blocks(), 1), "{name}");

    let machine = Machine::of(guest.program.decoded(), vec![block]);
    guest.visit(&machine, u64::MAX, |mut segment| {
        let honest = segment.rows.blocks[0].clone();
        let found: Vec<u32> = honest.accesses[registers..].iter().map(|access| access.previous).collect();
        // All that the row could mistake a word for: what it found elsewhere, or itself stores.
        let others: Vec<u32> = found.iter().copied().chain([STALE, FRESH, 0]).collect();
        for access in registers..registers + opened {
            for &other in others.iter().filter(|&&other| other != honest.accesses[access].previous) {
                segment.rows.blocks[0].accesses[access].previous = other;
                assert!(segment.only_memory_refuses(), "{name}: access {access} is {other:#x}");
            }
            segment.rows.blocks[0] = honest.clone();
            segment.rows.blocks[0].accesses[access].gap += 1;
            assert!(segment.only_memory_refuses(), "{name}: access {access} since another time");
            segment.rows.blocks[0] = honest.clone();
        }
        assert!(segment.check().is_ok(), "{name}: the honest row is as it was");
    });
    opened
}

fn store_then_load(a: &mut Assembler, opcode: Opcode, offset: i32) {
    a.store(Sw, X, P, 0);
    a.store(opcode, Y, P2, offset);
    a.immediate(Lw, T, P, 0);
}

#[test]
fn nothing_is_opened_twice_without_an_alias() {
    let opened = check("one word", [DATA, DATA], |a| {
        a.store(Sw, X, P, 0);
        a.immediate(Lw, T, P, 0);
        a.store(Sb, Y, P, 1);
        a.immediate(Lw, U, P, 0);
    });
    assert_eq!(opened, 1);
    let opened = check("another offset", [DATA, DATA], |a| {
        a.store(Sw, X, P, 0);
        a.store(Sw, Y, P, 4);
        a.immediate(Lw, T, P, 0);
        a.immediate(Lw, U, P, 4);
    });
    assert_eq!(opened, 2);
    let opened = check("a copy of the base", [DATA, DATA], |a| {
        a.immediate(Addi, P2, P, 0);
        a.immediate(Addi, P2, P2, 12);
        store_then_load(a, Sw, -12);
    });
    assert_eq!(opened, 1);
    let opened = check("a load by another address", [DATA, DATA], |a| {
        a.store(Sw, X, P, 0);
        a.immediate(Lw, U, P2, 0);
        a.immediate(Lw, T, P, 0);
    });
    assert_eq!(opened, 2, "a load changes nothing, so the value is still known");
}

#[test]
fn a_slot_that_an_alias_overwrote_is_taken_again() {
    for opcode in [Sw, Sh, Sb] {
        let name = opcode.name();
        let other_register = check(name, [DATA, DATA], |a| store_then_load(a, opcode, 0));
        assert_eq!(other_register, 3, "{name}");
        let other_offset = check(name, [DATA + 8, DATA + 4], |a| store_then_load(a, opcode, 4));
        assert_eq!(other_offset, 3, "{name}");
        // The bases do not alias, but the path cannot know.
        let apart = check(name, [DATA, DATA + 64], |a| store_then_load(a, opcode, 0));
        assert_eq!(apart, 3, "{name}");
    }
    for lane in 1..4 {
        check("a byte within", [DATA, DATA], |a| store_then_load(a, Sb, lane));
    }
    check("a half-word within", [DATA, DATA], |a| store_then_load(a, Sh, 2));
}

#[test]
fn an_alias_made_on_the_path_is_one() {
    check("a sum of registers", [DATA, DATA], |a| {
        a.register(Sub, P2, P, Z);
        a.register(Add, P2, P2, Z);
        store_then_load(a, Sw, 0);
    });
    check("a constant", [DATA, DATA], |a| {
        a.push(Lui, P2, 0, 0, DATA as i32);
        store_then_load(a, Sw, 0);
    });
    check("a constant of which the other is no offset", [DATA, DATA], |a| {
        a.push(Lui, P2, 0, 0, DATA as i32);
        a.store(Sw, X, P2, 0);
        a.store(Sw, Y, P, 0);
        a.immediate(Lw, T, P2, 0);
    });
    check("a mask", [DATA + 4, DATA + 7], |a| {
        a.immediate(Andi, P2, P2, -4);
        store_then_load(a, Sw, 0);
    });
    check("a far offset", [DATA + 0x100, DATA], |a| {
        (0..20).for_each(|_| a.immediate(Addi, P2, P, 2047));
        a.immediate(Addi, P2, P2, -2047);
        store_then_load(a, Sw, 0);
    });
    check("an address from memory", [DATA + 0x100, DATA + 0x200], |a| {
        a.store(Sw, P, P2, 0);
        a.immediate(Lw, P2, P2, 0);
        store_then_load(a, Sw, 0);
    });
    check("a byte's address", [DATA + 1, DATA], |a| {
        a.store(Sb, X, P, 0);
        a.store(Sw, Y, P2, 0);
        a.immediate(Lbu, T, P, 0);
        a.store(Sb, X, P, 2);
        a.immediate(Lw, U, P2, 0);
    });
}

#[test]
fn two_stores_by_two_addresses_stay_in_order() {
    check("the second wins", [DATA, DATA], |a| {
        a.store(Sw, X, P, 0);
        a.store(Sw, Y, P2, 0);
    });
    check("the first again", [DATA, DATA], |a| {
        a.store(Sw, X, P, 0);
        a.store(Sb, Y, P2, 0);
        a.store(Sh, Y, P, 2);
        a.immediate(Lw, T, P2, 0);
    });
    check("a known word that is closed is stored to", [DATA, DATA], |a| {
        a.immediate(Lw, T, P, 0);
        a.immediate(Lw, U, P2, 4);
        a.store(Sb, X, P, 0);
        a.immediate(Lw, U, P2, 0);
    });
}

#[test]
fn a_register_that_is_stale_is_refused_by_memory() {
    let (guest, addresses) = guest([DATA, DATA], |a| {
        a.register(Add, T, X, Y);
        a.register(Xor, U, T, ZERO);
    });
    let machine = Machine::of(guest.program.decoded(), vec![guest.straight_block(addresses)]);
    guest.visit(&machine, u64::MAX, |mut segment| {
        let honest = segment.rows.blocks[0].clone();
        for access in 0..honest.accesses.len() {
            for change in [1, 1 << 16, 1 << 31] {
                segment.rows.blocks[0].accesses[access].previous ^= change;
                assert!(segment.only_memory_refuses(), "access {access} is another by {change:#x}");
                segment.rows.blocks[0] = honest.clone();
            }
            segment.rows.blocks[0].accesses[access].gap += 1;
            assert!(segment.only_memory_refuses(), "access {access} is since another time");
            segment.rows.blocks[0] = honest.clone();
        }
        assert!(segment.check().is_ok());
    });
}
