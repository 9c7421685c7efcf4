//! The sumcheck of one layer of fractions.
//!
//! It sums `eq(ξ, y) · (p₀(y) q₁(y) + p₁(y) q₀(y) + λ q₀(y) q₁(y))` over the corners `y`, where 0 and 1 name the two fractions whose
//! sum is the one of `y`. A round's polynomial is `eq` in one variable times a quadratic. Of the quadratic, the value at 0 and the
//! leading coefficient are summed up, and the value at 1 follows from the claim.
//! (Gruen, [Some Improvements for the PIOP for ZeroCheck](https://eprint.iacr.org/2024/108), section 3.2.)

use openvm_stark_backend::{
    FiatShamirTranscript,
    p3_field::{Algebra, Field, PrimeCharacteristicRing},
};
use rayon::prelude::*;

use super::{
    config::Config,
    eq::{SplitEq, corners, eq},
    error::DeviceError,
    fraction::Fraction,
    values::{Ext, ExtKind, ExtSingles, ExtVector, ExtVectors, Exts, Kind, LANES, LANES_LOG2},
};

/// What a layer's sumcheck ends with.
pub(super) struct Outcome {
    /// Each round's polynomial, at 1, 2 and 3.
    pub(super) polynomials: Vec<[Ext; 3]>,
    /// Where the variables are bound.
    pub(super) point: Vec<Ext>,
    /// `p₀ q₀ p₁ q₁` there.
    pub(super) claims: [Ext; 4],
}

/// Room for layers while their variables are bound, made once for all layers.
pub(super) struct Buffers(Vec<ExtVector>, Vec<ExtVector>);

impl Buffers {
    /// For a layer of `2^log2` fractions and all smaller ones.
    pub(super) fn for_layer(log2: usize) -> Self {
        // What is left of them when two variables are bound, and when three are.
        let quads = (1usize << log2).div_ceil(8 * LANES);
        Self(ExtVector::zero_vec(4 * quads), ExtVector::zero_vec(2 * quads))
    }
}

/// A sumcheck under way.
pub(super) struct Sumcheck<'a, TS> {
    transcript: &'a mut TS,
    /// `ξ`.
    point: &'a [Ext],
    lambda: Ext,
    /// What the sum over the unbound variables is, without the factors of `eq` that are bound.
    claim: Ext,
    /// Those factors.
    prefix: Ext,
    polynomials: Vec<[Ext; 3]>,
    bound: Vec<Ext>,
}

impl<'a, TS: FiatShamirTranscript<Config>> Sumcheck<'a, TS> {
    /// Of the layer whose sums are claimed by the four values, at a point whose first coordinate chooses between them.
    pub(super) fn new(transcript: &'a mut TS, point: &'a [Ext], [p_0, q_0, p_1, q_1]: [Ext; 4]) -> Self {
        let lambda = transcript.sample_ext();
        let between = |a: Ext, b: Ext| a + point[0] * (b - a);
        let claim = between(p_0, p_1) + lambda * between(q_0, q_1);
        Self { transcript, point, lambda, claim, prefix: Ext::ONE, polynomials: vec![], bound: vec![] }
    }

    /// Of a layer that is kept one by one.
    pub(super) fn singles(
        mut self,
        fraction: impl Fn(usize) -> Fraction<Ext, Ext> + Sync,
    ) -> Result<Outcome, DeviceError> {
        let layer = LayerSource { fraction, lambda: self.lambda };
        let quads = Ext::zero_vec(4 << self.point.len());
        let mut buffers = (quads.clone(), quads);
        let bits = self.point.len();
        let quad = self.bind::<ExtSingles>(&layer, bits, &[Ext::ONE], (&mut buffers.0, &mut buffers.1))?;
        Ok(self.end(quad))
    }

    /// Of a layer of vectors.
    pub(super) fn vectors<P: Copy + Send + Sync + std::ops::Sub<Output = P>>(
        mut self,
        fraction: impl Fn(usize) -> Fraction<P, ExtVector> + Sync,
        buffers: &mut Buffers,
    ) -> Result<Outcome, DeviceError>
    where
        ExtVector: Algebra<P>,
    {
        let layer = LayerSource { fraction, lambda: self.lambda };
        let bits = self.point.len() - LANES_LOG2;
        let lanes = corners(&self.point[bits..]);
        let quad = self.bind::<ExtVectors>(&layer, bits, &lanes, (&mut buffers.0, &mut buffers.1))?;
        let quads: Vec<[Ext; 4]> = (0..LANES).map(|lane| quad.map(|value| ExtVectors::lane(&value, lane))).collect();
        let [quad] = quads[..] else {
            let room = Ext::zero_vec(4 * LANES);
            let mut buffers = (room.clone(), room);
            let quad = self.bind::<ExtSingles>(
                &Quads(|index: usize| quads[index]),
                LANES_LOG2,
                &[Ext::ONE],
                (&mut buffers.0, &mut buffers.1),
            )?;
            return Ok(self.end(quad));
        };
        Ok(self.end(quad))
    }

