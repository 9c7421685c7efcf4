//! A chip or a block gets a column, a message or a degree more than it had.

use engram_air::Circuit;
use engram_rv32im::testing::{RandomProgram, SplitMix64, link};
use engram_rv32im_air::chip::CHIPS;

use super::{
    exercises::exercises,
    forced::{Guest, forced_blocks},
};

/// Columns, interactions, and the degree of the constraints.
type Size = (usize, usize, usize);

const CHIP_SIZES: [(&str, Size); 60] = [
    ("nothing", (3, 3, 2)),
    ("constant", (9, 6, 2)),
    ("add", (17, 14, 2)),
    ("addi", (15, 11, 2)),
    ("sub", (17, 14, 2)),
    ("and", (23, 16, 2)),
    ("andi", (21, 13, 2)),
    ("or", (23, 16, 2)),
    ("ori", (21, 13, 2)),
    ("xor", (23, 16, 2)),
    ("xori", (21, 13, 2)),
    ("slt", (19, 16, 2)),
    ("slti", (17, 13, 2)),
    ("sltu", (17, 14, 2)),
    ("sltiu", (15, 11, 2)),
    ("sll", (27, 17, 4)),
    ("slli", (25, 14, 4)),
    ("srl", (28, 17, 4)),
    ("srli", (26, 14, 4)),
    ("sra", (30, 18, 4)),
    ("srai", (28, 15, 4)),
    ("mul", (27, 20, 2)),
    ("mulh", (36, 27, 3)),
    ("mulhsu", (35, 26, 3)),
    ("mulhu", (30, 23, 2)),
    ("div", (49, 31, 3)),
    ("divu", (30, 21, 2)),
    ("rem", (49, 31, 3)),
    ("remu", (30, 21, 2)),
    ("beq", (16, 9, 2)),
    ("bne", (16, 9, 2)),
    ("blt", (17, 13, 2)),
    ("bge", (17, 13, 2)),
    ("bltu", (15, 11, 2)),
    ("bgeu", (15, 11, 2)),
    ("jal", (10, 6, 2)),
    ("jump", (4, 3, 2)),
    ("jalr", (17, 11, 2)),
    ("jump register", (12, 8, 2)),
    ("lb", (25, 16, 2)),
    ("lbu", (24, 15, 2)),
    ("lh", (21, 15, 2)),
    ("lhu", (20, 14, 2)),
    ("lw", (18, 14, 2)),
    ("sb", (28, 16, 2)),
    ("sh", (21, 14, 2)),
    ("sw", (18, 14, 2)),
    ("misaligned", (54, 24, 4)),
    ("read call", (25, 23, 2)),
    ("write call", (32, 26, 2)),
    ("debug call", (16, 14, 2)),
    ("bad descriptor call", (12, 9, 5)),
    ("exit call", (10, 9, 2)),
    ("break call", (22, 16, 3)),
    ("unknown call", (11, 9, 7)),
    ("read word", (10, 7, 2)),
    ("read byte", (19, 8, 2)),
    ("write word", (12, 8, 2)),
    ("write byte", (26, 9, 2)),
    ("transfer end", (8, 2, 2)),
];

