//! A table's messages, as fractions: how often each is sent, over its fingerprint.

use std::collections::BTreeMap;

use openvm_stark_backend::{
    air_builders::symbolic::SymbolicExpressionNode, interaction::Interaction, p3_field::PrimeCharacteristicRing,
};

use super::{
    error::DeviceError,
    program::{Program, Weighted, uses},
    table::{Input, Table, Variable},
    values::Ext,
};
use engram_air::field::F;

/// A sum of inputs with coefficients, and a constant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Linear<C> {
    pub(super) constant: C,
    pub(super) terms: BTreeMap<Input, C>,
}

impl<C: PrimeCharacteristicRing + Copy> Linear<C> {
    fn constant(constant: C) -> Self {
        Self { constant, terms: BTreeMap::new() }
    }

    fn input(input: Input) -> Self {
        Self { constant: C::ZERO, terms: BTreeMap::from([(input, C::ONE)]) }
    }

    /// Add a multiple of another.
    fn add<D: Copy>(&mut self, by: C, other: &Linear<D>)
    where
        C: std::ops::Mul<D, Output = C>,
    {
        self.constant += by * other.constant;
        for (&input, &coefficient) in &other.terms {
            *self.terms.entry(input).or_insert(C::ZERO) += by * coefficient;
        }
    }
}

/// The fingerprint of a message `m₀ … m_{k-1}` on bus `b` is `Σ βʲ mⱼ + βᵏ (b + 1)`, plus `α` wherever it is divided by.
pub(super) enum Message {
    /// Count and fingerprint are sums of inputs, as nearly all are.
    Linear { count: Linear<F>, fingerprint: Linear<Ext> },
    /// The count, then the fields, each with its power of `β`.
    Other { program: Program, powers: Vec<Ext>, bus: Ext },
}

/// The messages of a table, in order.
///
/// `powers` are those of `β`, one more than a message has fields.
pub(super) fn messages(table: &Table, powers: &[Ext]) -> Result<Vec<Message>, DeviceError> {
    let interactions = &table.expressions().interactions;
    let nodes: Vec<usize> = interactions.iter().flat_map(outputs).collect();
    let linear = linear_forms(table, &nodes)?;
    let message = |interaction: &Interaction<usize>| {
        let bus = bus_term(interaction, powers);
        let count = linear[interaction.count].clone();
        let fields = interaction.message.iter().map(|&field| linear[field].as_ref()).collect::<Option<Vec<_>>>();
        let (Some(count), Some(fields)) = (count, fields) else {
            let program = Program::new(table, &outputs(interaction).collect::<Vec<_>>())?;
            return Ok(Message::Other { program, powers: powers.to_vec(), bus });
        };
        let mut fingerprint = Linear::constant(bus);
        powers.iter().zip(fields).for_each(|(&power, field)| fingerprint.add(power, field));
        Ok(Message::Linear { count, fingerprint })
    };
    interactions.iter().map(message).collect()
}

fn outputs(interaction: &Interaction<usize>) -> impl Iterator<Item = usize> {
    std::iter::once(interaction.count).chain(interaction.message.iter().copied())
}

fn bus_term(interaction: &Interaction<usize>, powers: &[Ext]) -> Ext {
    powers[interaction.message.len()] * F::from_u32(u32::from(interaction.bus_index) + 1)
}

/// By node, of those that the outputs are made of: what it is, if that is a sum of inputs.
fn linear_forms(table: &Table, outputs: &[usize]) -> Result<Vec<Option<Linear<F>>>, DeviceError> {
    let nodes = &table.expressions().constraints.nodes;
    let uses = uses(nodes, outputs);
    let mut forms: Vec<Option<Linear<F>>> = vec![];
    for (node, &uses) in nodes.iter().zip(&uses) {
        let form = if uses == 0 { None } else { linear_form(table, node, &forms)? };
        forms.push(form);
    }
    Ok(forms)
}

fn linear_form(
    table: &Table,
    node: &SymbolicExpressionNode<F>,
    forms: &[Option<Linear<F>>],
) -> Result<Option<Linear<F>>, DeviceError> {
    let sum = |left: usize, right: usize, sign: F| {
        let mut sum = forms[left].clone()?;
        sum.add(sign, forms[right].as_ref()?);
        Some(sum)
    };
    let multiple = |by: F, form: &Linear<F>| {
        let mut multiple = Linear::default();
        multiple.add(by, form);
        multiple
    };
    Ok(match *node {
        SymbolicExpressionNode::Variable(ref variable) => Some(match table.variable(variable)? {
            Variable::Input(input) => Linear::input(input),
            Variable::Constant(constant) => Linear::constant(constant),
        }),
        SymbolicExpressionNode::Constant(constant) => Some(Linear::constant(constant)),
        SymbolicExpressionNode::IsFirstRow => Some(Linear::input(Input::FirstRow)),
        SymbolicExpressionNode::IsLastRow => Some(Linear::input(Input::LastRow)),
        SymbolicExpressionNode::IsTransition => {
            let mut transition = Linear::constant(F::ONE);
            transition.add(F::NEG_ONE, &Linear::<F>::input(Input::LastRow));
            Some(transition)
        }
        SymbolicExpressionNode::Add { left_idx, right_idx, .. } => sum(left_idx, right_idx, F::ONE),
        SymbolicExpressionNode::Sub { left_idx, right_idx, .. } => sum(left_idx, right_idx, F::NEG_ONE),
        SymbolicExpressionNode::Neg { idx, .. } => forms[idx].as_ref().map(|form| multiple(F::NEG_ONE, form)),
        SymbolicExpressionNode::Mul { left_idx, right_idx, .. } => match (&forms[left_idx], &forms[right_idx]) {
            (Some(by), Some(form)) | (Some(form), Some(by)) if by.terms.is_empty() => Some(multiple(by.constant, form)),
            _ => None,
        },
    })
}

/// All messages of a table together, each with a weight: the sum of counts, and the sum of fingerprints.
pub(super) struct WeightedMessages {
    /// What is a sum of inputs.
    pub(super) linear: [Linear<Ext>; 2],
    /// What is not.
    pub(super) other: Option<Weighted<2>>,
}

impl WeightedMessages {
    pub(super) fn new(
        table: &Table,
        messages: &[Message],
        powers: &[Ext],
        weights: &[Ext],
    ) -> Result<Self, DeviceError> {
        let mut linear = [Linear::default(), Linear::default()];
        let (mut nodes, mut node_weights) = (vec![], vec![]);
        for ((message, interaction), &weight) in messages.iter().zip(&table.expressions().interactions).zip(weights) {
            match message {
                Message::Linear { count, fingerprint } => {
                    linear[0].add(weight, count);
                    linear[1].add(weight, fingerprint);
                }
                Message::Other { bus, .. } => {
                    linear[1].constant += weight * *bus;
                    nodes.extend(outputs(interaction));
                    node_weights.push((0, weight));
                    let fields = powers.iter().take(interaction.message.len());
                    node_weights.extend(fields.map(|&power| (1, weight * power)));
                }
            }
        }
        let other = (!nodes.is_empty()).then(|| Weighted::new(table, &nodes, node_weights)).transpose()?;
        Ok(Self { linear, other })
    }
}
