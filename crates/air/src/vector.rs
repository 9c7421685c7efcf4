//! Several field elements at a time, as many as the processor's vectors hold.

use std::ops::{Add, Mul, Neg, Sub};

use p3_field::{Field, PackedValue};

use crate::{
    expr::Ring,
    field::{F, PrimeCharacteristicRing},
};

type Packed = <F as Field>::Packing;

/// Elements of a [`Vector`].
pub const LANES: usize = Packed::WIDTH;

/// Field elements, each in a lane of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector(Packed);

impl Vector {
    /// From its elements.
    pub fn new(elements: [F; LANES]) -> Self {
        Self(*Packed::from_slice(&elements))
    }

    /// The element in a lane.
    ///
    /// # Panics
    /// Where `lane` is not below [`LANES`].
    pub fn lane(&self, lane: usize) -> F {
        self.0.as_slice()[lane]
    }
}

impl Ring for Vector {
    fn constant(value: F) -> Self {
        Self(value.into())
    }

    fn scale(self, factor: F) -> Self {
        Self(self.0 * factor)
    }
}

impl Add for Vector {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Vector {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Vector {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Neg for Vector {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Default for Vector {
    fn default() -> Self {
        Self(Packed::ZERO)
    }
}
