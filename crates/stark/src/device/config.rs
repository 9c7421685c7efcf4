//! Which of the backend's configurations proofs are made for.

use openvm_cpu_backend::CpuBackend;
use openvm_stark_backend::prover::ProverBackend;
use openvm_stark_sdk::config::baby_bear_poseidon2::BabyBearPoseidon2Config;

/// Field, extension and hash.
pub(crate) type Config = BabyBearPoseidon2Config;

/// What the backend keeps of a committed matrix until it is opened.
pub(super) type PcsData = <CpuBackend<Config> as ProverBackend>::PcsData;
