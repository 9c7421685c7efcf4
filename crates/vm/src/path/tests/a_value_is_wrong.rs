//! A value that a path computes, or something that it knows of it, is not so.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::expression::{Expression, Step, assert_computes};
use crate::{
    path::{Bitwise, Width, value::LIMB_LIMIT},
    shift::Shift,
};

const EDGES: [u32; 18] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0xff_00ff,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_8000,
    0xfffe_ffff,
    0xffff_0000,
    u32::MAX,
];
const SHIFTS: [Shift; 3] = [Shift::Left, Shift::RightLogical, Shift::RightArithmetic];
const OPERATIONS: [Bitwise; 3] = [Bitwise::And, Bitwise::Or, Bitwise::Xor];
const WIDTHS: [(Width, u32); 3] = [(Width::Byte, 1), (Width::Half, 2), (Width::Word, 4)];

fn seeded() -> ChaCha8Rng {
    let seed = rand::random();
    println!("seed {seed:#x}");
    ChaCha8Rng::seed_from_u64(seed)
}

fn word(random: &mut ChaCha8Rng) -> u32 {
    if random.random_ratio(1, 3) { random.random() } else { EDGES[random.random_range(0..EDGES.len())] }
}

/// Each step on inputs, with one of its operands or both a constant, with operands that are the same, and with operands that
/// are not normal.
fn assert_step(random: &mut ChaCha8Rng, x: u32, y: u32, step: impl Fn(usize, usize) -> Step) {
    let inputs = vec![x, y];
    let offset = word(random);
    let shapes: [(Vec<Step>, [usize; 2]); 7] = [
        (vec![], [0, 1]),
        (vec![], [0, 0]),
        (vec![Step::Constant(y)], [0, 2]),
        (vec![Step::Constant(x)], [2, 1]),
        (vec![Step::Constant(x), Step::Constant(y)], [2, 3]),
        (vec![Step::AddConstant(0, offset), Step::AddConstant(1, offset)], [2, 3]),
        (vec![Step::Add(0, 1), Step::Subtract(0, 1)], [2, 3]),
    ];
    for (mut steps, [first, second]) in shapes {
        steps.push(step(first, second));
        assert_computes(&Expression { inputs: inputs.clone(), steps });
    }
}

#[test]
fn sums_and_bitwise_operations() {
    let mut random = seeded();
    for _ in 0..300 {
        let (x, y) = (word(&mut random), word(&mut random));
        assert_step(&mut random, x, y, Step::Add);
        assert_step(&mut random, x, y, Step::Subtract);
        assert_step(&mut random, x, y, |x, _| Step::Normal(x));
        assert_step(&mut random, x, y, |x, _| Step::AddConstant(x, y));
        for operation in OPERATIONS {
            assert_step(&mut random, x, y, |x, y| Step::Bitwise(operation, x, y));
        }
        for signed in [true, false] {
            assert_step(&mut random, x, y, |x, y| Step::Less(x, y, signed));
        }
    }
}

#[test]
fn comparisons_with_zero_and_one() {
    let mut random = seeded();
    for x in EDGES.into_iter().chain([random.random()]) {
        for constant in [0, 1, 2] {
            for signed in [true, false] {
                for (first, second) in [(0, 1), (1, 0)] {
                    let steps = vec![Step::Constant(constant), Step::Less(first, second, signed)];
                    assert_computes(&Expression { inputs: vec![x], steps });
                }
            }
        }
    }
}

/// Of words, and of words of which the path knows that some bits are zero.
#[test]
fn shifts_by_every_amount() {
    let mut random = seeded();
    for shift in SHIFTS {
        for by in 0..32 {
            let masks = EDGES.into_iter().chain([random.random()]);
            for mask in masks.chain((0..3).map(|kept| 0xffff_ffff << (kept * 7))) {
                let x = word(&mut random);
                let masked = vec![Step::Constant(mask), Step::Bitwise(Bitwise::And, 0, 1), Step::Shift(shift, 2, by)];
                assert_computes(&Expression { inputs: vec![x], steps: masked });
            }
            assert_step(&mut random, u32::MAX, 0x8000_0001, |x, _| Step::Shift(shift, x, by));
        }
    }
}

/// A cut is made once and used again: by other shifts, by bytes, and the other way round.
#[test]
fn cuts_that_are_used_again() {
    let mut random = seeded();
    for _ in 0..400 {
        let mut steps = vec![];
        for _ in 0..6 {
            steps.push(match random.random_range(0..4) {
                0 => Step::Shift(SHIFTS[random.random_range(0..3)], 0, random.random_range(0..32)),
                1 => Step::Shift(SHIFTS[random.random_range(0..3)], 0, [8, 24][random.random_range(0..2)]),
                2 => Step::Bitwise(OPERATIONS[random.random_range(0..3)], 0, 1),
                _ => Step::Extract(0, random.random_range(0..4), Width::Byte, random.random()),
            });
        }
        assert_computes(&Expression { inputs: (0..8).map(|_| word(&mut random)).collect(), steps });
    }
}

