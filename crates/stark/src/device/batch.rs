//! The sumcheck over the rows of all tables at once.

use openvm_stark_backend::{
    FiatShamirTranscript,
    p3_field::{Field, PrimeCharacteristicRing},
    poly_common::{UnivariatePoly, eq_uni_poly, eval_eq_sharp_uni, eval_eq_uni},
    prover::{poly::eq_sharp_uni_poly, sumcheck::sumcheck_round0_deg},
};
use rayon::prelude::*;

use super::{
    config::Config,
    eq::{corners, eq},
    error::DeviceError,
    messages::WeightedMessages,
    multilinear::{BoundTable, Interpolation, RoundValues, TableOpenings},
    program::Weighted,
    table::{BLOCK, BLOCK_LOG2, Table, block_points},
    univariate::{Cosets, linear_polynomials, polynomials},
    values::Ext,
};
use engram_air::field::F;

/// A table's constraints and messages, each with its weight.
pub(super) type WeightedTable = (Weighted<1>, WeightedMessages);

/// What the first round yields.
pub(super) struct Univariate {
    /// By table: the sum of its messages' counts, and of their fingerprints.
    pub(super) numerators: Vec<Ext>,
    pub(super) denominators: Vec<Ext>,
    /// Of the round's polynomial.
    pub(super) coefficients: Vec<Ext>,
    /// By table: what its constraints sum to where the univariate variable is bound.
    pub(super) claims: Vec<Ext>,
}

/// The sumcheck under way.
pub(super) struct Batch<'a, TS> {
    transcript: &'a mut TS,
    tables: &'a [Table<'a>],
    /// The point of `eq`.
    xi: Vec<Ext>,
    /// Highest degree of any circuit.
    degree: usize,
    /// Powers of the challenge that batches: numerators and denominators in turns, then constraints.
    mu: Vec<Ext>,
    /// Where the variables are bound.
    point: Vec<Ext>,
    /// The last polynomial there.
    claim: Ext,
}

