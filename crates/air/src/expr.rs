//! Expressions over one row, the next row, public values and row selectors.
//!
//! Sums of multiples of variables are kept as one flat linear form, because the backend evaluates a message's fields as
//! trees: a sum shared by many messages must not be a deep tree. Everything else is a graph of products and sums whose
//! nodes are shared.

use std::{
    ops::{Add, Mul, Neg, Sub},
    sync::Arc,
};

use crate::field::{F, PrimeCharacteristicRing};

/// What the arithmetic of an instruction or a chip needs: a field element when a row is filled, an [`Expr`] when the
/// circuit is built. Code written over it is both.
pub trait Ring:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> + 'static
{
    /// A constant of the field.
    fn constant(value: F) -> Self;

    /// The constant zero.
    fn zero() -> Self {
        Self::constant(F::ZERO)
    }

    /// The constant one.
    fn one() -> Self {
        Self::constant(F::ONE)
    }

    /// The constant `value` reduced modulo p.
    fn integer(value: u32) -> Self {
        Self::constant(F::from_u32(value))
    }

    /// `self * factor`.
    fn scale(self, factor: F) -> Self;

    /// `self * 2^bits`.
    fn shift_left(self, bits: u32) -> Self {
        self.scale(F::from_u64(1 << bits))
    }

    /// `self / 2^bits` in the field: the exact quotient only where the caller has shown divisibility.
    fn shift_right(self, bits: u32) -> Self {
        self.scale(crate::field::inverse_power_of_two(bits))
    }
}

impl Ring for F {
    fn constant(value: F) -> Self {
        value
    }

    fn scale(self, factor: F) -> Self {
        self * factor
    }
}

/// A variable of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// A column's cell in this row.
    Column(u32),
    /// A column's cell in the next row (the first row after the last).
    Next(u32),
    /// A public value of the circuit.
    Public(u32),
    /// One in the first row, else zero.
    FirstRow,
    /// One in the last row, else zero.
    LastRow,
    /// Zero in the last row, else one.
    Transition,
}

/// A polynomial over [`Variable`]s.
#[derive(Clone, Debug)]
pub enum Expr {
    /// `constant + Σ coefficient · variable`, variables ascending and distinct, coefficients nonzero.
    Linear(Linear),
    /// A sum with a part that is not linear.
    Sum(Arc<(Expr, Expr)>),
    /// A product of two parts that are not constant.
    Product(Arc<(Expr, Expr)>),
}

/// A linear form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// The constant term.
    pub constant: F,
    /// Variables, ascending and distinct, with their nonzero coefficients.
    pub terms: Vec<(Variable, F)>,
}

impl Linear {
    fn scale(mut self, factor: F) -> Self {
        if factor == F::ZERO {
            return Self::default();
        }
        self.constant *= factor;
        for (_, coefficient) in &mut self.terms {
            *coefficient *= factor;
        }
        self
    }

    fn add(self, other: Self) -> Self {
        let mut terms = Vec::with_capacity(self.terms.len().saturating_add(other.terms.len()));
        let (mut left, mut right) = (self.terms.into_iter().peekable(), other.terms.into_iter().peekable());
        loop {
            match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => terms.extend(left.by_ref()),
                (None, Some(_)) => terms.extend(right.by_ref()),
                (Some(&(a, x)), Some(&(b, y))) => {
                    if a <= b {
                        left.next();
                    }
                    if b <= a {
                        right.next();
                    }
                    let term = match a.cmp(&b) {
                        std::cmp::Ordering::Less => (a, x),
                        std::cmp::Ordering::Greater => (b, y),
                        std::cmp::Ordering::Equal => (a, x + y),
                    };
                    if term.1 != F::ZERO {
                        terms.push(term);
                    }
                }
            }
        }
        Self { constant: self.constant + other.constant, terms }
    }
}

impl Expr {
    /// Its value where every variable is zero.
    pub fn on_zeros(&self) -> F {
        match self {
            Self::Linear(linear) => linear.constant,
            Self::Sum(parts) => parts.0.on_zeros() + parts.1.on_zeros(),
            Self::Product(parts) => parts.0.on_zeros() * parts.1.on_zeros(),
        }
    }

    /// A variable by itself.
    pub fn variable(variable: Variable) -> Self {
        Self::Linear(Linear { constant: F::ZERO, terms: vec![(variable, F::ONE)] })
    }

    /// The value, where the expression is a constant.
    pub fn as_constant(&self) -> Option<F> {
        match self {
            Self::Linear(linear) if linear.terms.is_empty() => Some(linear.constant),
            _ => None,
        }
    }

    /// The column's number, where the expression is a column's cell in this row.
    pub fn as_column(&self) -> Option<u32> {
        match self {
            Self::Linear(Linear { constant, terms }) if *constant == F::ZERO => match terms.as_slice() {
                [(Variable::Column(index), F::ONE)] => Some(*index),
                _ => None,
            },
            _ => None,
        }
    }

    /// Total degree; columns and row selectors count one, constants and public values zero.
    pub fn degree(&self) -> usize {
        match self {
            Self::Linear(linear) => {
                usize::from(linear.terms.iter().any(|(variable, _)| !matches!(variable, Variable::Public(_))))
            }
            Self::Sum(parts) => parts.0.degree().max(parts.1.degree()),
            Self::Product(parts) => parts.0.degree().saturating_add(parts.1.degree()),
        }
    }
}

impl From<F> for Expr {
    fn from(constant: F) -> Self {
        Self::Linear(Linear { constant, terms: vec![] })
    }
}

impl Add for Expr {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Linear(a), Self::Linear(b)) => Self::Linear(a.add(b)),
            (a, b) if a.as_constant() == Some(F::ZERO) => b,
            (a, b) if b.as_constant() == Some(F::ZERO) => a,
            (a, b) => Self::Sum(Arc::new((a, b))),
        }
    }
}

impl Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        self.scale(F::NEG_ONE)
    }
}

impl Sub for Expr {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Expr {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        match (self.as_constant(), other.as_constant()) {
            (Some(factor), _) => other.scale(factor),
            (_, Some(factor)) => self.scale(factor),
            (None, None) => Self::Product(Arc::new((self, other))),
        }
    }
}

impl Ring for Expr {
    fn constant(value: F) -> Self {
        value.into()
    }

    fn scale(self, factor: F) -> Self {
        match self {
            Self::Linear(linear) => Self::Linear(linear.scale(factor)),
            _ if factor == F::ZERO => Self::zero(),
            _ if factor == F::ONE => self,
            other => Self::Product(Arc::new((Self::from(factor), other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(index: u32) -> Expr {
        Expr::variable(Variable::Column(index))
    }

    #[test]
    fn sums_of_columns_stay_one_flat_form() {
        let sum = (0..100).fold(Expr::zero(), |sum, index| sum + column(index % 10));
        let Expr::Linear(linear) = sum else { panic!("a sum of columns is linear") };
        assert_eq!(linear.terms.len(), 10);
        assert!(linear.terms.iter().all(|(_, coefficient)| *coefficient == F::from_u32(10)));
    }

    #[test]
    fn terms_that_cancel_disappear() {
        assert_eq!((column(3) + column(1) - column(3) - column(1)).as_constant(), Some(F::ZERO));
    }

    #[test]
    fn degree_counts_factors() {
        let square = column(0) * column(1);
        assert_eq!((square.clone() * square + column(2)).degree(), 4);
        assert_eq!((column(0) * Expr::integer(7)).degree(), 1);
    }
}
