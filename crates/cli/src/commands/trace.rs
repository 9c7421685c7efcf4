//! `engram run --trace`: a run that leaves every access in a file.

use engram_memory::{MemoryConfig, MemoryError};
use engram_observe::generator::MemoryTraceGenerator;
use engram_prover::{RV32IMWithMemory, RunError};
use engram_rv32im::{Emulator, Outcome};
use engram_verifier::CommittedProgram;

use crate::atomic_file::Destination;
use crate::failure::Failure;
use crate::trace_file::TraceFile;

/// Most accesses of a trace. Their log and their trace are in memory together: up to 3 GiB.
const ACCESSES_MAX: usize = 1 << 24;

/// Runs a guest, and writes its trace: also that of a run that faults or is not done, up to there.
///
/// # Errors
/// The run has too many accesses, or the file cannot be written. How the run itself ended is the inner result.
pub fn run_traced(
    program: &CommittedProgram,
    emulator: &mut Emulator<'_>,
    max_steps: u64,
    file: &TraceFile,
    destination: &Destination,
) -> Result<Result<Outcome, engram_rv32im::Fault>, Failure> {
    let internal = |message: String| Failure::Internal { message };
    let config = MemoryConfig::rv32im().clone().with_access_capacity(ACCESSES_MAX);
    let config = config.map_err(|error| internal(error.to_string()))?;
    let machine = RV32IMWithMemory::with_config(program, &config);
    let mut machine = machine.map_err(|error| internal(error.to_string()))?;
    let outcome = match machine.record(emulator, max_steps) {
        Ok(outcome) => Ok(outcome),
        Err(RunError::Fault(fault)) => Err(*fault),
        Err(RunError::Memory(MemoryError::CapacityReached { capacity })) => {
            return Err(Failure::TraceTooLong { accesses: capacity, steps: machine.executor().steps() });
        }
        Err(error) => return Err(internal(error.to_string())),
    };
    let mut generator = MemoryTraceGenerator::new(&config).with_image(program.image().clone());
    generator.enable();
    let trace = generator.generate_trace(machine.memory().log()).map_err(|error| internal(error.to_string()))?;
    drop(machine);
    file.write(&trace, destination)?;
    Ok(outcome)
}
