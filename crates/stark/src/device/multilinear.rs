//! The rounds after the first: a table's rows, bound variable by variable.
//!
//! After the first round a table has one row a block, of extension elements. Its messages that are sums of inputs are two more
//! columns, the weighted sums of counts and of fingerprints, since binding a variable of a sum is binding it in its parts.

use openvm_stark_backend::{
    p3_field::{BasedVectorSpace, Field, PackedValue, PrimeCharacteristicRing, batch_multiplicative_inverse},
    poly_common::UnivariatePoly,
};
use rayon::prelude::*;

use super::{
    eq::{SplitEq, corners},
    messages::WeightedMessages,
    program::Weighted,
    table::{BLOCK, BLOCK_LOG2, Input, Table, block_points},
    values::{
        COEFFICIENTS, Ext, ExtKind, ExtSingles, ExtVector, ExtVectors, Kind, LANES, LANES_LOG2, Vector, continue_values,
    },
};
use engram_air::field::F;

/// Rows that one task makes.
const TASK_ROWS: usize = 1 << 6;

/// Where the columns of a bound table are.
#[derive(Clone, Copy)]
struct Places {
    next: usize,
    first_row: usize,
    last_row: usize,
    /// Of the two columns of messages.
    messages: usize,
    width: usize,
}

impl Places {
    fn of(table: &Table) -> Self {
        let next = table.width();
        let first_row = if table.reads_next() { 2 * next } else { next };
        Self { next, first_row, last_row: first_row + 1, messages: first_row + 2, width: first_row + 4 }
    }

    fn of_input(&self, input: Input) -> usize {
        match input {
            Input::Local(column) => column,
            Input::Next(column) => self.next + column,
            Input::FirstRow => self.first_row,
            Input::LastRow => self.last_row,
        }
    }

    /// The input that a column comes from.
    fn input_at(&self, place: usize) -> Input {
        if place == self.first_row {
            Input::FirstRow
        } else if place == self.last_row {
            Input::LastRow
        } else if place < self.next {
            Input::Local(place)
        } else {
            Input::Next(place - self.next)
        }
    }
}

/// Rows of extension elements, row by row.
struct Rows<K: ExtKind> {
    width: usize,
    values: Vec<K::Ext>,
}

impl<K: ExtKind> Rows<K> {
    fn height(&self) -> usize {
        self.values.len() / self.width
    }

    fn row(&self, index: usize) -> &[K::Ext] {
        &self.values[index * self.width..][..self.width]
    }

    /// Bind the lowest variable.
    fn fold(&self, r: Ext) -> Self {
        let mut values = K::Ext::zero_vec(self.values.len() / 2);
        let fold = |(pair, row): (usize, &mut [K::Ext])| {
            let (at_0, at_1) = (self.row(2 * pair), self.row(2 * pair + 1));
            for ((value, &at_0), &at_1) in row.iter_mut().zip(at_0).zip(at_1) {
                *value = (at_1 - at_0) * r + at_0;
            }
        };
        values.par_chunks_exact_mut(self.width).enumerate().with_min_len(TASK_ROWS).for_each(fold);
        Self { width: self.width, values }
    }

