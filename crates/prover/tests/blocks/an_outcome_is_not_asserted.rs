//! Each assumption of a path, not met by a row that is honest in everything else: its constraint refuses the row, and
//! nothing else does.

use engram_prover::testing::{Assembler, RowChecks, ZERO};
use engram_rv32im::{Opcode, Program, semantics::branch_taken, testing::SplitMix64};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    program::MachineProgram,
};

use super::{
    exercises::{BYTE, HALF, P, T, U, X, Y},
    single_row::{failed, row_of},
};

const SEED: u64 = 2;
const ROWS: u32 = 200;

struct Built {
    block: Block,
    checks: RowChecks,
}

/// The block of a program's first instructions, which goes on at `to`; the instruction after them, unless said.
fn built(to: Option<u32>, write: impl FnOnce(&mut Assembler)) -> Option<Built> {
    let mut assembler = Assembler::default();
    let start = assembler.here();
    write(&mut assembler);
    let end = assembler.here();
    (0..8).for_each(|_| assembler.immediate(Opcode::Addi, 0, 0, 0));
    let program = MachineProgram::new(&Program::from_elf(&assembler.elf(&[])).unwrap());
    let steps = (0..(end - start) / 4).collect();
    let block = Block::new(program.decoded(), BlockPath { steps, final_pc: to.unwrap_or(end) >> 2 })?;
    let checks = RowChecks::new(block.circuit.clone(), program.entries());
    Some(Built { block, checks })
}

impl Built {
    fn refused(&self, registers: &[(u8, u32)], words: &[u32]) -> Vec<String> {
        let mut all = [0; 32];
        registers.iter().for_each(|&(register, value)| all[usize::from(register)] = value);
        let mut failed = failed(&self.checks, &row_of(&self.block, &all, words));
        failed.dedup();
        failed
    }
}

fn start() -> u32 {
    Assembler::default().here()
}

fn operands(random: &mut SplitMix64) -> [u32; 2] {
    let mut any = || match random.below(4) {
        0 => random.below(3),
        1 => (1u32 << 31).wrapping_add(random.below(3)).wrapping_sub(1),
        2 => random.below(4) << 16,
        _ => random.next_u32(),
    };
    let (x, y) = (any(), any());
    // Equal, or equal in one limb, now and then.
    match random.below(4) {
        0 => [x, x],
        1 => [x, x & 0xffff | y & 0xffff_0000],
        2 => [x, x & 0xffff_0000 | y & 0xffff],
        _ => [x, y],
    }
}

const BRANCHES: [Opcode; 6] = [Opcode::Beq, Opcode::Bne, Opcode::Blt, Opcode::Bge, Opcode::Bltu, Opcode::Bgeu];

fn label(opcode: Opcode, taken: bool, constant: bool) -> &'static str {
    let asserts_equal = taken == (opcode == Opcode::Beq);
    match opcode {
        Opcode::Beq | Opcode::Bne if asserts_equal => "limbs of equal words are equal",
        Opcode::Beq | Opcode::Bne if constant => "different words differ in a limb",
        Opcode::Beq | Opcode::Bne => "different words have a difference with an inverse",
        _ => "the branch goes this way",
    }
}

#[test]
fn a_branch_that_went_the_other_way_is_refused() {
    println!("seed {SEED}");
    let mut random = SplitMix64::new(SEED);
    for opcode in BRANCHES {
        for taken in [true, false] {
            let to = taken.then_some(start() + 8);
            let built = built(to, |a| a.branch(opcode, X, Y, 2)).unwrap();
            let (mut honest, mut lies) = (0, 0);
            for _ in 0..ROWS {
                let [x, y] = operands(&mut random);
                let refused = built.refused(&[(X, x), (Y, y)], &[]);
                if branch_taken(opcode, x, y) == taken {
                    assert!(refused.is_empty(), "{} {taken} of {x:#x}, {y:#x}: {refused:?}", opcode.name());
                    honest += 1;
                } else {
                    assert_eq!(refused, [label(opcode, taken, false)], "{} {taken} of {x:#x}, {y:#x}", opcode.name());
                    lies += 1;
                }
            }
            assert!(honest > 10 && lies > 10, "{}: {honest} rows hold, {lies} do not", opcode.name());
        }
    }
}

