//! The first round: each table's sums as polynomials in the univariate variable, which runs through the rows of a block.

use openvm_stark_backend::{
    p3_field::{Field, PackedValue, PrimeCharacteristicRing},
    p3_matrix::dense::RowMajorMatrix,
    poly_common::UnivariatePoly,
};
use rayon::prelude::*;

use super::{
    messages::Linear,
    program::Weighted,
    table::{BLOCK, BLOCK_LOG2, Input, Table, block_points},
    values::{BaseVectors, Ext, ExtVector, Kind, LANES, Vector},
};
use engram_air::field::F;

/// Blocks that one task goes through.
const TASK_BLOCKS: usize = 1 << 8;

/// Vectors that a block fills.
const BLOCK_VECTORS: usize = BLOCK / LANES;

/// Values on cosets of the rows of a block, from the values on the rows.
pub(super) struct Cosets {
    /// By coset, by vector of points, by row: the value at the points of the polynomial that is one in this row only.
    lagrange: Vec<[[Vector; BLOCK]; BLOCK_VECTORS]>,
    /// By coset: one over what vanishes on the rows of a block.
    inverse_zerofiers: Vec<F>,
}

impl Cosets {
    /// The cosets shifted by `g`, `g²`, … for the field's generator `g`.
    pub(super) fn new(count: usize) -> Self {
        let roots = block_points();
        let shifts: Vec<F> = F::GENERATOR.powers().skip(1).take(count).collect();
        let zerofier = |shift: F| shift.exp_power_of_2(BLOCK_LOG2) - F::ONE;
        let size = F::from_usize(BLOCK);
        let lagrange = |shift: F| {
            let scale = zerofier(shift) * size.inverse();
            std::array::from_fn(|vector| {
                std::array::from_fn(|row| {
                    Vector::from_fn(|lane| {
                        let point = shift * roots[vector * LANES + lane];
                        scale * roots[row] * (point - roots[row]).inverse()
                    })
                })
            })
        };
        Self {
            lagrange: shifts.iter().map(|&shift| lagrange(shift)).collect(),
            inverse_zerofiers: shifts.iter().map(|&shift| zerofier(shift).inverse()).collect(),
        }
    }
}

/// The sums over blocks, each times its `eq`, of weighted expressions, as polynomials.
///
/// `vanishing` says that the expressions are zero on all rows: then the polynomials are divided by what vanishes there, and fewer
/// cosets are needed.
pub(super) fn polynomials<const N: usize>(
    table: &Table,
    weighted: &Weighted<N>,
    eq: &[Ext],
    cosets: &Cosets,
    vanishing: bool,
) -> [UnivariatePoly<Ext>; N] {
    let count = weighted.program().degree().saturating_sub(usize::from(vanishing));
    let lagrange = &cosets.lagrange[..count];
    let inputs = weighted.program().inputs();
    let task = |(task, eq): (usize, &[Ext])| {
        let mut room = weighted.program().room::<BaseVectors>();
        let mut values = Vector::zero_vec(count * BLOCK_VECTORS * inputs.len());
        let mut sums = vec![[ExtVector::ZERO; N]; count * BLOCK_VECTORS];
        for (block, &eq) in (task * TASK_BLOCKS..).zip(eq) {
            for (index, &input) in inputs.iter().enumerate() {
                let rows = table.block(input, block).map(Vector::from);
                for (place, lagrange) in lagrange.iter().flatten().enumerate() {
                    values[place * inputs.len() + index] = Vector::dot_product(&rows, lagrange);
                }
            }
            for (place, sums) in sums.iter_mut().enumerate() {
                room[..inputs.len()].copy_from_slice(&values[place * inputs.len()..][..inputs.len()]);
                let more = weighted.run::<BaseVectors>(&mut room);
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more * eq);
            }
        }
        sums
    };
    let add = |mut sums: Vec<[ExtVector; N]>, more: Vec<[ExtVector; N]>| {
        for (sum, more) in sums.as_flattened_mut().iter_mut().zip(more.as_flattened()) {
            *sum += *more;
        }
        sums
    };
    let sums = eq.par_chunks(TASK_BLOCKS).enumerate().map(task).reduce_with(add).unwrap_or_default();
    std::array::from_fn(|output| {
        let value = |point: usize, coset: usize| {
            let value = BaseVectors::lane(&sums[coset * BLOCK_VECTORS + point / LANES][output], point % LANES);
            if vanishing { value * cosets.inverse_zerofiers[coset] } else { value }
        };
        let values = (0..BLOCK).flat_map(|point| (0..count).map(move |coset| (point, coset)));
        let values: Vec<Ext> = values.map(|(point, coset)| value(point, coset)).collect();
        if count == 0 {
            return UnivariatePoly::new(vec![]);
        }
        let matrix = RowMajorMatrix::new(values, count);
        UnivariatePoly::from_geometric_cosets_evals_idft(matrix, F::GENERATOR, F::GENERATOR)
    })
}

/// The sums over blocks, each times its `eq`, of sums of inputs, as polynomials: they are known from their values on the rows.
pub(super) fn linear_polynomials(table: &Table, linear: &[Linear<Ext>; 2], eq: &[Ext]) -> [UnivariatePoly<Ext>; 2] {
    let mut inputs: Vec<Input> = linear.iter().flat_map(|linear| linear.terms.keys().copied()).collect();
    inputs.sort_unstable();
    inputs.dedup();
    let sums = input_sums(table, &inputs, eq);
    [0, 1].map(|output| {
        // The eq of all blocks sum to one.
        let mut values = vec![linear[output].constant; BLOCK];
        for (&input, &coefficient) in &linear[output].terms {
            let Ok(index) = inputs.binary_search(&input) else { continue };
            for (row, value) in values.iter_mut().enumerate() {
                *value += coefficient * BaseVectors::lane(&sums[index * BLOCK_VECTORS + row / LANES], row % LANES);
            }
        }
        UnivariatePoly::from_evals_idft(&values)
    })
}

/// By input, by vector of rows: the sum over blocks, each times its `eq`.
fn input_sums(table: &Table, inputs: &[Input], eq: &[Ext]) -> Vec<ExtVector> {
    let task = |(task, eq): (usize, &[Ext])| {
        let mut sums = ExtVector::zero_vec(inputs.len() * BLOCK_VECTORS);
        for (sums, &input) in sums.chunks_exact_mut(BLOCK_VECTORS).zip(inputs) {
            for (block, &eq) in (task * TASK_BLOCKS..).zip(eq) {
                let is_zero = match input {
                    Input::FirstRow => block != 0,
                    Input::LastRow => (block + 1) * BLOCK != table.rows(),
                    Input::Local(_) | Input::Next(_) => false,
                };
                if is_zero {
                    continue;
                }
                for (index, sum) in sums.iter_mut().enumerate() {
                    *sum += BaseVectors::weigh(table.vector(input, block * BLOCK + index * LANES), eq);
                }
            }
        }
        sums
    };
    let add = |mut sums: Vec<ExtVector>, more: Vec<ExtVector>| {
        sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        sums
    };
    eq.par_chunks(TASK_BLOCKS).enumerate().map(task).reduce_with(add).unwrap_or_default()
}
