//! A program's proving keys, each made when a segment first needs it.

use std::collections::{HashMap, hash_map::Entry};

use engram_rv32im_air::{circuits::Machine, program::MachineProgram};
use engram_stark::{
    engine::{Committed, EngineError, ProvingKey, keygen},
    parameters::Parameters,
};
use engram_vm::rom;

/// What proves segments under one parameter set.
#[derive(Debug)]
pub struct SegmentProvingKey {
    /// The circuits.
    pub circuits: ProvingKey,
    /// The program's ROM.
    pub rom: Committed,
}

/// Proving keys by parameter set.
#[derive(Debug, Default)]
pub struct ProvingKeys {
    keys: HashMap<Parameters, SegmentProvingKey>,
}

impl ProvingKeys {
    /// The key for a parameter set.
    ///
    /// # Errors
    /// The backend refuses the circuits or the ROM.
    pub fn get(
        &mut self,
        machine: &Machine,
        program: &MachineProgram,
        parameters: Parameters,
    ) -> Result<&SegmentProvingKey, EngineError> {
        match self.keys.entry(parameters) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let (circuits, _) = keygen(machine.circuits(), parameters)?;
                let rom = Committed::new(parameters, &rom::committed_trace(program.entries()))?;
                Ok(place.insert(SegmentProvingKey { circuits, rom }))
            }
        }
    }
}