    /// Bind the next `bits` variables, the low ones of the source's indices. The unbound ones are those of the lanes.
    ///
    /// Nothing is stored before two variables are bound: the source is large, and folding it twice costs less than memory does.
    fn bind<K: ExtKind>(
        &mut self,
        source: &impl Source<K::Ext>,
        bits: usize,
        lanes: &[Ext],
        (mut front, mut back): (&mut [K::Ext], &mut [K::Ext]),
    ) -> Result<[K::Ext; 4], DeviceError> {
        let rest = &self.point[self.bound.len()..][..bits];
        let r = self.send::<K>(sum(source, &SplitEq::new(&rest[1..])), lanes)?;
        let folded = Quads(|index: usize| source.fold_pair(index, r));
        if let [_] = rest {
            return Ok(folded.entry(0));
        }
        let r = self.send::<K>(sum(&folded, &SplitEq::new(&rest[2..])), lanes)?;
        if let [_, _] = rest {
            return Ok(folded.fold_pair(0, r));
        }
        let mut quads = &mut front.as_chunks_mut::<4>().0[..1 << (bits - 2)];
        let mut r = self.send::<K>(fold_and_sum(&folded, r, quads, &SplitEq::new(&rest[3..])), lanes)?;
        for left in (1..bits - 2).rev() {
            let next = &mut back.as_chunks_mut::<4>().0[..1 << left];
            let sums =
                fold_and_sum(&Quads(|index: usize| quads[index]), r, next, &SplitEq::new(&rest[bits - left + 1..]));
            r = self.send::<K>(sums, lanes)?;
            std::mem::swap(&mut front, &mut back);
            quads = &mut front.as_chunks_mut::<4>().0[..1 << left];
        }
        Ok(Quads(|index: usize| quads[index]).fold_pair(0, r))
    }

    /// Send the round's polynomial, from the quadratic's value at 0 and its leading coefficient, and bind the variable.
    fn send<K: ExtKind>(&mut self, sums: [K::Ext; 2], lanes: &[Ext]) -> Result<Ext, DeviceError> {
        let [at_0, leading] = sums.map(|sum| K::weighted_sum(sum, lanes));
        let xi = self.point[self.bound.len()];
        let inverse = xi.try_inverse().ok_or(DeviceError::ZeroChallenge)?;
        let at_1 = (self.claim - (Ext::ONE - xi) * at_0) * inverse;
        let linear = at_1 - at_0 - leading;
        let quadratic = |x: Ext| at_0 + x * (linear + x * leading);
        let polynomial = [1, 2, 3].map(|x| {
            let x = Ext::from_u32(x);
            self.prefix * eq(xi, x) * quadratic(x)
        });
        for value in polynomial {
            self.transcript.observe_ext(value);
        }
        let r = self.transcript.sample_ext();
        self.polynomials.push(polynomial);
        self.bound.push(r);
        self.claim = quadratic(r);
        self.prefix *= eq(xi, r);
        Ok(r)
    }

    fn end(self, [p_0_and_more, q_0, p_1, q_1]: [Ext; 4]) -> Outcome {
        let claims = [p_0_and_more - self.lambda * q_0, q_0, p_1, q_1];
        Outcome { polynomials: self.polynomials, point: self.bound, claims }
    }
}

/// `p₀ q₀ p₁ q₁` by corner, in a form that can be folded.
trait Source<A>: Sync {
    type Entry: Copy;

    fn entry(&self, index: usize) -> Self::Entry;

    /// The summand without `eq`.
    fn term(&self, entry: Self::Entry) -> A;

    fn difference(a: Self::Entry, b: Self::Entry) -> Self::Entry;

    /// Between two entries, where the variable that tells them apart is `r`: `p₀ + λ q₀`, and `q₀ p₁ q₁`.
    fn fold(&self, at_0: Self::Entry, at_1: Self::Entry, r: Ext) -> [A; 4];

    /// The two entries of a pair, folded.
    fn fold_pair(&self, pair: usize, r: Ext) -> [A; 4] {
        self.fold(self.entry(2 * pair), self.entry(2 * pair + 1), r)
    }
}

