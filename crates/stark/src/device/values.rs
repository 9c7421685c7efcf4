//! What the device computes with: the extension field, and vectors of field elements.

use openvm_stark_backend::p3_field::{
    Algebra, BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PrimeCharacteristicRing,
};
use openvm_stark_sdk::config::baby_bear_poseidon2;

use engram_air::field::F;
pub(super) use engram_air::vector::LANES;

/// The field of degree 4 that challenges are from.
pub(super) type Ext = baby_bear_poseidon2::EF;

/// A vector of field elements, as wide as the processor's.
pub(super) type Vector = <F as Field>::Packing;

/// A vector of extension elements.
pub(super) type ExtVector = <Ext as ExtensionField<F>>::ExtensionPacking;

/// Base-two logarithm of [`LANES`].
pub(super) const LANES_LOG2: usize = LANES.trailing_zeros() as usize;

/// Coefficients of an extension element over the base field.
pub(super) const COEFFICIENTS: usize = <Ext as BasedVectorSpace<F>>::DIMENSION;

/// The coefficients of a vector of extension elements.
pub(super) fn coefficients(value: &ExtVector) -> &[Vector] {
    value.as_basis_coefficients_slice()
}

/// Extension elements, one or a vector of them.
pub(super) trait Exts: Algebra<Ext> + Copy + Send + Sync {}

impl<A: Algebra<Ext> + Copy + Send + Sync> Exts for A {}

/// What is computed with at a time. These are kinds and not the values' own types, which coincide where vectors have one lane.
pub(super) trait Kind: Send + Sync {
    /// Values of columns.
    type Value: PrimeCharacteristicRing + Copy + Send + Sync;
    /// Extension elements, as many as there are lanes in a value.
    type Sum: Exts;

    /// A field element in every lane.
    fn constant(value: F) -> Self::Value;

    /// A value times a field element.
    fn scale(value: Self::Value, by: F) -> Self::Value;

    /// A value times a challenge.
    fn weigh(value: Self::Value, by: Ext) -> Self::Sum;

    /// One of the extension elements.
    fn lane(sum: &Self::Sum, lane: usize) -> Ext;

    /// The sum over lanes, each times its weight.
    fn weighted_sum(sum: Self::Sum, weights: &[Ext]) -> Ext {
        weights.iter().enumerate().map(|(lane, &weight)| Self::lane(&sum, lane) * weight).sum()
    }
}

/// A kind whose values are extension elements.
pub(super) trait ExtKind: Kind<Value = Self::Ext, Sum = Self::Ext> {
    /// Its values.
    type Ext: Exts;
}

/// Rows of the base field, as many as a vector has lanes.
pub(super) struct BaseVectors;

/// Vectors of extension elements.
pub(super) struct ExtVectors;

/// Single extension elements.
pub(super) struct ExtSingles;

impl Kind for BaseVectors {
    type Value = Vector;
    type Sum = ExtVector;

    fn constant(value: F) -> Vector {
        value.into()
    }

    fn scale(value: Vector, by: F) -> Vector {
        value * by
    }

    fn weigh(value: Vector, by: Ext) -> ExtVector {
        ExtVector::from(by) * value
    }

    fn lane(sum: &ExtVector, lane: usize) -> Ext {
        sum.extract(lane)
    }
}

impl Kind for ExtVectors {
    type Value = ExtVector;
    type Sum = ExtVector;

    fn constant(value: F) -> ExtVector {
        Vector::from(value).into()
    }

    fn scale(value: ExtVector, by: F) -> ExtVector {
        value * Vector::from(by)
    }

    fn weigh(value: ExtVector, by: Ext) -> ExtVector {
        value * by
    }

    fn lane(sum: &ExtVector, lane: usize) -> Ext {
        sum.extract(lane)
    }
}

impl ExtKind for ExtVectors {
    type Ext = ExtVector;
}

impl Kind for ExtSingles {
    type Value = Ext;
    type Sum = Ext;

    fn constant(value: F) -> Ext {
        value.into()
    }

    fn scale(value: Ext, by: F) -> Ext {
        value * by
    }

    fn weigh(value: Ext, by: Ext) -> Ext {
        value * by
    }

    fn lane(sum: &Ext, _: usize) -> Ext {
        *sum
    }
}

impl ExtKind for ExtSingles {
    type Ext = Ext;
}

/// Values of a polynomial at 0, 1, …, as many as determine it, continued to `count` of them.
pub(super) fn continue_values(values: &mut Vec<Ext>, count: usize) {
    // The last value, and the differences of all orders that end there.
    let mut last = vec![];
    let mut differences = values.clone();
    while let Some(&difference) = differences.last() {
        last.push(difference);
        differences = differences.windows(2).map(|pair| pair[1] - pair[0]).collect();
    }
    while values.len() < count {
        for order in (1..last.len()).rev() {
            let difference = last[order];
            last[order - 1] += difference;
        }
        values.push(last.first().copied().unwrap_or_default());
    }
}