const BLOCK_SIZES: [(&str, Size); 62] = [
    ("a sum of two", (13, 13, 2)),
    ("a sum of many", (16, 18, 2)),
    ("a counter", (7, 7, 2)),
    ("a difference", (13, 13, 2)),
    ("and", (19, 15, 2)),
    ("or", (19, 15, 2)),
    ("xor", (19, 15, 2)),
    ("a byte that is cut off and one that is not used", (18, 22, 2)),
    ("a byte against a word of which the other bytes are not used", (25, 29, 2)),
    ("a shift by a byte of what was cut into bytes", (14, 15, 2)),
    ("slli 1", (10, 10, 2)),
    ("slli 4", (10, 12, 2)),
    ("slli 20", (9, 10, 2)),
    ("srli 1", (10, 10, 2)),
    ("srli 5", (10, 12, 2)),
    ("srli 15", (10, 10, 2)),
    ("srai 3", (11, 13, 2)),
    ("srai 24", (10, 11, 2)),
    ("sll", (23, 16, 4)),
    ("srl", (24, 16, 4)),
    ("sra", (26, 17, 4)),
    ("slt", (15, 15, 2)),
    ("sltu", (13, 13, 2)),
    ("mul", (23, 19, 2)),
    ("mulh", (32, 26, 3)),
    ("mulhsu", (31, 25, 3)),
    ("mulhu", (26, 22, 2)),
    ("div", (45, 30, 3)),
    ("divu", (26, 20, 2)),
    ("rem", (45, 30, 3)),
    ("remu", (26, 20, 2)),
    ("is it zero", (11, 8, 2)),
    ("is it not", (11, 8, 2)),
    ("beq not taken", (10, 8, 4)),
    ("beq taken", (8, 8, 2)),
    ("bne not taken", (8, 8, 2)),
    ("bne taken", (10, 8, 4)),
    ("blt not taken", (12, 12, 2)),
    ("blt taken", (12, 12, 2)),
    ("bge not taken", (12, 12, 2)),
    ("bge taken", (12, 12, 2)),
    ("bltu not taken", (10, 10, 2)),
    ("bltu taken", (10, 10, 2)),
    ("bgeu not taken", (10, 10, 2)),
    ("bgeu taken", (10, 10, 2)),
    ("different from a constant", (9, 7, 2)),
    ("different from another with an offset", (12, 10, 4)),
    ("an indirect jump", (11, 10, 2)),
    ("words of memory", (26, 28, 2)),
    ("a word at an address that may be none", (13, 14, 2)),
    ("lb anywhere", (20, 16, 2)),
    ("lb at a place that is known", (17, 20, 2)),
    ("lbu anywhere", (19, 15, 2)),
    ("lbu at a place that is known", (16, 19, 2)),
    ("lh anywhere", (16, 15, 2)),
    ("lh at a place that is known", (15, 16, 2)),
    ("lhu anywhere", (15, 14, 2)),
    ("lhu at a place that is known", (14, 15, 2)),
    ("sb anywhere", (21, 14, 2)),
    ("sb at a place that is known", (18, 23, 2)),
    ("sh anywhere", (14, 12, 2)),
    ("sh at a place that is known", (14, 15, 2)),
];

/// Of the blocks of some random programs: how many, and their columns and interactions together.
const PROGRAM_SIZES: [(usize, usize, usize); 4] =
    [(97, 5345, 4967), (99, 5972, 5530), (99, 5677, 5282), (98, 5710, 5256)];

fn assert_no_larger(name: &str, circuit: &Circuit, (columns, interactions, degree): Size) {
    let size = (circuit.width(), circuit.interactions.len(), circuit.degree());
    let fits = size.0 <= columns && size.1 <= interactions && size.2 <= degree;
    assert!(fits, "{name}: {size:?} is more than {:?}", (columns, interactions, degree));
}

#[test]
fn no_chip_grows() {
    assert_eq!(CHIP_SIZES.len(), CHIPS.len());
    for (chip, (name, size)) in CHIPS.iter().zip(CHIP_SIZES) {
        assert_eq!(chip.name(), name);
        assert_no_larger(name, &chip.circuit(), size);
    }
}

#[test]
fn no_block_grows() {
    for (exercise, (name, size)) in exercises(1, 1).iter().zip(BLOCK_SIZES) {
        assert_eq!(exercise.name, name);
        assert_no_larger(name, &exercise.block.circuit, size);
    }
}

#[test]
fn the_blocks_of_a_program_do_not_grow() {
    for (seed, (count, columns, interactions)) in (0..).zip(PROGRAM_SIZES) {
        let programs: Vec<RandomProgram> = (0..6).map(|part| RandomProgram::generate(100 * seed + part, 40)).collect();
        let guest = Guest::new(&link(&programs), &[7; 600]);
        let mut random = SplitMix64::new(seed);
        let blocks = forced_blocks(&guest.program, &guest.log(), 100, || 1 + random.below(24) as usize);
        let sum = |of: fn(&Circuit) -> usize| blocks.iter().map(|block| of(&block.circuit)).sum::<usize>();
        let size = [sum(Circuit::width), sum(|circuit| circuit.interactions.len())];
        println!("seed {seed}: {} blocks, {size:?}", blocks.len());
        assert_eq!(blocks.len(), count);
        assert!(size[0] <= columns && size[1] <= interactions, "{size:?} is more than {:?}", [columns, interactions]);
    }
}
