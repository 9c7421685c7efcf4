//! The polynomial that is one at a point and zero at all other corners of a cube.

use openvm_stark_backend::{p3_field::PrimeCharacteristicRing, poly_common::evals_eq_hypercube_serial};

use super::values::Ext;

/// Corners that one task goes through.
const LOW_LOG2: usize = 7;

/// `eq(point, y)` for all corners `y` of the cube, as products of two factors: bit `i` of `y` goes with coordinate `i`.
pub(super) struct SplitEq {
    /// Over the low bits: the corners of one task.
    pub(super) low: Vec<Ext>,
    /// Over the high bits: by task.
    pub(super) high: Vec<Ext>,
}

impl SplitEq {
    pub(super) fn new(point: &[Ext]) -> Self {
        let (low, high) = point.split_at(point.len().min(LOW_LOG2));
        Self { low: corners(low), high: corners(high) }
    }
}

/// `eq(a, b)` in one variable.
pub(super) fn eq(a: Ext, b: Ext) -> Ext {
    let product = a * b;
    Ext::ONE - a - b + product.double()
}

/// `eq(point, y)` for all corners `y` of the cube: bit `i` of `y` goes with coordinate `i`.
pub(super) fn corners(point: &[Ext]) -> Vec<Ext> {
    evals_eq_hypercube_serial(point)
}
