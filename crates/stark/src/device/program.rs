//! A circuit's expressions as a list of steps, to be run on values of any kind: rows, vectors of rows, extensions of rows.

use std::collections::HashMap;

use openvm_stark_backend::{air_builders::symbolic::SymbolicExpressionNode, p3_field::PrimeCharacteristicRing};

use super::{
    error::DeviceError,
    table::{Input, Table, Variable},
    values::{Ext, Kind},
};
use engram_air::field::F;

/// A place for a value while a program runs: inputs first, then constants, then what steps make.
type Place = u32;

#[derive(Clone, Copy, Debug)]
enum Step {
    Add { a: Place, b: Place, to: Place },
    Sub { a: Place, b: Place, to: Place },
    Mul { a: Place, b: Place, to: Place },
    Scale { a: Place, by: F, to: Place },
    Neg { a: Place, to: Place },
    Output { index: u32, from: Place },
}

/// Expressions in order of evaluation.
pub(super) struct Program {
    inputs: Vec<Input>,
    constants: Vec<F>,
    steps: Vec<Step>,
    places: usize,
    degree: usize,
}

impl Program {
    /// The program that computes these expressions of a table, given by their nodes.
    pub(super) fn new(table: &Table, outputs: &[usize]) -> Result<Self, DeviceError> {
        Ok(Compiler::new(table, outputs)?.compile(outputs))
    }

    /// What it reads.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Its highest degree in its inputs.
    pub(super) fn degree(&self) -> usize {
        self.degree
    }

    /// Room to run in. The first places are the inputs.
    pub(super) fn room<K: Kind>(&self) -> Vec<K::Value> {
        let mut room = vec![K::Value::ZERO; self.places];
        let constants = room.iter_mut().skip(self.inputs.len()).zip(&self.constants);
        constants.for_each(|(place, &constant)| *place = K::constant(constant));
        room
    }

    /// Run on the inputs that are in the room, and hand over each output.
    pub(super) fn run<K: Kind>(&self, room: &mut [K::Value], mut output: impl FnMut(usize, K::Value)) {
        for step in &self.steps {
            match *step {
                Step::Add { a, b, to } => room[to as usize] = room[a as usize] + room[b as usize],
                Step::Sub { a, b, to } => room[to as usize] = room[a as usize] - room[b as usize],
                Step::Mul { a, b, to } => room[to as usize] = room[a as usize] * room[b as usize],
                Step::Scale { a, by, to } => room[to as usize] = K::scale(room[a as usize], by),
                Step::Neg { a, to } => room[to as usize] = -room[a as usize],
                Step::Output { index, from } => output(index as usize, room[from as usize]),
            }
        }
    }
}

/// A program whose outputs are added up, each with a weight, to `N` sums.
pub(super) struct Weighted<const N: usize> {
    program: Program,
    /// By output: to which sum, with which weight.
    weights: Vec<(usize, Ext)>,
}

impl<const N: usize> Weighted<N> {
    /// Of these expressions of a table, given by their nodes.
    pub(super) fn new(table: &Table, outputs: &[usize], weights: Vec<(usize, Ext)>) -> Result<Self, DeviceError> {
        Ok(Self { program: Program::new(table, outputs)?, weights })
    }

    /// What is summed.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// The sums, on the inputs that are in the room.
    pub(super) fn run<K: Kind>(&self, room: &mut [K::Value]) -> [K::Sum; N] {
        let mut sums = [K::Sum::ZERO; N];
        self.program.run::<K>(room, |output, value| {
            let (sum, weight) = self.weights[output];
            sums[sum] += K::weigh(value, weight);
        });
        sums
    }
}

/// A program that is being made.
struct Compiler<'a> {
    nodes: &'a [SymbolicExpressionNode<F>],
    /// By node: how many steps still read it.
    uses: Vec<usize>,
    /// By node: where its value is.
    at: Vec<Option<Place>>,
    /// By node.
    degrees: Vec<usize>,
    inputs: Vec<Input>,
    constants: Vec<F>,
    steps: Vec<Step>,
    /// Made values that nothing reads any more.
    free: Vec<Place>,
    places: usize,
}

impl<'a> Compiler<'a> {
    /// With places for all that is not made by a step.
    fn new(table: &'a Table, outputs: &[usize]) -> Result<Self, DeviceError> {
        let nodes = &table.expressions().constraints.nodes;
        let uses = uses(nodes, outputs);
        let (mut inputs, mut constants) = (vec![], vec![]);
        let mut at = vec![None; nodes.len()];
        for (node, at) in nodes.iter().zip(&mut at).zip(&uses).filter_map(|(known, &uses)| (uses > 0).then_some(known))
        {
            *at = match node {
                SymbolicExpressionNode::Variable(variable) => Some(table.variable(variable)?),
                SymbolicExpressionNode::Constant(value) => Some(Variable::Constant(*value)),
                SymbolicExpressionNode::IsFirstRow => Some(Variable::Input(Input::FirstRow)),
                SymbolicExpressionNode::IsLastRow => Some(Variable::Input(Input::LastRow)),
                SymbolicExpressionNode::IsTransition => {
                    place(&mut inputs, Input::LastRow);
                    place(&mut constants, F::ONE);
                    None
                }
                _ => None,
            };
            match *at {
                Some(Variable::Input(input)) => _ = place(&mut inputs, input),
                Some(Variable::Constant(constant)) => _ = place(&mut constants, constant),
                None => {}
            }
        }
        let places = inputs.len() + constants.len();
        let mut compiler = Self {
            nodes,
            degrees: at.iter().map(|at| usize::from(matches!(at, Some(Variable::Input(_))))).collect(),
            at: vec![],
            uses,
            inputs,
            constants,
            steps: vec![],
            free: vec![],
            places,
        };
        compiler.at = at.into_iter().map(|at| Some(compiler.known(at?))).collect();
        Ok(compiler)
    }

