//! What a user may choose about proving.

use std::sync::Arc;

use engram_memory::Backing;
use engram_rv32im::memory::PageSource;
use engram_rv32im_air::plan::Plan;
use engram_stark::parameters::Parameters;

/// How to prove.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes that the process may use at its peak. Segments are cut so that this holds.
    pub max_ram_bytes: u64,
    /// Instructions after which a run is given up.
    pub max_steps: u64,
    /// How many instructions the run will have, where that is known: then segments are cut where that saves most.
    pub steps_expected: Option<u64>,
    /// Most instructions of a segment; for tests, which want several segments of a short run.
    pub segment_steps_max: u64,
    /// Where the memory is kept that the run starts on; the program's own image, unless set.
    pub memory: Option<Stored>,
    /// The blocks to prove with; none, unless a plan says so.
    pub plan: Plan,
    /// Use only this parameter set; for tests. Otherwise each segment gets the cheapest.
    pub parameters: Option<Parameters>,
    /// Verify the proof before returning it. A proof that does not verify is a fault of the prover and never returned.
    pub self_check: bool,
    /// Check every constraint and bus before proving, and say what fails; slow, for debugging a circuit.
    pub check_constraints: bool,
}

/// Memory that an earlier run left, for both who look at it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// For the executor: its pages.
    pub pages: Arc<dyn PageSource>,
    /// For the replay: its pages and the nodes of its tree.
    pub backing: Arc<dyn Backing>,
}

/// Least memory in which anything can be proven.
pub const RAM_BYTES_MIN: u64 = 1 << 30;

impl Default for Options {
    fn default() -> Self {
        Self {
            max_ram_bytes: 8 << 30,
            max_steps: u64::MAX,
            steps_expected: None,
            segment_steps_max: u64::MAX,
            memory: None,
            plan: Plan::default(),
            parameters: None,
            self_check: true,
            check_constraints: cfg!(debug_assertions),
        }
    }
}
