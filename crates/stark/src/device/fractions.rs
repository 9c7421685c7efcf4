//! The sum of many fractions, proven layer by layer (GKR for logarithmic derivatives, as the backend's verifier checks it).
//!
//! A layer has a fraction for each corner of a cube, and the layer above it the sums of pairs: those whose corners differ in the
//! lowest bit. From the top down, what is claimed of a layer at a random point becomes, by a sumcheck, a claim about the layer
//! below.
//!
//! Large layers are vectors. A corner's highest bits are its lane and the others its vector, so that the corners of a pair lie in
//! the same lane of neighbours, and a sumcheck binds lanes last.

use openvm_stark_backend::{
    FiatShamirTranscript, p3_field::PrimeCharacteristicRing, proof::GkrLayerClaims,
    prover::fractional_sumcheck_gkr::FracSumcheckProof,
};
use rayon::prelude::*;

use super::{
    config::Config,
    error::DeviceError,
    fraction::Fraction,
    fraction_rounds::{Buffers, Sumcheck},
    values::{Ext, ExtVector, ExtVectors, Kind, LANES, LANES_LOG2, Vector},
};

/// Layers up to this many bits are kept one by one.
const SINGLES_LOG2: usize = 8;

/// Vectors that one task of building a layer makes.
const TASK_VECTORS: usize = 1 << 8;

/// The lowest layer: numerators in the base field over denominators.
pub(super) struct Fractions {
    pub(super) numerators: Vec<Vector>,
    pub(super) denominators: Vec<ExtVector>,
}

impl Fractions {
    fn log2(&self) -> usize {
        self.numerators.len().trailing_zeros() as usize + LANES_LOG2
    }

    fn at(&self, index: usize) -> Fraction<Vector, ExtVector> {
        Fraction { p: self.numerators[index], q: self.denominators[index] }
    }

    /// Of the layer above.
    fn pair(&self, index: usize) -> Fraction<ExtVector, ExtVector> {
        self.at(2 * index).add(self.at(2 * index + 1))
    }
}

/// A layer above the lowest.
enum Layer {
    Singles(Vec<Fraction<Ext, Ext>>),
    Vectors(Vec<Fraction<ExtVector, ExtVector>>),
}

impl Layer {
    /// The layer of these vectors.
    fn new(vectors: Vec<Fraction<ExtVector, ExtVector>>) -> Self {
        if vectors.len() * LANES > 1 << SINGLES_LOG2 {
            return Self::Vectors(vectors);
        }
        let lane = |lane: usize| {
            vectors.iter().map(move |vector| Fraction {
                p: ExtVectors::lane(&vector.p, lane),
                q: ExtVectors::lane(&vector.q, lane),
            })
        };
        Self::Singles((0..LANES).flat_map(lane).collect())
    }

    /// The layer above this one.
    fn above(&self) -> Option<Self> {
        match self {
            Self::Singles(singles) => {
                let (pairs, _) = singles.as_chunks::<2>();
                (!pairs.is_empty()).then(|| Self::Singles(pairs.iter().map(|[a, b]| a.add(*b)).collect()))
            }
            Self::Vectors(vectors) => {
                let pairs = vectors.as_chunks::<2>().0.par_iter().with_min_len(TASK_VECTORS);
                Some(Self::new(pairs.map(|[a, b]| a.add(*b)).collect()))
            }
        }
    }
}

/// The layers, lowest first. Where the lowest is of vectors, the first is the one two above it: that and the one between are read
/// from the fractions themselves, which costs less than the memory would.
fn layers(fractions: &Fractions) -> Vec<Layer> {
    let lowest = |index: usize| fractions.at(index);
    let vectors = 0..fractions.numerators.len();
    let mut layers = vec![if fractions.log2() <= SINGLES_LOG2 {
        let with_wide_numerator = |Fraction { p, q }| Fraction { p: ExtVector::from(p), q };
        Layer::new(vectors.map(lowest).map(with_wide_numerator).collect())
    } else {
        let fours = (0..vectors.len() / 4).into_par_iter().with_min_len(TASK_VECTORS);
        Layer::new(fours.map(|index| fractions.pair(2 * index).add(fractions.pair(2 * index + 1))).collect())
    }];
    while let Some(layer) = layers.last().and_then(Layer::above) {
        layers.push(layer);
    }
    layers
}

/// Prove that the fractions sum to zero. The proof, and the point at which the lowest layer is claimed.
///
/// # Errors
/// They do not sum to zero.
pub(super) fn prove<TS: FiatShamirTranscript<Config>>(
    transcript: &mut TS,
    fractions: &Fractions,
) -> Result<(FracSumcheckProof<Config>, Vec<Ext>), DeviceError> {
    let mut layers = layers(fractions);
    let Some(Layer::Singles(top)) = layers.pop() else { return Err(DeviceError::NoFractions) };
    let Fraction { p, q } = top[0];
    if p != Ext::ZERO {
        return Err(DeviceError::SumNotZero);
    }
    transcript.observe_ext(q);
    let mut proof = FracSumcheckProof { fractional_sum: (p, q), claims_per_layer: vec![], sumcheck_polys: vec![] };
    let mut buffers = Buffers::for_layer(fractions.log2());
    let mut point = vec![];
    let mut claims = top_claims(layers.last())?;
    for bits in 0..fractions.log2() {
        let layer = layers.pop();
        let is_lowest = bits + 1 == fractions.log2();
        if bits > 0 {
            let sumcheck = Sumcheck::new(transcript, &point, claims);
            let outcome = match &layer {
                Some(Layer::Singles(singles)) => sumcheck.singles(|index| singles[index])?,
                Some(Layer::Vectors(vectors)) => sumcheck.vectors(|index| vectors[index], &mut buffers)?,
                None if is_lowest => sumcheck.vectors(|index| fractions.at(index), &mut buffers)?,
                None => sumcheck.vectors(|index| fractions.pair(index), &mut buffers)?,
            };
            proof.sumcheck_polys.push(outcome.polynomials);
            point = outcome.point;
            claims = outcome.claims;
        }
        let [p_xi_0, q_xi_0, p_xi_1, q_xi_1] = claims;
        proof.claims_per_layer.push(GkrLayerClaims { p_xi_0, q_xi_0, p_xi_1, q_xi_1 });
        for claim in claims {
            transcript.observe_ext(claim);
        }
        point.insert(0, transcript.sample_ext());
    }
    Ok((proof, point))
}

/// The two fractions of the second layer, which need no sumcheck.
fn top_claims(layer: Option<&Layer>) -> Result<[Ext; 4], DeviceError> {
    match layer {
        Some(Layer::Singles(singles)) => Ok([singles[0].p, singles[0].q, singles[1].p, singles[1].q]),
        _ => Err(DeviceError::NoFractions),
    }
}
