//! Writing a circuit.

use crate::{
    bus::{Bus, BusKind},
    circuit::{Circuit, Constraint, Interaction},
    count::Count,
    expr::{Expr, Ring, Variable},
};

/// Builds a [`Circuit`].
#[derive(Debug)]
pub struct CircuitBuilder {
    circuit: Circuit,
}

impl CircuitBuilder {
    /// An empty circuit.
    pub fn new(name: impl Into<String>) -> Self {
        let circuit = Circuit {
            name: name.into(),
            columns: vec![],
            committed_columns: 0,
            publics: vec![],
            constraints: vec![],
            interactions: vec![],
            required: false,
        };
        Self { circuit }
    }

    /// Refuse proofs that leave this table out.
    pub fn required(mut self) -> Self {
        self.circuit.required = true;
        self
    }

    /// A new column.
    pub fn column(&mut self, name: impl Into<String>) -> Expr {
        let number = number_of(self.circuit.columns.len());
        self.circuit.columns.push(name.into());
        Expr::variable(Variable::Column(number))
    }

    /// `N` new columns, `name[0]` and on.
    pub fn columns<const N: usize>(&mut self, name: &str) -> [Expr; N] {
        std::array::from_fn(|index| self.column(format!("{name}[{index}]")))
    }

    /// A new column that is committed apart, once for many proofs. Such columns come before all others.
    ///
    /// # Panics
    /// After any other column.
    pub fn committed_column(&mut self, name: impl Into<String>) -> Expr {
        assert_eq!(self.circuit.committed_columns, self.circuit.columns.len(), "committed columns come first");
        let column = self.column(name);
        self.circuit.committed_columns = self.circuit.columns.len();
        column
    }

    /// A new public value.
    pub fn public(&mut self, name: impl Into<String>) -> Expr {
        let number = number_of(self.circuit.publics.len());
        self.circuit.publics.push(name.into());
        Expr::variable(Variable::Public(number))
    }

    /// `N` new public values, `name[0]` and on.
    pub fn publics<const N: usize>(&mut self, name: &str) -> [Expr; N] {
        std::array::from_fn(|index| self.public(format!("{name}[{index}]")))
    }

    /// The same column's cell in the next row.
    ///
    /// # Panics
    /// Where `column` is not a column by itself: a circuit is written by its author, not read from outside.
    #[allow(clippy::expect_used, reason = "what is passed here depends on the circuit's author alone")]
    pub fn next(&self, column: &Expr) -> Expr {
        Expr::variable(Variable::Next(column.as_column().expect("only a column has a next row")))
    }

    /// One in the first row, else zero.
    pub fn first_row(&self) -> Expr {
        Expr::variable(Variable::FirstRow)
    }

    /// One in the last row, else zero.
    pub fn last_row(&self) -> Expr {
        Expr::variable(Variable::LastRow)
    }

    /// Zero in the last row, else one.
    pub fn transition(&self) -> Expr {
        Expr::variable(Variable::Transition)
    }

    /// `expr` is zero in every row.
    pub fn assert_zero(&mut self, label: impl Into<String>, expr: Expr) {
        self.circuit.constraints.push(Constraint { label: label.into(), expr });
    }

    /// `left` equals `right` in every row.
    pub fn assert_equal(&mut self, label: impl Into<String>, left: Expr, right: Expr) {
        self.assert_zero(label, left - right);
    }

    /// `expr` is zero or one in every row.
    pub fn assert_bool(&mut self, label: impl Into<String>, expr: Expr) {
        self.assert_zero(label, expr.clone() * (expr - Expr::one()));
    }

    /// `expr` is zero or one in every row, so that it can say how often a message is there.
    pub fn flag(&mut self, label: impl Into<String>, expr: Expr) -> Count {
        self.assert_bool(label, expr.clone());
        Count::asserted(expr)
    }

    /// Put a message on a permutation bus where `count` is one.
    pub fn send(&mut self, bus: Bus, label: impl Into<String>, fields: Vec<Expr>, count: &Count) {
        debug_assert_eq!(bus.kind, BusKind::Permutation);
        self.interact(bus, label, fields, count.expr(), 1);
    }

    /// Take a message off a permutation bus where `count` is one.
    pub fn receive(&mut self, bus: Bus, label: impl Into<String>, fields: Vec<Expr>, count: &Count) {
        debug_assert_eq!(bus.kind, BusKind::Permutation);
        self.interact(bus, label, fields, -count.expr(), 1);
    }

    /// Require that `fields` is an entry of the bus's table, where `enabled` is one.
    pub fn lookup(&mut self, bus: Bus, label: impl Into<String>, fields: Vec<Expr>, enabled: &Count) {
        debug_assert_eq!(bus.kind, BusKind::Lookup);
        self.interact(bus, label, fields, enabled.expr(), 1);
    }

    /// An entry of the bus's table, asked for `multiplicity` times. The multiplicity needs no constraint: lookups are
    /// fewer than p, so that any key with a nonzero number of lookups must be provided.
    pub fn provide(&mut self, bus: Bus, label: impl Into<String>, fields: Vec<Expr>, multiplicity: Expr) {
        debug_assert_eq!(bus.kind, BusKind::Lookup);
        self.interact(bus, label, fields, -multiplicity, 0);
    }

    fn interact(&mut self, bus: Bus, label: impl Into<String>, fields: Vec<Expr>, count: Expr, weight: u32) {
        self.circuit.interactions.push(Interaction { label: label.into(), bus, fields, count, weight });
    }

    /// The circuit.
    pub fn build(self) -> Circuit {
        self.circuit
    }
}

/// A list's next place as a number. No circuit has so many columns that it does not fit: keys refuse far fewer.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