    /// The place of what no step makes.
    fn known(&mut self, variable: Variable) -> Place {
        match variable {
            Variable::Input(input) => place(&mut self.inputs, input),
            Variable::Constant(constant) => self.inputs.len() as Place + place(&mut self.constants, constant),
        }
    }

    fn compile(mut self, outputs: &[usize]) -> Program {
        let mut wanted: HashMap<usize, Vec<u32>> = HashMap::new();
        outputs.iter().zip(0..).for_each(|(&node, index)| wanted.entry(node).or_default().push(index));
        for (index, node) in self.nodes.iter().enumerate() {
            if self.uses[index] == 0 {
                continue;
            }
            self.add(index, node);
            for &output in wanted.get(&index).into_iter().flatten() {
                let from = self.read(index);
                self.steps.push(Step::Output { index: output, from });
            }
        }
        let degree = outputs.iter().map(|&node| self.degrees[node]).max().unwrap_or(0);
        let Self { inputs, constants, steps, places, .. } = self;
        Program { inputs, constants, steps, places, degree }
    }

    /// Make the node's value.
    fn add(&mut self, index: usize, node: &SymbolicExpressionNode<F>) {
        match *node {
            SymbolicExpressionNode::Add { left_idx, right_idx, .. } => {
                self.degrees[index] = self.degrees[left_idx].max(self.degrees[right_idx]);
                self.step(index, [left_idx, right_idx], |a, b, to| Step::Add { a, b, to });
            }
            SymbolicExpressionNode::Sub { left_idx, right_idx, .. } => {
                self.degrees[index] = self.degrees[left_idx].max(self.degrees[right_idx]);
                self.step(index, [left_idx, right_idx], |a, b, to| Step::Sub { a, b, to });
            }
            SymbolicExpressionNode::Mul { left_idx, right_idx, .. } => {
                self.degrees[index] = self.degrees[left_idx] + self.degrees[right_idx];
                match (self.constant_of(left_idx), self.constant_of(right_idx)) {
                    (Some(by), _) => self.step(index, [right_idx, left_idx], |a, _, to| Step::Scale { a, by, to }),
                    (_, Some(by)) => self.step(index, [left_idx, right_idx], |a, _, to| Step::Scale { a, by, to }),
                    _ => self.step(index, [left_idx, right_idx], |a, b, to| Step::Mul { a, b, to }),
                }
            }
            SymbolicExpressionNode::Neg { idx, .. } => {
                self.degrees[index] = self.degrees[idx];
                let a = self.read(idx);
                let to = self.make(index);
                self.steps.push(Step::Neg { a, to });
            }
            SymbolicExpressionNode::IsTransition => {
                self.degrees[index] = 1;
                let a = self.known(Variable::Constant(F::ONE));
                let b = self.known(Variable::Input(Input::LastRow));
                let to = self.make(index);
                self.steps.push(Step::Sub { a, b, to });
            }
            // These have their place.
            SymbolicExpressionNode::Variable(_)
            | SymbolicExpressionNode::Constant(_)
            | SymbolicExpressionNode::IsFirstRow
            | SymbolicExpressionNode::IsLastRow => {}
        }
    }

    fn step(&mut self, index: usize, [a, b]: [usize; 2], step: impl Fn(Place, Place, Place) -> Step) {
        let (a, b) = (self.read(a), self.read(b));
        let to = self.make(index);
        self.steps.push(step(a, b, to));
    }

    fn constant_of(&self, node: usize) -> Option<F> {
        let place = self.at[node]?.checked_sub(self.inputs.len() as Place)?;
        self.constants.get(place as usize).copied()
    }

    /// Where a node's value is, for one of the steps that read it.
    fn read(&mut self, node: usize) -> Place {
        // Nodes come after those that they are made of.
        let place = self.at[node].unwrap_or_default();
        self.uses[node] -= 1;
        if self.uses[node] == 0 && place as usize >= self.inputs.len() + self.constants.len() {
            self.free.push(place);
        }
        place
    }

    /// A place for a node's value, once those that it is made of have been read.
    fn make(&mut self, node: usize) -> Place {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places += 1;
            self.places as Place - 1
        });
        self.at[node] = Some(place);
        place
    }
}

/// The place of an element in a list without repetitions.
fn place<T: PartialEq>(list: &mut Vec<T>, element: T) -> Place {
    let place = list.iter().position(|known| *known == element).unwrap_or_else(|| {
        list.push(element);
        list.len() - 1
    });
    place as Place
}

/// By node: how often it is read on the way to the outputs.
pub(super) fn uses(nodes: &[SymbolicExpressionNode<F>], outputs: &[usize]) -> Vec<usize> {
    let mut uses = vec![0; nodes.len()];
    outputs.iter().for_each(|&output| uses[output] += 1);
    for (index, node) in nodes.iter().enumerate().rev() {
        if uses[index] > 0 {
            operands(node).into_iter().flatten().for_each(|operand| uses[operand] += 1);
        }
    }
    uses
}

fn operands(node: &SymbolicExpressionNode<F>) -> [Option<usize>; 2] {
    match *node {
        SymbolicExpressionNode::Add { left_idx, right_idx, .. }
        | SymbolicExpressionNode::Sub { left_idx, right_idx, .. }
        | SymbolicExpressionNode::Mul { left_idx, right_idx, .. } => [Some(left_idx), Some(right_idx)],
        SymbolicExpressionNode::Neg { idx, .. } => [Some(idx), None],
        _ => [None, None],
    }
}
