//! A row as a circuit.

use engram_air::{Bus, Circuit, CircuitBuilder, Count, Expr, F};
use engram_memory::messages::{BYTES, RANGE, bytes_message, variable_range_message};

use super::{At, RowBuilder};

/// Builds a circuit.
#[derive(Debug)]
pub struct SymbolicRow {
    builder: CircuitBuilder,
    real: Count,
}

impl SymbolicRow {
    /// The circuit of a row function.
    pub fn circuit(name: &str, eval: impl FnOnce(&mut Self)) -> Circuit {
        let mut builder = CircuitBuilder::new(name);
        let real = builder.column("real");
        let real = builder.flag("real is boolean", real);
        let mut row = Self { builder, real };
        eval(&mut row);
        row.builder.build()
    }
}

impl RowBuilder for SymbolicRow {
    type Expr = Expr;

    fn real(&self) -> Expr {
        self.real.expr()
    }

    fn field_column(&mut self, name: &str, _: impl Fn(At) -> F) -> Expr {
        self.builder.column(name)
    }

    fn inverse_column(&mut self, name: &str, _: impl Fn(At) -> F) -> Expr {
        self.builder.column(name)
    }

    fn assert_zero(&mut self, label: &str, expr: Expr) {
        self.builder.assert_zero(label, expr);
    }

    fn range(&mut self, label: &str, expr: Expr, bits: Expr) {
        self.builder.lookup(RANGE, label, variable_range_message(expr, bits), &self.real);
    }

    fn byte_and(&mut self, label: &str, x: Expr, y: Expr, and: Expr) {
        self.builder.lookup(BYTES, label, bytes_message(x, y, and), &self.real);
    }

    fn send(&mut self, bus: Bus, label: &str, fields: &[Expr]) {
        self.builder.send(bus, label, fields.to_vec(), &self.real);
    }

    fn receive(&mut self, bus: Bus, label: &str, fields: &[Expr]) {
        self.builder.receive(bus, label, fields.to_vec(), &self.real);
    }

    fn lookup(&mut self, bus: Bus, label: &str, fields: &[Expr]) {
        self.builder.lookup(bus, label, fields.to_vec(), &self.real);
    }

    fn next_access(&mut self, _: u32, _: &Expr) -> usize {
        0
    }
}