impl<'a, TS: FiatShamirTranscript<Config>> Batch<'a, TS> {
    pub(super) fn new(transcript: &'a mut TS, tables: &'a [Table<'a>], xi: Vec<Ext>, degree: usize) -> Self {
        Self { transcript, tables, xi, degree, mu: vec![], point: vec![], claim: Ext::ZERO }
    }

    /// Where the variables are bound.
    pub(super) fn into_point(self) -> Vec<Ext> {
        self.point
    }

    /// Bind the variable that runs through the rows of a block.
    pub(super) fn univariate_round(&mut self, weighted: &[WeightedTable]) -> Univariate {
        let degrees = weighted.iter().map(|(constraints, messages)| {
            let messages = messages.other.as_ref().map_or(0, |other| other.program().degree());
            messages.max(constraints.program().degree())
        });
        let cosets = Cosets::new(degrees.max().unwrap_or(0));
        let tables = self.tables.par_iter().zip(weighted);
        let sums: Vec<[UnivariatePoly<Ext>; 3]> =
            tables.map(|(table, weighted)| table_polynomials(table, weighted, &self.xi, &cosets)).collect();

        let eq_sharp = eq_sharp_uni_poly(&self.xi[..BLOCK_LOG2]);
        let messages: Vec<[Vec<Ext>; 2]> = sums
            .iter()
            .map(|[numerator, denominator, _]| [numerator, denominator].map(|sum| product(&eq_sharp, sum)))
            .collect();
        let mut univariate =
            Univariate { numerators: vec![], denominators: vec![], coefficients: vec![], claims: vec![] };
        for polynomials in &messages {
            let [numerator, denominator] = polynomials.each_ref().map(|polynomial| sum_over_block(polynomial));
            self.transcript.observe_ext(numerator);
            self.transcript.observe_ext(denominator);
            univariate.numerators.push(numerator);
            univariate.denominators.push(denominator);
        }

        let mu = self.transcript.sample_ext();
        self.mu = mu.powers().take(3 * self.tables.len()).collect();
        let (message_mu, constraint_mu) = self.mu.split_at(2 * self.tables.len());
        let coefficients_count = sumcheck_round0_deg(BLOCK_LOG2, self.degree + 1) + 1;
        let mut coefficients = vec![Ext::ZERO; coefficients_count];
        let mut constraints = UnivariatePoly::new(vec![]);
        for ([_, _, sum], &mu) in sums.iter().zip(constraint_mu) {
            add_multiple(constraints.coeffs_mut(), mu, sum.coeffs());
        }
        add_multiple(&mut coefficients, Ext::ONE, &product(&eq_uni_poly::<F, _>(BLOCK_LOG2, self.xi[0]), &constraints));
        for (polynomial, &mu) in messages.as_flattened().iter().zip(message_mu) {
            add_multiple(&mut coefficients, mu, polynomial);
        }
        // Polynomials come from more values than their degree asks for; the coefficients above it are zeros.
        coefficients.truncate(coefficients_count);
        coefficients.iter().for_each(|&coefficient| self.transcript.observe_ext(coefficient));
        let r = self.transcript.sample_ext();
        self.point.push(r);
        let polynomial = UnivariatePoly::new(coefficients);
        self.claim = polynomial.eval_at_point(r);
        univariate.claims = sums.iter().map(|[_, _, constraints]| constraints.eval_at_point(r)).collect();
        univariate.coefficients = polynomial.into_coeffs();
        univariate
    }

    /// Bind all other variables. Each round's polynomial, at 1, 2, …, and by table its columns where all variables are bound.
    pub(super) fn multilinear_rounds(
        &mut self,
        weighted: Vec<WeightedTable>,
        claims: Vec<Ext>,
    ) -> Result<(Vec<Vec<Ext>>, Vec<TableOpenings>), DeviceError> {
        let r = self.point[0];
        let interpolation = Interpolation::new(r);
        let tables = self.tables.par_iter().zip(weighted).zip(claims);
        let mut tables: Vec<BoundTable> =
            tables.map(|((table, weighted), claim)| BoundTable::new(table, &interpolation, weighted, claim)).collect();
        // The bound factors of eq: of messages, and of constraints.
        let mut bound =
            [eval_eq_sharp_uni(&block_points(), &self.xi[..BLOCK_LOG2], r), eval_eq_uni(BLOCK_LOG2, self.xi[0], r)];
        let rounds = self.tables.iter().map(Table::blocks_log2).max().unwrap_or(0);
        let mut polynomials = vec![];
        for round in 0..rounds {
            let rest = &self.xi[BLOCK_LOG2 + round..];
            let xi = rest[0];
            let inverse = (Ext::ONE - xi).try_inverse().ok_or(DeviceError::ZeroChallenge)?;
            let previous = self.point[round];
            let values: Vec<RoundValues> =
                tables.iter_mut().map(|table| table.values(rest, inverse, self.degree, bound, previous)).collect();
            let polynomial = self.round_polynomial(&values, xi, inverse, bound);
            let values: Vec<Ext> =
                (1..=self.degree + 1).map(|x| polynomial.eval_at_point(Ext::from_usize(x))).collect();
            values.iter().for_each(|&value| self.transcript.observe_ext(value));
            polynomials.push(values);
            let r = self.transcript.sample_ext();
            self.point.push(r);
            self.claim = polynomial.eval_at_point(r);
            tables.par_iter_mut().for_each(|table| table.fold(r));
            bound = bound.map(|factor| factor * eq(xi, r));
        }
        Ok((polynomials, tables.iter().map(BoundTable::openings).collect()))
    }

    /// A round's polynomial: `eq` in its variable times what tables with that variable sum to, and the variable times what the
    /// other tables do.
    fn round_polynomial(&self, values: &[RoundValues], xi: Ext, inverse: Ext, bound: [Ext; 2]) -> UnivariatePoly<Ext> {
        let mut head = vec![Ext::ZERO; self.degree + 1];
        let mut tail = Ext::ZERO;
        let (message_mu, constraint_mu) = self.mu.split_at(2 * values.len());
        for ((values, mu), &constraint_mu) in values.iter().zip(message_mu.as_chunks::<2>().0).zip(constraint_mu) {
            match values {
                RoundValues::Sums { messages, constraints } => {
                    for (value, (&[numerator, denominator], &constraints)) in
                        head[1..].iter_mut().zip(messages.iter().zip(constraints))
                    {
                        *value += bound[0] * (mu[0] * numerator + mu[1] * denominator);
                        *value += bound[1] * constraint_mu * constraints;
                    }
                }
                RoundValues::Last([numerator, denominator, constraints]) => {
                    tail += mu[0] * *numerator + mu[1] * *denominator + constraint_mu * *constraints;
                }
            }
        }
        head[0] = (self.claim - xi * head[1] - tail) * inverse;
        let numbers: Vec<F> = (0..=self.degree).map(F::from_usize).collect();
        let head = UnivariatePoly::lagrange_interpolate(&numbers, &head);
        let eq = UnivariatePoly::new(vec![Ext::ONE - xi, xi.double() - Ext::ONE]);
        let mut coefficients = product(&eq, &head);
        coefficients[1] += tail;
        UnivariatePoly::new(coefficients)
    }
}

/// A table's sums over blocks, as polynomials: of counts, of fingerprints and of constraints, each times `eq` of the block.
fn table_polynomials(
    table: &Table,
    (constraints, messages): &WeightedTable,
    xi: &[Ext],
    cosets: &Cosets,
) -> [UnivariatePoly<Ext>; 3] {
    let eq = corners(&xi[BLOCK_LOG2..][..table.blocks_log2()]);
    let [quotient] = polynomials(table, constraints, &eq, cosets, true);
    // Times what vanishes on the rows of a block.
    let mut vanishing = vec![Ext::ZERO; BLOCK];
    vanishing.extend(quotient.coeffs());
    vanishing.iter_mut().zip(quotient.coeffs()).for_each(|(sum, &coefficient)| *sum -= coefficient);
    let [mut numerator, mut denominator] = linear_polynomials(table, &messages.linear, &eq);
    if let Some(other) = &messages.other {
        let [more_numerator, more_denominator] = polynomials(table, other, &eq, cosets, false);
        add_multiple(numerator.coeffs_mut(), Ext::ONE, more_numerator.coeffs());
        add_multiple(denominator.coeffs_mut(), Ext::ONE, more_denominator.coeffs());
    }
    numerator.coeffs_mut().iter_mut().for_each(|coefficient| *coefficient *= table.norm);
    [numerator, denominator, UnivariatePoly::new(vanishing)]
}

/// Add a multiple of a polynomial to another, by coefficients.
fn add_multiple(sum: &mut Vec<Ext>, by: Ext, coefficients: &[Ext]) {
    if sum.len() < coefficients.len() {
        sum.resize(coefficients.len(), Ext::ZERO);
    }
    sum.iter_mut().zip(coefficients).for_each(|(sum, &coefficient)| *sum += by * coefficient);
}

fn product(a: &UnivariatePoly<Ext>, b: &UnivariatePoly<Ext>) -> Vec<Ext> {
    let mut product = vec![Ext::ZERO; (a.coeffs().len() + b.coeffs().len()).saturating_sub(1)];
    for (power, &coefficient) in a.coeffs().iter().enumerate() {
        let sums = product.iter_mut().skip(power);
        sums.zip(b.coeffs()).for_each(|(sum, &other)| *sum += coefficient * other);
    }
    product
}

/// The sum of a polynomial over the points that stand for the rows of a block.
fn sum_over_block(coefficients: &[Ext]) -> Ext {
    coefficients.iter().step_by(BLOCK).copied().sum::<Ext>() * F::from_usize(BLOCK)
}
