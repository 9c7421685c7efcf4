//! Rows that are written once.
//!
//! An instruction is a function over a [`RowBuilder`]. Run on a [`SymbolicRow`] it yields the circuit; run on a
//! [`RowWriter`] it fills rows with values, several at a time; run on a [`ValueRow`] it executes beside a memory, and each check
//! is made at once. There is no second copy of its semantics that could drift.

mod circuit;
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "only provers run it")]
mod fill;
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "only provers run it")]
mod values;

use engram_air::{Bus, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring};
use engram_memory::{access::AccessPort, messages::MEMORY, offline::Access};

pub use circuit::SymbolicRow;
pub use fill::{Inverses, RowWriter};
pub use values::{Executed, MemoryEvent, RefusedRow, Said, Touch, ValueRow, WordMemory};

/// Where an instruction writes its columns, constraints and messages.
///
/// Padding rows are zero in every column and every message's count is the `real` column, so a constraint must hold on
/// zeros: constants in constraints are [`RowBuilder::constant`]s, which vanish with `real`.
///
/// A column's witness is a function of the row [`At`] which it stands; it is not called where a circuit is built.
pub trait RowBuilder {
    /// Values by row, or polynomials over columns.
    type Expr: Ring + RowValue;

    /// One on real rows, zero on padding.
    fn real(&self) -> Self::Expr;

    /// A new column.
    fn column(&mut self, name: &str, witness: impl Fn(At) -> u32) -> Self::Expr {
        self.field_column(name, |at| F::from_u32(witness(at)))
    }

    /// A new column that may be any field element.
    fn field_column(&mut self, name: &str, witness: impl Fn(At) -> F) -> Self::Expr;

    /// A new column with the value of an expression.
    fn column_of(&mut self, name: &str, expr: &Self::Expr) -> Self::Expr {
        self.field_column(name, |at| expr.value_at(at))
    }

    /// A new column with the inverse of a value, or zero. What is returned is for constraints: while rows are filled, inverses are
    /// made for many rows at once, and it has no value yet.
    fn inverse_column(&mut self, name: &str, witness: impl Fn(At) -> F) -> Self::Expr;

    /// A constant that is zero on padding rows.
    fn constant(&self, value: u32) -> Self::Expr {
        self.real() * Self::Expr::integer(value)
    }

    /// `expr` is zero in every row, padding included.
    fn assert_zero(&mut self, label: &str, expr: Self::Expr);

    /// `expr` is zero or one.
    fn assert_bool(&mut self, label: &str, expr: Self::Expr) {
        self.assert_zero(label, expr.clone() * (expr - self.real()));
    }

    /// `expr`, read as an integer, is below `2^bits`; `bits` is at most 17 and may vary by row.
    fn range(&mut self, label: &str, expr: Self::Expr, bits: Self::Expr);

    /// `x` and `y` are bytes and `and` is their bitwise conjunction.
    fn byte_and(&mut self, label: &str, x: Self::Expr, y: Self::Expr, and: Self::Expr);

    /// Put a message on a bus, on real rows.
    fn send(&mut self, bus: Bus, label: &str, fields: &[Self::Expr]);

    /// Take a message off a bus, on real rows.
    fn receive(&mut self, bus: Bus, label: &str, fields: &[Self::Expr]);

    /// Look a message up in a table, on real rows.
    fn lookup(&mut self, bus: Bus, label: &str, fields: &[Self::Expr]);

    /// The row is about to take the word at `(space, pointer)` off the memory bus; its number among the row's accesses, for
    /// [`At::access`].
    fn next_access(&mut self, space: u32, pointer: &Self::Expr) -> usize;

    /// The next access is to a whole word at a constant distance from this address. Only a row that executes uses this: it names a
    /// misaligned address.
    fn expects_aligned(&mut self, _: &SumOfParts<'_, Self::Expr>) {}

    /// The next access loads the word of memory at a pointer, or stores this word there. Only a row that executes uses this, as the
    /// memory bus does not show the order of loads and stores.
    fn touches(&mut self, _: &Self::Expr, _: Option<SumOfParts<'_, Self::Expr>>) {}
}

/// The word `limbs[0] + 2^16 limbs[1] + offset`, modulo 2^32.
#[derive(Clone, Copy, Debug)]
pub struct SumOfParts<'e, E> {
    /// Limbs, which may be longer than 16 bits.
    pub limbs: &'e [E; 2],
    /// A constant that is added.
    pub offset: u32,
}

/// The port of the access argument on a row: an access is made where the row is real.
#[derive(Debug)]
pub struct RowPort<'a, B>(pub &'a mut B);

impl<B: RowBuilder> AccessPort for RowPort<'_, B> {
    type Expr = B::Expr;

    fn range(&mut self, label: &str, value: B::Expr, bits: u32) {
        self.0.range(label, value, B::Expr::integer(bits));
    }

    fn receive(&mut self, label: &str, message: Vec<B::Expr>) {
        self.0.receive(MEMORY, label, &message);
    }

    fn send(&mut self, label: &str, message: Vec<B::Expr>) {
        self.0.send(MEMORY, label, &message);
    }
}

/// What has a value in each row that is being written.
pub trait RowValue {
    /// The value.
    fn value_at(&self, at: At) -> F;

    /// The value as an integer below p.
    fn integer_at(&self, at: At) -> u32 {
        self.value_at(at).as_canonical_u32()
    }
}

impl RowValue for Expr {
    /// An expression has no value, and none is needed where a circuit is built.
    fn value_at(&self, _: At) -> F {
        F::ZERO
    }
}

impl RowValue for F {
    fn value_at(&self, _: At) -> F {
        *self
    }
}

/// A row that is being written, as the witnesses of its columns see it.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    lane: usize,
    record: &'a RowRecord<'a>,
}

impl At<'_> {
    /// Where and when the row stands.
    pub fn step(&self) -> &Step {
        &self.record.step
    }

    /// An operand of the instruction, by its place in the ROM's entry.
    #[expect(clippy::indexing_slicing, reason = "only provers run it")]
    pub fn operand(&self, place: usize) -> u32 {
        self.record.step.operands[place]
    }

    /// What an access found and since when, by [`RowBuilder::next_access`].
    #[expect(clippy::indexing_slicing, reason = "only provers run it")]
    pub fn access(&self, number: usize) -> Access {
        self.record.accesses[number]
    }

    /// A free witness, by number.
    #[expect(clippy::indexing_slicing, reason = "only provers run it")]
    pub fn hint(&self, number: usize) -> u32 {
        self.record.hints[number]
    }
}

/// What a row is written from.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowRecord<'a> {
    /// Where and when the row stands.
    pub step: Step,
    /// Its memory accesses, in order.
    pub accesses: &'a [Access],
    /// Free witnesses, in the chip's order.
    pub hints: &'a [u32],
}

/// Where and when a row stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Program counter, counted in 4-byte words.
    pub pc: u32,
    /// Timestamp of the row's first access.
    pub timestamp: u32,
    /// The instruction's operands as the program ROM holds them.
    pub operands: [u32; crate::rom::OPERANDS],
}