/// The same with an offset on one side or both, with constants, and with one register on both sides.
#[test]
fn a_branch_on_sums_and_constants_that_went_the_other_way_is_refused() {
    println!("seed {SEED}");
    let mut random = SplitMix64::new(SEED);
    for round in 0..400 {
        let opcode = BRANCHES[round % 6];
        let taken = round / 6 % 2 == 0;
        let [x_offset, y_offset] = [(); 2].map(|()| (random.next_u32() as i32 >> 20) * i32::from(random.below(3) > 0));
        let shape = round / 12 % 3;
        let branch_at = if shape == 0 { start() + 8 } else { start() + 4 };
        let to = taken.then_some(branch_at + 8);
        let built = built(to, |a| match shape {
            0 => {
                a.immediate(Opcode::Addi, X, X, x_offset);
                a.immediate(Opcode::Addi, Y, Y, y_offset);
                a.branch(opcode, X, Y, 2);
            }
            1 => {
                a.immediate(Opcode::Addi, Y, ZERO, y_offset);
                a.branch(opcode, X, Y, 2);
            }
            _ => {
                a.immediate(Opcode::Addi, Y, X, x_offset);
                a.branch(opcode, Y, X, 2);
            }
        });
        let built = built.unwrap();
        for _ in 0..20 {
            let [x, y] = operands(&mut random);
            let (left, right) = match shape {
                // Often equal with the offsets.
                0 if random.below(3) == 0 => (y.wrapping_add_signed(y_offset), y.wrapping_add_signed(y_offset)),
                0 => (x.wrapping_add_signed(x_offset), y.wrapping_add_signed(y_offset)),
                1 if random.below(3) == 0 => (y_offset as u32, y_offset as u32),
                1 => (x, y_offset as u32),
                _ => (x.wrapping_add_signed(x_offset), x),
            };
            let x = if shape == 0 {
                left.wrapping_add_signed(-x_offset)
            } else if shape == 1 {
                left
            } else {
                x
            };
            let refused = built.refused(&[(X, x), (Y, y)], &[]);
            let context = format!("round {round}, {} {taken} of {left:#x}, {right:#x}", opcode.name());
            if branch_taken(opcode, left, right) == taken {
                assert!(refused.is_empty(), "{context}: {refused:?}");
            } else {
                assert_eq!(refused, [label(opcode, taken, shape == 1)], "{context}");
            }
        }
    }
}

#[test]
fn a_jump_elsewhere_is_refused() {
    let target = start() + 0x1_0010;
    let built = built(Some(target), |a| a.immediate(Opcode::Jalr, T, X, -8)).unwrap();
    let at = |address: u32| built.refused(&[(X, address.wrapping_add(8))], &[]);
    assert_eq!(at(target), [""; 0]);
    assert_eq!(at(target + 1), [""; 0], "the lowest bit is ignored");
    for wrong in [target + 2, target + 4, target - 1] {
        assert_eq!(at(wrong), ["low limb of the jump's target"]);
    }
    assert_eq!(at(target + 0x1_0000), ["high limb of the jump's target"]);
    assert_eq!(at(target ^ 1 << 31), ["high limb of the jump's target"]);
}

/// The address of a word: directly, with an offset, and brought back below 2^32.
#[test]
fn a_misaligned_address_is_refused() {
    // A normal address is cut in two. Of a sum the low limb's upper part is a column, and the rest is no multiple of 2^16.
    let (cut, sum) = (&["pointer low fits 14 bits"][..], &["carry of a sum is boolean"][..]);
    let word = built(None, |a| a.immediate(Opcode::Lw, T, P, 8)).unwrap();
    let far = built(None, |a| {
        (0..40).for_each(|_| a.immediate(Opcode::Addi, P, P, 2047));
        a.immediate(Opcode::Lw, T, P, 0);
    });
    let far = far.unwrap();
    let odd = built(None, |a| a.immediate(Opcode::Lw, T, P, 2)).unwrap();
    for misalignment in 0..4 {
        let address = 0x0100_0000 + misalignment;
        let [cut, sum]: [&[&str]; 2] = if misalignment == 0 { [&[], &[]] } else { [cut, sum] };
        assert_eq!(word.refused(&[(P, address)], &[]), cut);
        assert_eq!(far.refused(&[(P, address.wrapping_sub(40 * 2047))], &[]), sum);
        assert_eq!(odd.refused(&[(P, address.wrapping_sub(2))], &[]), sum);
    }
    for (opcode, base, step) in [(Opcode::Lh, HALF, 2), (Opcode::Sh, HALF, 2), (Opcode::Lb, BYTE, 1)] {
        let any = built(None, |a| match opcode {
            Opcode::Sh => a.store(opcode, X, base, 0),
            _ => a.immediate(opcode, T, base, 0),
        });
        let any = any.unwrap();
        for misalignment in 0..4 {
            let refused = any.refused(&[(base, 0x0100_0000 + misalignment)], &[0x8001_ff7f]);
            let expected: &[&str] = if misalignment % step == 0 { &[] } else { &["pointer low fits 14 bits"] };
            assert_eq!(refused, expected, "{} at {misalignment}", opcode.name());
        }
    }
}

/// Where a word at a base was accessed before, its address is a multiple of 4, and so are places in words.
#[test]
fn a_path_that_misaligns_itself_is_no_block() {
    let after_word = |opcode, offset| {
        built(None, |a| {
            a.immediate(Opcode::Lw, U, P, 0);
            a.immediate(opcode, T, P, offset);
        })
    };
    for (opcode, offset, fits) in [
        (Opcode::Lw, 4, true),
        (Opcode::Lw, 2, false),
        (Opcode::Lh, 2, true),
        (Opcode::Lhu, -1, false),
        (Opcode::Lb, 3, true),
        (Opcode::Lbu, -1, true),
    ] {
        assert_eq!(after_word(opcode, offset).is_some(), fits, "{} at {offset}", opcode.name());
    }
    assert!(built(None, |a| a.immediate(Opcode::Lw, T, ZERO, 5)).is_none());
    assert!(built(None, |a| a.immediate(Opcode::Lw, T, ZERO, 8)).is_some());
}
