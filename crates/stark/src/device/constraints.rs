//! From constraints and messages to openings of columns at one point, in the order that the verifier follows.

use openvm_cpu_backend::CpuBackend;
use openvm_stark_backend::{
    FiatShamirTranscript, calculate_n_logup,
    p3_field::PrimeCharacteristicRing,
    poly_common::eval_eq_mle,
    proof::{BatchConstraintProof, GkrProof, column_openings_by_rot},
    prover::{
        DeviceMultiStarkProvingKey, ProvingContext,
        error::{LogupZerocheckError, StackedPcsError},
        fractional_sumcheck_gkr::FracSumcheckProof,
        stacked_pcs::StackedLayout,
    },
};
use tracing::info_span;

use super::{
    batch::Batch,
    config::{Config, PcsData},
    error::DeviceError,
    fractions,
    input_layer::fractions,
    messages::{Message, WeightedMessages, messages},
    multilinear::TableOpenings,
    program::Weighted,
    table::{BLOCK_LOG2, Table},
    values::Ext,
};
use engram_air::field::F;

type PartialProof = (GkrProof<Config>, BatchConstraintProof<Config>);

/// The proof, and the point at which columns are claimed.
pub(super) fn prove<TS: FiatShamirTranscript<Config>>(
    transcript: &mut TS,
    key: &DeviceMultiStarkProvingKey<CpuBackend<Config>>,
    context: &ProvingContext<CpuBackend<Config>>,
    common: &PcsData,
) -> Result<(PartialProof, Vec<Ext>), DeviceError> {
    if key.params.l_skip != BLOCK_LOG2 {
        return Err(DeviceError::Blocks { log2: key.params.l_skip });
    }
    let tables = context.per_trace.iter().enumerate();
    let table = |(position, context)| Table::new(key, context, common, position);
    let tables = tables.map(table).collect::<Result<Vec<_>, _>>()?;
    let layout = message_layout(&tables)?;

    let logup_pow_witness = transcript.grind(key.params.logup.pow_bits);
    let (alpha, beta) = (transcript.sample_ext(), transcript.sample_ext());
    let fields = tables.iter().flat_map(|table| &table.expressions().interactions).map(|sent| sent.message.len());
    let powers: Vec<Ext> = beta.powers().take(fields.max().unwrap_or(0) + 1).collect();
    let messages = tables.iter().map(|table| messages(table, &powers)).collect::<Result<Vec<_>, _>>()?;

    let span = info_span!("device.fractions").entered();
    let (sum, mut xi) = sum_of_messages(transcript, &tables, &messages, &layout, alpha)?;
    drop(span);
    let blocks_log2 = tables.iter().map(Table::blocks_log2).max().unwrap_or(0);
    while xi.len() < BLOCK_LOG2 + blocks_log2 {
        xi.push(transcript.sample_ext());
    }

    let lambda = transcript.sample_ext();
    let mut weighted = vec![];
    for (position, (table, messages)) in tables.iter().zip(&messages).enumerate() {
        let outputs = &table.expressions().constraints.constraint_idx;
        let weights = lambda.powers().take(outputs.len()).map(|power| (0, power));
        let constraints = Weighted::new(table, outputs, weights.collect())?;
        let weights = message_weights(table, position, &layout, &xi);
        let messages = WeightedMessages::new(table, messages, &powers, &weights)?;
        weighted.push((constraints, messages));
    }

    let mut batch = Batch::new(transcript, &tables, xi, key.max_constraint_degree);
    let span = info_span!("device.univariate_round").entered();
    let univariate = batch.univariate_round(&weighted);
    drop(span);
    let span = info_span!("device.multilinear_rounds").entered();
    let (sumcheck_round_polys, openings) = batch.multilinear_rounds(weighted, univariate.claims)?;
    drop(span);
    let point = batch.into_point();

    let column_openings: Vec<Vec<Vec<Ext>>> =
        tables.iter().zip(openings).map(|(table, openings)| by_part(table, openings)).collect();
    observe_openings(transcript, &tables, &column_openings);
    let batch_proof = BatchConstraintProof {
        numerator_term_per_air: univariate.numerators,
        denominator_term_per_air: univariate.denominators,
        univariate_round_coeffs: univariate.coefficients,
        sumcheck_round_polys,
        column_openings,
    };
    let fractions_proof = GkrProof {
        logup_pow_witness,
        q0_claim: sum.fractional_sum.1,
        claims_per_layer: sum.claims_per_layer,
        sumcheck_polys: sum.sumcheck_polys,
    };
    Ok(((fractions_proof, batch_proof), point))
}