/// A layer as it is: fractions `2i` and `2i + 1` are entry `i`.
struct LayerSource<Get> {
    fraction: Get,
    lambda: Ext,
}

impl<P, A, Get> Source<A> for LayerSource<Get>
where
    P: Copy + std::ops::Sub<Output = P>,
    A: Exts + Algebra<P>,
    Get: Fn(usize) -> Fraction<P, A> + Sync,
{
    type Entry = [Fraction<P, A>; 2];

    fn entry(&self, index: usize) -> Self::Entry {
        [(self.fraction)(2 * index), (self.fraction)(2 * index + 1)]
    }

    fn term(&self, [a, b]: Self::Entry) -> A {
        b.q * a.p + a.q * b.p + a.q * b.q * self.lambda
    }

    fn difference(a: Self::Entry, b: Self::Entry) -> Self::Entry {
        [0, 1].map(|side| Fraction { p: a[side].p - b[side].p, q: a[side].q - b[side].q })
    }

    fn fold(&self, at_0: Self::Entry, at_1: Self::Entry, r: Ext) -> [A; 4] {
        let wide_r = A::from(r);
        let [(p_0, q_0), (p_1, q_1)] = [0, 1].map(|side| {
            let (zero, one) = (at_0[side], at_1[side]);
            (wide_r * (one.p - zero.p) + zero.p, (one.q - zero.q) * r + zero.q)
        });
        [p_0 + q_0 * self.lambda, q_0, p_1, q_1]
    }
}

/// Entries as [`Source::fold`] leaves them.
struct Quads<Get>(Get);

impl<A: Exts, Get: Fn(usize) -> [A; 4] + Sync> Source<A> for Quads<Get> {
    type Entry = [A; 4];

    fn entry(&self, index: usize) -> [A; 4] {
        self.0(index)
    }

    fn term(&self, [p_0_and_more, q_0, p_1, q_1]: [A; 4]) -> A {
        p_0_and_more * q_1 + p_1 * q_0
    }

    fn difference(a: [A; 4], b: [A; 4]) -> [A; 4] {
        std::array::from_fn(|column| a[column] - b[column])
    }

    fn fold(&self, at_0: [A; 4], at_1: [A; 4], r: Ext) -> [A; 4] {
        std::array::from_fn(|column| (at_1[column] - at_0[column]) * r + at_0[column])
    }
}

/// The sums, over pairs of entries, of the quadratic's value at 0 and of its leading coefficient.
fn sum<A: Exts>(source: &impl Source<A>, eq: &SplitEq) -> [A; 2] {
    let task = |(task, &high): (usize, &Ext)| {
        let mut sums = [A::ZERO; 2];
        for (pair, &low) in (task * eq.low.len()..).zip(&eq.low) {
            add_pair(source, pair, low, &mut sums);
        }
        sums.map(|sum| sum * high)
    };
    eq.high.par_iter().enumerate().map(task).reduce(|| [A::ZERO; 2], add)
}

/// Bind a variable of the source, and sum over pairs of what comes out.
fn fold_and_sum<A: Exts>(source: &impl Source<A>, r: Ext, quads: &mut [[A; 4]], eq: &SplitEq) -> [A; 2] {
    let task = |(task, (quads, &high)): (usize, (&mut [[A; 4]], &Ext))| {
        let mut sums = [A::ZERO; 2];
        let start = task * eq.low.len();
        for ((pair, quads), &low) in (start..).zip(quads.as_chunks_mut::<2>().0).zip(&eq.low) {
            for (half, quad) in quads.iter_mut().enumerate() {
                *quad = source.fold_pair(2 * pair + half, r);
            }
            add_pair(&Quads(|half: usize| quads[half]), 0, low, &mut sums);
        }
        sums.map(|sum| sum * high)
    };
    quads.par_chunks_mut(2 * eq.low.len()).zip(&eq.high).enumerate().map(task).reduce(|| [A::ZERO; 2], add)
}

fn add_pair<A: Exts, S: Source<A>>(source: &S, pair: usize, low: Ext, sums: &mut [A; 2]) {
    let (at_0, at_1) = (source.entry(2 * pair), source.entry(2 * pair + 1));
    sums[0] += source.term(at_0) * low;
    sums[1] += source.term(S::difference(at_1, at_0)) * low;
}

fn add<A: Exts>(a: [A; 2], b: [A; 2]) -> [A; 2] {
    [a[0] + b[0], a[1] + b[1]]
}