#[test]
fn bytes_and_half_words_of_every_lane() {
    let mut random = seeded();
    for (width, bytes) in WIDTHS {
        for lane in (0..4).step_by(bytes as usize) {
            for _ in 0..60 {
                let (x, y) = (word(&mut random), word(&mut random));
                for signed in [true, false] {
                    assert_step(&mut random, x, y, |x, _| Step::Extract(x, lane, width, signed));
                    // The highest bit of the part may be known to be zero.
                    let mask = vec![
                        Step::Constant(word(&mut random)),
                        Step::Bitwise(Bitwise::And, 0, 1),
                        Step::Extract(2, lane, width, signed),
                    ];
                    assert_computes(&Expression { inputs: vec![x], steps: mask });
                }
                assert_step(&mut random, x, y, |x, y| Step::Insert(x, lane, width, y));
            }
        }
    }
}

/// Sums of values without a common bit need no column. With one more bit they do.
#[test]
fn sums_of_disjoint_parts() {
    let mut random = seeded();
    for _ in 0..300 {
        let mask: u32 = word(&mut random);
        let other = if random.random() { !mask } else { !mask | 1 << random.random_range(0..32) };
        let together = match random.random_range(0..4) {
            0 => Step::Add(4, 5),
            1 => Step::Bitwise(Bitwise::Or, 4, 5),
            2 => Step::Bitwise(Bitwise::Xor, 4, 5),
            _ => Step::Bitwise(Bitwise::And, 4, 5),
        };
        let steps = vec![
            Step::Constant(mask),
            Step::Constant(other),
            Step::Bitwise(Bitwise::And, 0, 2),
            Step::Bitwise(Bitwise::And, 1, 3),
            together,
            Step::Shift(SHIFTS[random.random_range(0..3)], 6, random.random_range(0..32)),
        ];
        assert_computes(&Expression { inputs: vec![word(&mut random), word(&mut random)], steps });
    }
}

/// Limbs grow until they must be brought back, at the limit, just below it and far beyond.
#[test]
fn sums_of_many_terms() {
    let terms_max = (LIMB_LIMIT >> 16) as usize;
    for inputs in [[u32::MAX, u32::MAX], [0xffff, 0xffff_0000], [0x8000_8000, 1]] {
        for terms in [2, 3, 17, terms_max - 1, terms_max, terms_max + 1, 2 * terms_max + 3] {
            let mut steps = vec![Step::Add(0, 1)];
            steps.extend((0..terms).map(|term| Step::Add(term + 2, 1)));
            assert_computes(&Expression { inputs: inputs.to_vec(), steps });
        }
        let doubled = (0..40).map(|step| if step == 0 { Step::Add(0, 0) } else { Step::Add(step + 1, step + 1) });
        assert_computes(&Expression { inputs: inputs.to_vec(), steps: doubled.collect() });
        // Differences of sums, sums of differences, with constants in between.
        let mixed = (0..60).map(|step| match step % 4 {
            0 => Step::Add(step + 1, step / 2),
            1 => Step::Subtract(step + 1, step / 2),
            2 => Step::AddConstant(step + 1, 0xffff_fff0),
            _ => Step::Subtract(step / 2, step + 1),
        });
        assert_computes(&Expression { inputs: inputs.to_vec(), steps: mixed.collect() });
    }
}

/// Everything on everything.
#[test]
fn random_expressions() {
    let mut random = seeded();
    for _ in 0..1500 {
        let inputs: Vec<u32> = (0..random.random_range(1..5)).map(|_| word(&mut random)).collect();
        let mut steps = vec![];
        for _ in 0..random.random_range(1..40) {
            let known = inputs.len() + steps.len();
            // Recent results more often than old ones.
            let mut any = || {
                let from = if random.random() { known.saturating_sub(4) } else { 0 };
                random.random_range(from..known)
            };
            let (x, y) = (any(), any());
            let (width, bytes) = WIDTHS[random.random_range(0..3)];
            let lane = random.random_range(0..4 / bytes) * bytes;
            steps.push(match random.random_range(0..13) {
                0 => Step::Constant(word(&mut random)),
                1 => Step::AddConstant(x, word(&mut random)),
                2 | 3 => Step::Add(x, y),
                4 => Step::Subtract(x, y),
                5..8 => Step::Bitwise(OPERATIONS[random.random_range(0..3)], x, y),
                8 | 9 => Step::Shift(SHIFTS[random.random_range(0..3)], x, random.random_range(0..32)),
                10 => Step::Less(x, y, random.random()),
                11 => Step::Extract(x, lane, width, random.random()),
                _ => Step::Insert(x, lane, width, y),
            });
        }
        assert_computes(&Expression { inputs, steps });
    }
}