    /// The sums over pairs of rows, each times its `eq`, of weighted expressions, where the variable that tells the rows of a pair
    /// apart is each of some consecutive numbers.
    fn sums<const N: usize>(
        &self,
        weighted: &Weighted<N>,
        places: &Places,
        numbers: std::ops::Range<u32>,
        eq: &SplitEq,
        lanes: &[Ext],
    ) -> Vec<[Ext; N]> {
        let program = weighted.program();
        let columns: Vec<usize> = program.inputs().iter().map(|&input| places.of_input(input)).collect();
        let task = |(task, &high): (usize, &Ext)| {
            let mut room = program.room::<K>();
            let mut steps = K::Ext::zero_vec(columns.len());
            let mut sums = vec![[K::Ext::ZERO; N]; numbers.len()];
            for (pair, &low) in (task * eq.low.len()..).zip(&eq.low) {
                let (at_0, at_1) = (self.row(2 * pair), self.row(2 * pair + 1));
                for ((value, step), &column) in room.iter_mut().zip(&mut steps).zip(&columns) {
                    *step = at_1[column] - at_0[column];
                    *value = at_0[column];
                }
                let go_on = |room: &mut [K::Ext]| room.iter_mut().zip(&steps).for_each(|(value, &step)| *value += step);
                (0..numbers.start).for_each(|_| go_on(&mut room));
                for (number, sums) in sums.iter_mut().enumerate() {
                    if number > 0 {
                        go_on(&mut room);
                    }
                    let more = weighted.run::<K>(&mut room);
                    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more * low);
                }
            }
            sums.as_flattened_mut().iter_mut().for_each(|sum| *sum *= high);
            sums
        };
        let add = |mut sums: Vec<[K::Ext; N]>, more: Vec<[K::Ext; N]>| {
            sums.as_flattened_mut().iter_mut().zip(more.as_flattened()).for_each(|(sum, &more)| *sum += more);
            sums
        };
        let sums = eq.high.par_iter().enumerate().map(task).reduce_with(add).unwrap_or_default();
        sums.into_iter().map(|sums| sums.map(|sum| K::weighted_sum(sum, lanes))).collect()
    }

    /// The sums over pairs of rows, each times its `eq`, of two neighbouring columns: at 0, then at 1.
    fn column_sums(&self, column: usize, eq: &SplitEq, lanes: &[Ext]) -> [[Ext; 2]; 2] {
        let task = |(task, &high): (usize, &Ext)| {
            let mut sums = [K::Ext::ZERO; 4];
            for (pair, &low) in (task * eq.low.len()..).zip(&eq.low) {
                for (number, sums) in sums.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    let columns = &self.row(2 * pair + number)[column..column + 2];
                    sums.iter_mut().zip(columns).for_each(|(sum, &value)| *sum += value * low);
                }
            }
            sums.map(|sum| sum * high)
        };
        let add = |a: [K::Ext; 4], b: [K::Ext; 4]| std::array::from_fn(|index| a[index] + b[index]);
        let sums = eq.high.par_iter().enumerate().map(task).reduce(|| [K::Ext::ZERO; 4], add);
        let [numerator_0, denominator_0, numerator_1, denominator_1] = sums.map(|sum| K::weighted_sum(sum, lanes));
        [[numerator_0, denominator_0], [numerator_1, denominator_1]]
    }
}

/// A table's rows; a row's highest bits are its lane, so that lanes are bound last.
enum BoundRows {
    Vectors(Rows<ExtVectors>),
    Singles(Rows<ExtSingles>),
}

impl BoundRows {
    /// See [`Rows::sums`].
    fn sums<const N: usize>(
        &self,
        weighted: &Weighted<N>,
        places: &Places,
        numbers: std::ops::Range<u32>,
        eq: &SplitEq,
        lanes: &[Ext],
    ) -> Vec<[Ext; N]> {
        match self {
            Self::Vectors(rows) => rows.sums(weighted, places, numbers, eq, lanes),
            Self::Singles(rows) => rows.sums(weighted, places, numbers, eq, lanes),
        }
    }
}

/// Values that interpolate what is on the rows of a block at a challenge.
pub(super) struct Interpolation {
    weights: [Ext; BLOCK],
    /// By coefficient.
    vectors: [[Vector; BLOCK]; COEFFICIENTS],
}

impl Interpolation {
    pub(super) fn new(r: Ext) -> Self {
        let roots = block_points();
        let inverses = batch_multiplicative_inverse(&roots.map(|root| r - root));
        let scale = (r.exp_power_of_2(BLOCK_LOG2) - Ext::ONE) * F::from_usize(BLOCK).inverse();
        let weights: [Ext; BLOCK] = std::array::from_fn(|row| scale * inverses[row] * roots[row]);
        let coefficient = |index: usize, row: usize| {
            Vector::from(BasedVectorSpace::<F>::as_basis_coefficients_slice(&weights[row])[index])
        };
        let vectors = std::array::from_fn(|index| std::array::from_fn(|row| coefficient(index, row)));
        Self { weights, vectors }
    }

    fn single(&self, table: &Table, input: Input, block: usize) -> Ext {
        self.weights.iter().zip(table.block(input, block)).map(|(&weight, value)| weight * value).sum()
    }

    /// Of as many blocks as there are lanes, `blocks` apart.
    fn vector(&self, table: &Table, input: Input, block: usize, blocks: usize) -> ExtVector {
        let lanes: [[F; BLOCK]; LANES] = std::array::from_fn(|lane| table.block(input, block + lane * blocks));
        let rows: [Vector; BLOCK] = std::array::from_fn(|row| Vector::from_fn(|lane| lanes[lane][row]));
        ExtVector::from_basis_coefficients_fn(|index| Vector::dot_product(&rows, &self.vectors[index]))
    }
}

