//! What a user may choose about proving.

use engram_air::parameters::Parameters;
use engram_machine::plan::Plan;

/// How to prove.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes that the process may use at its peak. Segments are cut so that this holds.
    pub max_ram_bytes: u64,
    /// Instructions after which a run is given up.
    pub max_steps: u64,
    /// Most instructions of a segment; for tests, which want several segments of a short run.
    pub segment_steps_max: u64,
    /// The blocks to prove with; none, unless a plan says so.
    pub plan: Plan,
    /// Use only this parameter set; for tests. Otherwise each segment gets the cheapest.
    pub parameters: Option<Parameters>,
    /// Verify the proof before returning it. A proof that does not verify is a fault of the prover and never returned.
    pub self_check: bool,
    /// Check every constraint and bus before proving, and say what fails; slow, for debugging a circuit.
    pub check_constraints: bool,
}

/// Least memory in which anything can be proven.
pub const RAM_BYTES_MIN: u64 = 1 << 30;

impl Default for Options {
    fn default() -> Self {
        Self {
            max_ram_bytes: 8 << 30,
            max_steps: u64::MAX,
            segment_steps_max: u64::MAX,
            plan: Plan::default(),
            parameters: None,
            self_check: true,
            check_constraints: cfg!(debug_assertions),
        }
    }
}
