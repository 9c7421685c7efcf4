//! A circuit's expressions flattened into one list of operations, to evaluate rows of values quickly.

use std::{collections::HashMap, sync::Arc};

use crate::{
    circuit::Circuit,
    expr::{Expr, Linear, Variable},
    field::{F, PrimeCharacteristicRing},
};

#[derive(Debug)]
enum Operation {
    Linear(Linear),
    Add(usize, usize),
    Multiply(usize, usize),
}

/// A message as a row puts it on its bus.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Position in [`Circuit::interactions`].
    pub interaction: usize,
    /// Field values.
    pub fields: Vec<F>,
    /// Multiplicity; never zero.
    pub count: F,
}

/// What a row is evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// This row's cells.
    pub local: &'a [F],
    /// The next row's cells.
    pub next: &'a [F],
    /// Public values.
    pub publics: &'a [F],
    /// This row is the first.
    pub is_first: bool,
    /// This row is the last.
    pub is_last: bool,
}

/// The operations of a circuit, each after those it needs.
#[derive(Debug)]
pub struct Tape {
    operations: Vec<Operation>,
    constraints: Vec<usize>,
    interactions: Vec<(Vec<usize>, usize)>,
}

impl Tape {
    /// Flatten a circuit.
    pub fn new(circuit: &Circuit) -> Self {
        let mut flatten = Flatten { operations: vec![], known: HashMap::new() };
        let constraints = circuit.constraints.iter().map(|constraint| flatten.add(&constraint.expr)).collect();
        let interactions = circuit
            .interactions
            .iter()
            .map(|interaction| {
                let fields = interaction.fields.iter().map(|field| flatten.add(field)).collect();
                (fields, flatten.add(&interaction.count))
            })
            .collect();
        Self { operations: flatten.operations, constraints, interactions }
    }

    /// Evaluate one row. Call once, then read with the other methods.
    pub fn evaluate(&self, row: Row<'_>) -> Values<'_> {
        let mut values: Vec<F> = Vec::with_capacity(self.operations.len());
        for operation in &self.operations {
            let value = match operation {
                Operation::Linear(linear) => linear
                    .terms
                    .iter()
                    .fold(linear.constant, |sum, &(variable, coefficient)| sum + coefficient * row.value(variable)),
                Operation::Add(a, b) => values[*a] + values[*b],
                Operation::Multiply(a, b) => values[*a] * values[*b],
            };
            values.push(value);
        }
        Values { tape: self, values }
    }
}

impl Row<'_> {
    fn value(&self, variable: Variable) -> F {
        match variable {
            Variable::Column(index) => self.local[index as usize],
            Variable::Next(index) => self.next[index as usize],
            Variable::Public(index) => self.publics[index as usize],
            Variable::FirstRow => F::from_bool(self.is_first),
            Variable::LastRow => F::from_bool(self.is_last),
            Variable::Transition => F::from_bool(!self.is_last),
        }
    }
}

/// A row's evaluation.
#[derive(Debug)]
pub struct Values<'a> {
    tape: &'a Tape,
    values: Vec<F>,
}

impl Values<'_> {
    /// Positions in [`Circuit::constraints`] of those that do not hold, with their value.
    pub fn violations(&self) -> impl Iterator<Item = (usize, F)> + '_ {
        let all = self.tape.constraints.iter().enumerate();
        all.map(|(index, &at)| (index, self.values[at])).filter(|(_, value)| *value != F::ZERO)
    }

    /// What the row puts on buses.
    pub fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        self.tape.interactions.iter().enumerate().filter_map(|(interaction, (fields, count))| {
            let count = self.values[*count];
            let fields = || fields.iter().map(|&at| self.values[at]).collect();
            (count != F::ZERO).then(|| Message { interaction, fields: fields(), count })
        })
    }
}

struct Flatten {
    operations: Vec<Operation>,
    known: HashMap<*const (Expr, Expr), usize>,
}

impl Flatten {
    fn add(&mut self, expr: &Expr) -> usize {
        let (parts, product) = match expr {
            Expr::Linear(linear) => return self.push(Operation::Linear(linear.clone())),
            Expr::Sum(parts) => (parts, false),
            Expr::Product(parts) => (parts, true),
        };
        if let Some(&at) = self.known.get(&Arc::as_ptr(parts)) {
            return at;
        }
        let (a, b) = (self.add(&parts.0), self.add(&parts.1));
        let at = self.push(if product { Operation::Multiply(a, b) } else { Operation::Add(a, b) });
        self.known.insert(Arc::as_ptr(parts), at);
        at
    }

    fn push(&mut self, operation: Operation) -> usize {
        self.operations.push(operation);
        self.operations.len() - 1
    }
}