/// A table after the first round.
pub(super) struct BoundTable {
    places: Places,
    rows: BoundRows,
    /// Variables that are not bound.
    variables: usize,
    constraints: Weighted<1>,
    messages: WeightedMessages,
    /// One over how often each row is repeated.
    norm: F,
    /// What the sum over unbound variables of `eq` times constraints is.
    claim: Ext,
    /// The last round's values of that sum, at 0, 1, …
    constraint_values: Vec<Ext>,
    /// Once all variables are bound: the sums of counts, of fingerprints and of constraints.
    last: Option<[Ext; 3]>,
}

/// By column of a table: its value at a point, and its value in the next row there, if that is read.
pub(super) type TableOpenings = Vec<(Ext, Option<Ext>)>;

/// What a table contributes to a round.
pub(super) enum RoundValues {
    /// Values of its sums at 1, 2, …, without the factors of `eq` that are bound.
    Sums {
        /// Of counts and of fingerprints.
        messages: Vec<[Ext; 2]>,
        constraints: Vec<Ext>,
    },
    /// Where the table has no variable left: its sums of counts, of fingerprints and of constraints, times the round's variable.
    Last([Ext; 3]),
}

impl BoundTable {
    /// The table where the univariate variable is bound; `claim` is the sum of `eq` times constraints there.
    pub(super) fn new(
        table: &Table,
        interpolation: &Interpolation,
        (constraints, messages): (Weighted<1>, WeightedMessages),
        claim: Ext,
    ) -> Self {
        let places = Places::of(table);
        let variables = table.blocks_log2();
        let rows = if variables > LANES_LOG2 {
            let height = 1usize << (variables - LANES_LOG2);
            let value = |input, row| interpolation.vector(table, input, row, height);
            BoundRows::Vectors(bind_blocks(places, height, &messages, value))
        } else {
            let value = |input, row| interpolation.single(table, input, row);
            BoundRows::Singles(bind_blocks(places, 1 << variables, &messages, value))
        };
        let norm = table.norm;
        let (constraint_values, last) = (vec![], None);
        Self { places, rows, variables, constraints, messages, norm, claim, constraint_values, last }
    }

    /// The values of the round for the first coordinate of `eq`'s point, of which `inverse` is one over its complement. `bound` are
    /// the factors of `eq` that are bound, of messages and of constraints, and `previous` the challenge of the round before.
    pub(super) fn values(
        &mut self,
        point: &[Ext],
        inverse: Ext,
        degree: usize,
        bound: [Ext; 2],
        previous: Ext,
    ) -> RoundValues {
        if self.variables == 0 {
            let last = match self.last {
                Some(last) => last.map(|value| value * previous),
                None => {
                    let [numerator, denominator, constraints] = self.single_row();
                    [numerator * bound[0], denominator * bound[0], constraints * bound[1]]
                }
            };
            self.last = Some(last);
            return RoundValues::Last(last);
        }
        let point = &point[..self.variables];
        let lanes_log2 = if matches!(self.rows, BoundRows::Vectors(_)) { LANES_LOG2 } else { 0 };
        let (vectors, lanes) = point[1..].split_at(self.variables - 1 - lanes_log2);
        let (eq, lanes) = (SplitEq::new(vectors), corners(lanes));
        self.constraint_values = self.constraint_sums(point[0], inverse, &eq, &lanes);
        let mut constraints = self.constraint_values.clone();
        continue_values(&mut constraints, degree + 1);
        RoundValues::Sums { messages: self.message_sums(degree, &eq, &lanes), constraints: constraints.split_off(1) }
    }

    /// Bind a variable.
    pub(super) fn fold(&mut self, r: Ext) {
        if self.variables == 0 {
            return;
        }
        self.variables -= 1;
        let numbers: Vec<F> = (0..self.constraint_values.len()).map(F::from_usize).collect();
        self.claim = UnivariatePoly::lagrange_interpolate(&numbers, &self.constraint_values).eval_at_point(r);
        self.rows = match &self.rows {
            BoundRows::Singles(rows) => BoundRows::Singles(rows.fold(r)),
            BoundRows::Vectors(rows) => {
                let rows = rows.fold(r);
                if rows.height() > 1 { BoundRows::Vectors(rows) } else { BoundRows::Singles(singles(&rows)) }
            }
        };
    }

    /// The columns where all variables are bound.
    pub(super) fn openings(&self) -> TableOpenings {
        let BoundRows::Singles(rows) = &self.rows else { return vec![] };
        let next =
            |column: usize| (self.places.first_row > self.places.next).then(|| rows.values[self.places.next + column]);
        (0..self.places.next).map(|column| (rows.values[column], next(column))).collect()
    }

