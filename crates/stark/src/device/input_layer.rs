//! The lowest layer of fractions: all tables' messages, by row.

use std::ops::Range;

use openvm_stark_backend::{
    p3_field::{BasedVectorSpace, PackedValue, PrimeCharacteristicRing},
    prover::stacked_pcs::StackedLayout,
};
use rayon::prelude::*;

use super::{
    fraction::Fraction,
    fractions::Fractions,
    messages::{Linear, Message},
    table::{BLOCK_LOG2, Table},
    values::{BaseVectors, COEFFICIENTS, Ext, ExtVector, Kind, LANES, Vector, coefficients},
};
use engram_air::field::F;

/// Vectors that one task makes: as many as a processor's nearer caches hold.
const TASK_VECTORS: usize = 1 << 8;

/// Field elements of a fraction: its numerator and the coefficients of its denominator.
const FRACTION_ELEMENTS: usize = 1 + COEFFICIENTS;

/// The fractions of all tables' messages, stacked as the layout says; the places left over are zero over `alpha`.
pub(super) fn fractions(tables: &[Table], messages: &[Vec<Message>], layout: &StackedLayout, alpha: Ext) -> Fractions {
    let vectors = layout.height().div_ceil(LANES);
    let mut fractions = Fractions { numerators: Vector::zero_vec(vectors), denominators: ExtVector::zero_vec(vectors) };
    let per_task = vectors.min(TASK_VECTORS);
    let task = |(task, (numerators, denominators)): (usize, (&mut [Vector], &mut [ExtVector]))| {
        let mut staged = vec![F::ZERO; per_task * FRACTION_ELEMENTS * LANES];
        for lane in 0..LANES {
            let start = lane * vectors + task * per_task;
            let mut stage = Stage { staged: &mut staged, lane, alpha };
            stage.fill(tables, messages, layout, start..start + per_task);
        }
        let staged = staged.chunks_exact(FRACTION_ELEMENTS * LANES);
        for ((numerator, denominator), staged) in numerators.iter_mut().zip(denominators).zip(staged) {
            let element = |index: usize| *Vector::from_slice(&staged[index * LANES..][..LANES]);
            *numerator = element(0);
            *denominator = ExtVector::from_basis_coefficients_fn(|index| element(1 + index));
        }
    };
    let numerators = fractions.numerators.par_chunks_mut(per_task);
    numerators.zip(fractions.denominators.par_chunks_mut(per_task)).enumerate().for_each(task);
    fractions
}

/// Fractions of neighbouring vectors, one lane of which is being written.
struct Stage<'a> {
    /// By vector, by element, by lane.
    staged: &'a mut [F],
    lane: usize,
    alpha: Ext,
}

impl Stage<'_> {
    /// Write the fractions at these places of the layout.
    fn fill(&mut self, tables: &[Table], messages: &[Vec<Message>], layout: &StackedLayout, places: Range<usize>) {
        let columns = &layout.sorted_cols;
        let end_of = |at: usize| columns.get(at).map(|(_, _, slice)| slice.row_idx + slice.len(BLOCK_LOG2));
        let mut at = columns.partition_point(|(_, _, slice)| slice.row_idx + slice.len(BLOCK_LOG2) <= places.start);
        let mut place = places.start;
        while let (true, Some(end)) = (place < places.end, end_of(at)) {
            let (table, message, slice) = &columns[at];
            let end = end.min(places.end);
            let rows = place - slice.row_idx..end - slice.row_idx;
            self.write_message(&tables[*table], &messages[*table][*message], rows, place - places.start);
            place = end;
            at += 1;
        }
        let alpha = self.alpha;
        for index in place - places.start..places.len() {
            self.write(index, F::ZERO, |coefficient| alpha.as_basis_coefficients_slice()[coefficient]);
        }
    }

    /// Write a message's fractions on some rows, from an index on.
    fn write_message(&mut self, table: &Table, message: &Message, rows: Range<usize>, index: usize) {
        let mut room = match message {
            Message::Linear { .. } => vec![],
            Message::Other { program, .. } => program.room::<BaseVectors>(),
        };
        for start in (rows.start / LANES * LANES..rows.end).step_by(LANES) {
            let Fraction { p, q } = fraction(table, message, self.alpha, start, &mut room);
            let p = p * table.norm;
            for row in start.max(rows.start)..rows.end.min(start + LANES) {
                let coefficient = |index: usize| coefficients(&q)[index].as_slice()[row - start];
                self.write(index + row - rows.start, p.as_slice()[row - start], coefficient);
            }
        }
    }

    fn write(&mut self, index: usize, numerator: F, denominator: impl Fn(usize) -> F) {
        let elements = &mut self.staged[index * FRACTION_ELEMENTS * LANES..][..FRACTION_ELEMENTS * LANES];
        elements[self.lane] = numerator;
        for coefficient in 0..COEFFICIENTS {
            elements[(1 + coefficient) * LANES + self.lane] = denominator(coefficient);
        }
    }
}

/// A message's fractions on as many rows as a vector has lanes.
fn fraction(
    table: &Table,
    message: &Message,
    alpha: Ext,
    start: usize,
    room: &mut [Vector],
) -> Fraction<Vector, ExtVector> {
    match message {
        Message::Linear { count, fingerprint } => {
            let Linear { constant, terms } = count;
            let p = terms.iter().fold(Vector::from(*constant), |sum, (&input, &coefficient)| {
                sum + table.vector(input, start) * coefficient
            });
            let Linear { constant, terms } = fingerprint;
            let q = terms.iter().fold(ExtVector::from(alpha + *constant), |sum, (&input, &coefficient)| {
                sum + BaseVectors::weigh(table.vector(input, start), coefficient)
            });
            Fraction { p, q }
        }
        Message::Other { program, powers, bus } => {
            let inputs = room.iter_mut().zip(program.inputs());
            inputs.for_each(|(place, &input)| *place = table.vector(input, start));
            let mut fraction = Fraction { p: Vector::ZERO, q: ExtVector::from(alpha + *bus) };
            program.run::<BaseVectors>(room, |output, value| match output.checked_sub(1) {
                None => fraction.p = value,
                Some(field) => fraction.q += BaseVectors::weigh(value, powers[field]),
            });
            fraction
        }
    }
}
