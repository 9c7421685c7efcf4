//! One fraction.

use openvm_stark_backend::p3_field::Algebra;

use super::values::Exts;

/// `p / q`.
#[derive(Clone, Copy)]
pub(super) struct Fraction<P, A> {
    /// The numerator.
    pub(super) p: P,
    /// The denominator.
    pub(super) q: A,
}

impl<P: Copy, A: Exts + Algebra<P>> Fraction<P, A> {
    /// The sum.
    pub(super) fn add(self, other: Self) -> Fraction<A, A> {
        Fraction { p: other.q * self.p + self.q * other.p, q: self.q * other.q }
    }
}
