//! Proving on the processor.
//!
//! Commitments and openings are the backend's. What reduces constraints and messages to openings, most of a proof's work by far, is
//! done here, on vectors of field elements: the same messages to the verifier, bit for bit, in a fraction of the time. Nothing here
//! can make a false proof hold, as the backend's verifier decides.
//!
//! [`constraints`] is the order of things. [`input_layer`] makes the fractions of all messages and [`fractions`] proves that they
//! sum to zero; [`univariate`] and [`multilinear`] are the rounds of the sumcheck over rows.

mod batch;
mod config;
mod constraints;
mod eq;
mod error;
mod fraction;
mod fraction_rounds;
mod fractions;
mod input_layer;
mod messages;
mod multilinear;
mod program;
mod table;
#[cfg(test)]
mod tests;
mod univariate;
mod values;

use config::{Config, PcsData};
use error::DeviceError;
use openvm_cpu_backend::{CpuBackend, CpuDevice};
use openvm_stark_backend::{
    FiatShamirTranscript, SystemParams,
    p3_matrix::dense::RowMajorMatrix,
    proof::{BatchConstraintProof, GkrProof, StackingProof, WhirProof},
    prover::{
        Coordinator, DeviceMultiStarkProvingKey, MultiRapProver, OpeningProver, Prover, ProverDevice, ProvingContext,
        TraceCommitter,
    },
};
use openvm_stark_sdk::config::baby_bear_poseidon2::CpuTranscript;
use p3_baby_bear::default_babybear_poseidon2_16;
use values::Ext;

use engram_air::field::{Digest, F};

/// Make a proof.
pub(crate) fn prove(
    parameters: SystemParams,
    key: &DeviceMultiStarkProvingKey<CpuBackend<Config>>,
    context: ProvingContext<CpuBackend<Config>>,
) -> Result<openvm_stark_backend::proof::Proof<Config>, DeviceError> {
    let device = Device(CpuDevice::new(Config::default_from_params(parameters)));
    let transcript = CpuTranscript::from(default_babybear_poseidon2_16());
    // Within the pool, so that small parallel steps need not be handed to it.
    rayon::scope(|_| Coordinator::new(CpuBackend::new(), device, transcript).prove(key, context))
}

/// See the [module](self).
struct Device(CpuDevice<Config>);

impl<TS: FiatShamirTranscript<Config>> ProverDevice<CpuBackend<Config>, TS> for Device {
    type Error = DeviceError;
    type DeviceCtx = ();

    fn device_ctx(&self) -> &() {
        &()
    }
}

impl TraceCommitter<CpuBackend<Config>> for Device {
    type Error = DeviceError;

    fn commit(&self, traces: &[&RowMajorMatrix<F>]) -> Result<(Digest, PcsData), DeviceError> {
        Ok(self.0.commit(traces)?)
    }
}

impl<TS: FiatShamirTranscript<Config>> MultiRapProver<CpuBackend<Config>, TS> for Device {
    type PartialProof = (GkrProof<Config>, BatchConstraintProof<Config>);
    type Artifacts = Vec<Ext>;
    type Error = DeviceError;

    fn prove_rap_constraints(
        &self,
        transcript: &mut TS,
        key: &DeviceMultiStarkProvingKey<CpuBackend<Config>>,
        context: &ProvingContext<CpuBackend<Config>>,
        common: &PcsData,
    ) -> Result<(Self::PartialProof, Vec<Ext>), DeviceError> {
        constraints::prove(transcript, key, context, common)
    }
}

impl<TS: FiatShamirTranscript<Config>> OpeningProver<CpuBackend<Config>, TS> for Device {
    type OpeningProof = (StackingProof<Config>, WhirProof<Config>);
    type OpeningPoints = Vec<Ext>;
    type Error = DeviceError;

    fn prove_openings(
        &self,
        transcript: &mut TS,
        key: &DeviceMultiStarkProvingKey<CpuBackend<Config>>,
        context: ProvingContext<CpuBackend<Config>>,
        common: PcsData,
        point: Vec<Ext>,
    ) -> Result<Self::OpeningProof, DeviceError> {
        Ok(self.0.prove_openings(transcript, key, context, common, point)?)
    }
}
