//! Witnesses, and proving.

use std::sync::Arc;

use engram_air::{
    Circuit, F, Trace,
    check::{Report, Table, check},
    field::Digest,
};
use openvm_cpu_backend::CpuBackend;
use openvm_stark_backend::{
    StarkEngine,
    prover::{AirProvingContext, DeviceDataTransporter, DeviceMultiStarkProvingKey, ProvingContext, TraceCommitter},
};

use crate::{
    device,
    engine::{Committed, Config, Engine, EngineError, StarkProof, VerifyingKey, generate, matrix},
    parameters::Parameters,
};

/// A table's witness.
#[derive(Debug, Default)]
pub struct Witness {
    /// The table's columns, but for the committed ones; empty where the table is left out of the proof.
    pub trace: Option<Trace>,
    /// Public values.
    pub publics: Vec<F>,
    /// The committed columns, where the circuit has some.
    pub committed: Option<Committed>,
}

impl Witness {
    /// All columns: the committed ones, then the others. `None` where the table is left out of the proof.
    pub fn whole_trace(&self) -> Option<Trace> {
        let trace = self.trace.as_ref()?;
        let Some(committed) = &self.committed else { return Some(trace.clone()) };
        let committed = committed.trace();
        let width = committed.width().saturating_add(trace.width());
        let rows = (0..trace.height()).flat_map(|row| committed.row(row).iter().chain(trace.row(row)).copied());
        Some(Trace::from_rows(rows.collect(), width))
    }
}

/// Check the witnesses of a proof, one a circuit in order, before proving them: [`engram_air::check`].
///
/// # Errors
/// The witnesses are not those of the circuits, a constraint fails in a row, or a bus does not balance. The report names each.
pub fn check_witnesses(circuits: &[Arc<Circuit>], witnesses: &[Witness]) -> Result<(), Box<Report>> {
    let misfits = misfits(circuits, witnesses);
    if !misfits.is_empty() {
        return Err(Box::new(Report::of_misfits(misfits)));
    }
    let traces: Vec<Option<Trace>> = witnesses.iter().map(Witness::whole_trace).collect();
    let tables = circuits.iter().zip(&traces).zip(witnesses).filter_map(|((circuit, trace), witness)| {
        Some(Table { circuit, trace: trace.as_ref()?, publics: &witness.publics })
    });
    check(&tables.collect::<Vec<_>>())
}

/// What keeps witnesses from being those of the circuits: one each, of its columns and public values, and none left out that is required.
fn misfits(circuits: &[Arc<Circuit>], witnesses: &[Witness]) -> Vec<String> {
    if circuits.len() != witnesses.len() {
        return vec![format!("{} witnesses for {} circuits; give one each", witnesses.len(), circuits.len())];
    }
    circuits.iter().zip(witnesses).filter_map(|(circuit, witness)| misfit(circuit, witness)).collect()
}

fn misfit(circuit: &Circuit, witness: &Witness) -> Option<String> {
    let name = &circuit.name;
    let Some(trace) = &witness.trace else {
        return circuit.required.then(|| format!("{name}: the table is required and has no witness"));
    };
    let committed = witness.committed.as_ref().map(Committed::size);
    let (found, wanted) = (committed.map_or(0, |(width, _)| width), circuit.committed_columns);
    if found != wanted {
        return Some(format!("{name}: {found} committed columns, {wanted} are the circuit's"));
    }
    let wanted = circuit.width().saturating_sub(wanted);
    if trace.width() != wanted {
        return Some(format!("{name}: {} columns, {wanted} are the circuit's", trace.width()));
    }
    if let Some((_, rows)) = committed.filter(|(_, rows)| *rows != trace.height()) {
        return Some(format!("{name}: {} rows beside {rows} committed ones", trace.height()));
    }
    let (found, wanted) = (witness.publics.len(), circuit.publics.len());
    (found != wanted).then(|| format!("{name}: {found} public values, {wanted} are the circuit's"))
}

/// The one commitment to the columns of these tables, but for those that are committed apart, as
/// [`StarkProof::common_commitment`] has it for witnesses of the same circuits in the same order. Nothing is proven.
///
/// # Errors
/// A table that is higher than the parameter set allows.
pub fn common_commitment(parameters: Parameters, witnesses: Vec<Witness>) -> Result<Digest, EngineError> {
    let context = contexts(witnesses).into_sorted();
    let traces: Vec<_> = context.common_main_traces().map(|(_, trace)| trace).collect();
    let committed = Engine::new(parameters.system()).device().commit(&traces);
    committed.map(|(commitment, _)| commitment).map_err(|error| EngineError::Prove(error.to_string()))
}

/// What a prover needs of a list of circuits.
pub struct ProvingKey {
    key: DeviceMultiStarkProvingKey<CpuBackend<Config>>,
    parameters: Parameters,
    circuits: Arc<[Arc<Circuit>]>,
}

impl std::fmt::Debug for ProvingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ProvingKey").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

/// The keys of a list of circuits. The same circuits and parameters give the same keys.
///
/// # Errors
/// The circuits exceed the limits of a proof, or the backend refuses them.
pub fn keygen(circuits: &[Arc<Circuit>], parameters: Parameters) -> Result<(ProvingKey, VerifyingKey), EngineError> {
    let key = generate(circuits, parameters)?;
    let verifying = VerifyingKey { key: key.get_vk(), parameters };
    let key = Engine::new(parameters.system()).device().transport_pk_to_device(&key);
    Ok((ProvingKey { key, parameters, circuits: circuits.into() }, verifying))
}

impl ProvingKey {
    /// The parameter set.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The circuits, in order.
    pub fn circuits(&self) -> &[Arc<Circuit>] {
        &self.circuits
    }

    /// Prove, one witness a circuit in order. The prover does not check that constraints hold: a proof of a false
    /// witness is made, and does not verify. [`engram_air::check`] names what is wrong with one.
    ///
    /// # Errors
    /// The witnesses do not fit the circuits, the messages do not balance, or the backend fails.
    pub fn prove(&self, witnesses: Vec<Witness>) -> Result<StarkProof, EngineError> {
        if let Some(misfit) = misfits(&self.circuits, &witnesses).into_iter().next() {
            return Err(EngineError::Prove(misfit));
        }
        let context = contexts(witnesses);
        let proof = device::prove(self.parameters.system(), &self.key, context);
        proof.map(StarkProof).map_err(|error| EngineError::Prove(error.to_string()))
    }
}

/// Witnesses in the backend's terms, one a circuit in order.
pub(crate) fn contexts(witnesses: Vec<Witness>) -> ProvingContext<CpuBackend<Config>> {
    let contexts = witnesses.into_iter().enumerate().filter_map(|(index, witness)| {
        let trace = matrix(witness.trace?);
        let committed = witness.committed.into_iter().map(|committed| committed.0).collect();
        Some((index, AirProvingContext::new(committed, trace, witness.publics)))
    });
    ProvingContext::new(contexts.collect())
}