    /// Values at 0, 1, … of the sum of `eq` times constraints. That at 0 follows from the claim.
    fn constraint_sums(&self, xi: Ext, inverse: Ext, eq: &SplitEq, lanes: &[Ext]) -> Vec<Ext> {
        let degree = self.constraints.program().degree() as u32;
        let mut values = vec![Ext::ZERO];
        if degree > 0 {
            let sums = self.rows.sums(&self.constraints, &self.places, 1..degree + 1, eq, lanes);
            values.extend(sums.as_flattened());
            values[0] = (self.claim - xi * values[1]) * inverse;
        }
        values
    }

    /// Values at 1, 2, … of the sums of `eq` times counts, and times fingerprints.
    fn message_sums(&self, degree: usize, eq: &SplitEq, lanes: &[Ext]) -> Vec<[Ext; 2]> {
        let linear = match &self.rows {
            BoundRows::Vectors(rows) => rows.column_sums(self.places.messages, eq, lanes),
            BoundRows::Singles(rows) => rows.column_sums(self.places.messages, eq, lanes),
        };
        let other = self.messages.other.as_ref().map(|other| {
            let numbers = 0..other.program().degree() as u32 + 1;
            self.rows.sums(other, &self.places, numbers, eq, lanes)
        });
        let continued = |sums: &[[Ext; 2]], output: usize| {
            let mut values: Vec<Ext> = sums.iter().map(|sums| sums[output]).collect();
            continue_values(&mut values, degree + 1);
            values
        };
        let [numerators, denominators] = [0, 1].map(|output| {
            let mut values = continued(&linear, output);
            if let Some(other) = &other {
                values.iter_mut().zip(continued(other, output)).for_each(|(value, more)| *value += more);
            }
            values
        });
        let pairs = numerators.into_iter().zip(denominators).skip(1);
        pairs.map(|(numerator, denominator)| [numerator * self.norm, denominator]).collect()
    }

    /// Sums of counts, of fingerprints and of constraints, where all variables are bound.
    fn single_row(&self) -> [Ext; 3] {
        let BoundRows::Singles(rows) = &self.rows else { return [Ext::ZERO; 3] };
        let row = rows.row(0);
        let [constraints] = run(&self.constraints, &self.places, row);
        let mut messages = [row[self.places.messages], row[self.places.messages + 1]];
        if let Some(other) = &self.messages.other {
            let more = run(other, &self.places, row);
            messages.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        [messages[0] * self.norm, messages[1], constraints]
    }
}

/// Weighted expressions on a row.
fn run<const N: usize>(weighted: &Weighted<N>, places: &Places, row: &[Ext]) -> [Ext; N] {
    let mut room = weighted.program().room::<ExtSingles>();
    let inputs = room.iter_mut().zip(weighted.program().inputs());
    inputs.for_each(|(value, &input)| *value = row[places.of_input(input)]);
    weighted.run::<ExtSingles>(&mut room)
}

/// One row a block, where `value` says what an input comes to.
fn bind_blocks<K: ExtKind>(
    places: Places,
    height: usize,
    messages: &WeightedMessages,
    value: impl Fn(Input, usize) -> K::Ext + Sync,
) -> Rows<K> {
    let mut values = K::Ext::zero_vec(height * places.width);
    let task = |(task, rows): (usize, &mut [K::Ext])| {
        let start = task * TASK_ROWS;
        for place in 0..places.messages {
            let input = places.input_at(place);
            for (row, values) in (start..).zip(rows.chunks_exact_mut(places.width)) {
                values[place] = value(input, row);
            }
        }
        for values in rows.chunks_exact_mut(places.width) {
            for (place, linear) in (places.messages..).zip(&messages.linear) {
                let terms = linear.terms.iter();
                let sum = terms.map(|(&input, &by)| values[places.of_input(input)] * by).sum::<K::Ext>();
                values[place] = sum + linear.constant;
            }
        }
    };
    values.par_chunks_mut(TASK_ROWS * places.width).enumerate().for_each(task);
    Rows { width: places.width, values }
}

/// The rows of a single vector of rows, by lane.
fn singles(rows: &Rows<ExtVectors>) -> Rows<ExtSingles> {
    let lane = |lane: usize| rows.values.iter().map(move |value| ExtVectors::lane(value, lane));
    Rows { width: rows.width, values: (0..LANES).flat_map(lane).collect() }
}
