//! Computations of a path as data, so that the same can be done to a circuit, to a row and to plain words.

use super::{
    super::{Bitwise, Condition, Operand, Path, Width, WordId},
    written::Script,
};
use crate::{row::RowBuilder, shift::Shift};

/// One step; operands are positions of earlier results.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Constant(u32),
    AddConstant(usize, u32),
    Add(usize, usize),
    Subtract(usize, usize),
    Bitwise(Bitwise, usize, usize),
    Shift(Shift, usize, u32),
    Less(usize, usize, bool),
    Extract(usize, u32, Width, bool),
    Insert(usize, u32, Width, usize),
    /// As a normal word; nothing else changes.
    Normal(usize),
    /// Not a result of its own: that a condition holds, or does not.
    Assert(Condition, usize, usize, bool),
}

/// Steps on inputs. Results are the inputs and then one a step.
#[derive(Clone, Debug)]
pub struct Expression {
    pub inputs: Vec<u32>,
    pub steps: Vec<Step>,
}

impl Expression {
    /// All results, on plain words.
    pub fn results(&self) -> Vec<u32> {
        let mut all = self.inputs.clone();
        for step in &self.steps {
            all.push(plain(*step, &all));
        }
        all
    }
}

fn plain(step: Step, all: &[u32]) -> u32 {
    match step {
        Step::Constant(value) => value,
        Step::AddConstant(x, constant) => all[x].wrapping_add(constant),
        Step::Add(x, y) => all[x].wrapping_add(all[y]),
        Step::Subtract(x, y) => all[x].wrapping_sub(all[y]),
        Step::Bitwise(Bitwise::And, x, y) => all[x] & all[y],
        Step::Bitwise(Bitwise::Or, x, y) => all[x] | all[y],
        Step::Bitwise(Bitwise::Xor, x, y) => all[x] ^ all[y],
        Step::Shift(Shift::Left, x, by) => all[x] << by,
        Step::Shift(Shift::RightLogical, x, by) => all[x] >> by,
        Step::Shift(Shift::RightArithmetic, x, by) => (all[x] as i32 >> by) as u32,
        Step::Less(x, y, true) => u32::from((all[x] as i32) < all[y] as i32),
        Step::Less(x, y, false) => u32::from(all[x] < all[y]),
        Step::Extract(x, lane, width, signed) => {
            let unused = 32 - width.bits();
            let top = all[x] >> (8 * lane) << unused;
            if signed { (top as i32 >> unused) as u32 } else { top >> unused }
        }
        Step::Insert(x, lane, width, part) => {
            let mask = (u64::from(u32::MAX) >> (32 - width.bits()) << (8 * lane)) as u32;
            all[x] & !mask | all[part] << (8 * lane) & mask
        }
        Step::Normal(x) | Step::Assert(_, x, _, _) => all[x],
    }
}

/// All results on a path.
pub fn on_path<B: RowBuilder>(expression: &Expression, path: &mut Path<'_, B>) -> Vec<WordId> {
    let mut all: Vec<WordId> =
        (1..=expression.inputs.len() as u32).map(|number| path.read_register(&Operand::Known(number))).collect();
    for &step in &expression.steps {
        let result = match step {
            Step::Constant(value) => path.constant(value),
            Step::AddConstant(x, constant) => path.add_constant(all[x], constant),
            Step::Add(x, y) => path.add(all[x], all[y]),
            Step::Subtract(x, y) => path.subtract(all[x], all[y]),
            Step::Bitwise(operation, x, y) => path.bitwise(operation, all[x], all[y]),
            Step::Shift(shift, x, by) => path.shift_by_constant(shift, all[x], by),
            Step::Less(x, y, signed) => path.less_than(all[x], all[y], signed),
            Step::Extract(x, lane, width, signed) => path.extract(all[x], lane, width, signed),
            Step::Insert(x, lane, width, part) => path.insert(all[x], lane, width, all[part]),
            Step::Normal(x) => path.normal(all[x]),
            Step::Assert(condition, x, y, holds) => {
                path.assert_condition(condition, all[x], all[y], holds);
                all[x]
            }
        };
        all.push(result);
    }
    all
}

impl Script for Expression {
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>) {
        let results = on_path(self, path);
        // The last results are what the row leaves in registers.
        for (number, &result) in (1..=self.inputs.len() as u32).zip(results.iter().rev()) {
            path.write_register(&Operand::Known(number), result);
        }
    }

    fn look(&self, path: &mut Path<'_, crate::row::RowWriter<'_>>) {
        super::written::assert_knowledge_is_true(path);
    }
}

/// The row holds, believes nothing that is not so, and leaves in registers what plain arithmetic says.
pub fn assert_computes(expression: &Expression) {
    let written = super::written::written(expression, &expression.inputs, &[]);
    assert_eq!(written.refused(), [""; 0], "{expression:x?}");
    let left = written.said("leaves what it holds");
    let expected = expression.results();
    assert_eq!(left.len(), expression.inputs.len());
    for (message, &expected) in left.iter().zip(expected.iter().rev()) {
        assert_eq!(message[2..4], [expected & 0xffff, expected >> 16], "{expression:x?}");
    }
}
