//! A condition that is asserted of two values and does not hold is not refused, or one that does is.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    expression::{Expression, Step},
    written::{Script, written},
};
use crate::{
    path::{Condition, Path},
    row::RowBuilder,
};

const CONDITIONS: [Condition; 3] = [Condition::Equal, Condition::Less, Condition::Below];

/// Values at which limbs or their sums meet, with what is added to them, and with each other.
fn pair(random: &mut ChaCha8Rng) -> [u32; 2] {
    let edges = [0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, u32::MAX];
    let mut any = || if random.random() { edges[random.random_range(0..edges.len())] } else { random.random() };
    let (x, y) = (any(), any());
    match random.random_range(0..4) {
        0 => [x, x],
        1 => [x, x ^ 1 << random.random_range(0..32)],
        2 => [x, x.wrapping_add(0x1_0000).wrapping_sub(y & 0x1_ffff)],
        _ => [x, y],
    }
}

/// A condition on two values as they are, with offsets, as sums, and as constants.
fn shapes(random: &mut ChaCha8Rng, [x, y]: [u32; 2]) -> Vec<(Vec<u32>, Vec<Step>, [usize; 2])> {
    let [a, b] = [random.random::<u32>(), random.random_range(0..3) * 0xffff];
    vec![
        (vec![x, y], vec![], [0, 1]),
        (vec![x.wrapping_sub(a), y], vec![Step::AddConstant(0, a)], [2, 1]),
        (vec![x, y.wrapping_sub(b)], vec![Step::AddConstant(1, b)], [0, 2]),
        (vec![x.wrapping_sub(a), y.wrapping_sub(b)], vec![Step::AddConstant(0, a), Step::AddConstant(1, b)], [2, 3]),
        (vec![x.wrapping_sub(a), y, a], vec![Step::Add(0, 2)], [3, 1]),
        (
            vec![x.wrapping_sub(a), y, a],
            vec![Step::Add(0, 2), Step::AddConstant(3, b), Step::AddConstant(1, b)],
            [4, 5],
        ),
        (vec![x], vec![Step::Constant(y)], [0, 1]),
        (vec![y], vec![Step::Constant(x)], [1, 0]),
        (vec![x.wrapping_sub(a)], vec![Step::AddConstant(0, a), Step::Constant(y)], [1, 2]),
    ]
}

#[test]
fn a_condition_holds_exactly_where_it_is_accepted() {
    let seed = rand::random();
    println!("seed {seed:#x}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut outcomes = [0; 2];
    for _ in 0..1500 {
        let [x, y] = pair(&mut random);
        let condition = CONDITIONS[random.random_range(0..3)];
        let asserted = random.random();
        for (inputs, mut steps, [first, second]) in shapes(&mut random, [x, y]) {
            steps.push(Step::Assert(condition, first, second, asserted));
            let expression = Expression { inputs, steps };
            let refused = written(&expression, &expression.inputs, &[]).refused();
            let holds = condition.holds(expression.results()[first], expression.results()[second]) == asserted;
            assert_eq!(refused.is_empty(), holds, "{expression:x?}: {refused:?}");
            outcomes[usize::from(holds)] += 1;
        }
    }
    assert!(outcomes.iter().all(|&count| count > 1000), "{outcomes:?}");
}

/// Constants decide by themselves: then there is no row at all.
struct Constants {
    condition: Condition,
    x: u32,
    y: u32,
}

impl Script for Constants {
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>) {
        let Self { condition, x, y } = *self;
        let expected = condition.holds(x, y);
        let (x, y) = (path.constant(x), path.constant(y));
        assert!(path.assert_condition(condition, x, y, expected));
        assert!(!path.assert_condition(condition, x, y, !expected));
    }
}

struct Jump {
    offset: u32,
    target: u32,
}

impl Script for Jump {
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>) {
        let base = path.read_register(&crate::path::Operand::Known(1));
        let address = path.add_constant(base, self.offset);
        assert!(path.assert_jump(address, self.target));
        let [right, wrong] = [self.target, self.target + 4].map(|address| path.constant(address));
        assert!(path.assert_jump(right, self.target));
        assert!(!path.assert_jump(wrong, self.target));
    }
}

#[test]
fn constants_and_jumps_are_decided_at_once() {
    let seed = rand::random();
    println!("seed {seed:#x}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..300 {
        let [x, y] = pair(&mut random);
        for condition in CONDITIONS {
            assert_eq!(written(&Constants { condition, x, y }, &[], &[]).refused(), [""; 0]);
        }
        let (target, offset) = (x & 0x7fff_fffc, y);
        let jump = Jump { offset, target };
        for wrong in [0, 1, 2, 4, 0x1_0000, 0x8000_0000] {
            let base = target.wrapping_add(wrong).wrapping_sub(offset);
            let refused = written(&jump, &[base], &[]).refused();
            assert_eq!(refused.is_empty(), wrong < 2, "{target:#x} + {wrong}: {refused:?}");
        }
    }
}
