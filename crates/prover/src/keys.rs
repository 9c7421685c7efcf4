//! A program's proving keys, each made when a segment first needs it.

use std::collections::{HashMap, hash_map::Entry};

use engram_rv32im_air::{circuits::Machine, program::MachineProgram};
use engram_stark::{
    engine::{Committed, EngineError, ProvingKey, keygen},
    parameters::Parameters,
};
use engram_verifier::SegmentKey;
use engram_vm::rom;

/// What proves segments under one parameter set.
#[derive(Debug)]
pub struct SegmentProvingKey {
    /// The circuits.
    pub circuits: ProvingKey,
    /// The program's ROM.
    pub rom: Committed,
    /// What a verifier needs of both.
    pub verifying: SegmentKey,
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
                let (circuits, verifying) = keygen(machine.circuits(), parameters)?;
                let trace = rom::committed_trace(program.entries());
                let (rom, rom_rows) = (Committed::new(parameters, &trace)?, trace.height() as u32);
                let verifying = SegmentKey { parameters, circuits: verifying, rom: rom.commitment(), rom_rows };
                Ok(place.insert(SegmentProvingKey { circuits, rom, verifying }))
            }
        }
    }

    /// What a verifier needs of every key so far, by parameter set.
    pub fn verifying(&self) -> Vec<SegmentKey> {
        let mut keys: Vec<SegmentKey> = self.keys.values().map(|key| key.verifying.clone()).collect();
        keys.sort_by_key(|key| key.parameters);
        keys
    }
}