/// Where the messages of all tables are among the fractions.
fn message_layout(tables: &[Table]) -> Result<StackedLayout, DeviceError> {
    let heights = tables.iter().map(|table| {
        let count = table.expressions().interactions.len();
        (count, BLOCK_LOG2 + table.blocks_log2())
    });
    let heights: Vec<(usize, usize)> = heights.collect();
    let total = heights.iter().map(|&(count, log2)| (count as u64) << log2).sum();
    let log2 = BLOCK_LOG2 + calculate_n_logup(BLOCK_LOG2, total);
    StackedLayout::new(0, log2, heights).map_err(backend)
}

fn backend(error: StackedPcsError) -> DeviceError {
    DeviceError::Backend(LogupZerocheckError::from(error).into())
}

fn sum_of_messages<TS: FiatShamirTranscript<Config>>(
    transcript: &mut TS,
    tables: &[Table],
    messages: &[Vec<Message>],
    layout: &StackedLayout,
    alpha: Ext,
) -> Result<(FracSumcheckProof<Config>, Vec<Ext>), DeviceError> {
    if layout.sorted_cols.is_empty() {
        let proof = FracSumcheckProof {
            fractional_sum: (Ext::ZERO, Ext::ONE),
            claims_per_layer: vec![],
            sumcheck_polys: vec![],
        };
        return Ok((proof, vec![]));
    }
    fractions::prove(transcript, &fractions(tables, messages, layout, alpha))
}

/// By message of a table: `eq` of the place of its fractions, without the factors that tell its rows apart.
fn message_weights(table: &Table, position: usize, layout: &StackedLayout, xi: &[Ext]) -> Vec<Ext> {
    let rows_log2 = BLOCK_LOG2 + table.blocks_log2();
    let point = &xi[rows_log2.min(layout.height().ilog2() as usize)..layout.height().ilog2() as usize];
    let weight = |message: usize| {
        let place = layout.get(position, message).map_or(0, |slice| slice.row_idx >> rows_log2);
        let corner: Vec<F> = (0..point.len()).map(|bit| F::from_bool(place >> bit & 1 == 1)).collect();
        eval_eq_mle(point, &corner)
    };
    (0..table.expressions().interactions.len()).map(weight).collect()
}

/// A table's openings by part, the common one first; a column that is read in the next row has two.
fn by_part(table: &Table, openings: TableOpenings) -> Vec<Vec<Ext>> {
    let mut openings = openings.into_iter();
    let mut parts: Vec<Vec<Ext>> = vec![];
    for &width in &table.part_widths {
        let part = openings.by_ref().take(width);
        parts.push(part.flat_map(|(local, next)| std::iter::once(local).chain(next)).collect());
    }
    parts.rotate_right(1);
    parts
}

fn observe_openings<TS: FiatShamirTranscript<Config>>(
    transcript: &mut TS,
    tables: &[Table],
    column_openings: &[Vec<Vec<Ext>>],
) {
    let mut observe = |table: &Table, parts: &[Vec<Ext>]| {
        for (local, next) in parts.iter().flat_map(|part| column_openings_by_rot(part, table.reads_next())) {
            transcript.observe_ext(local);
            transcript.observe_ext(next);
        }
    };
    // The common parts of all tables, then the committed ones.
    tables.iter().zip(column_openings).for_each(|(table, parts)| observe(table, &parts[..1]));
    tables.iter().zip(column_openings).for_each(|(table, parts)| observe(table, &parts[1..]));
}
