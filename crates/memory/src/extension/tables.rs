//! All tables of a run of custom instructions.

use std::sync::Arc;

use engram_air::{Circuit, Trace};
use engram_stark::{engine::Witness, engine::check_witnesses};

use super::{
    connector,
    error::ExtensionError,
    fill::{Executed, Replayed},
    instruction::CustomInstruction,
    list::{self, ListTrace},
    registry::ExtensionRegistry,
};
use crate::{
    offline::OfflineMemory, online::Memory, proof::ProofError, range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory, tables,
};

/// Where the ends, with their public values, are among [`circuits`].
pub(super) const ENDS: usize = 0;
/// Where the list of instructions is.
pub(crate) const LIST: usize = 1;
/// Where the first extension is.
pub(crate) const EXTENSIONS: usize = 2;

/// All circuits, in order: the ends of the run, the list, the extensions by id, memory's, the range checker's.
pub(crate) fn circuits(registry: &ExtensionRegistry) -> Vec<Arc<Circuit>> {
    let mut circuits: Vec<Arc<Circuit>> = vec![connector::circuit().into(), list::circuit().into()];
    circuits.extend(registry.extensions().iter().map(|extension| extension.circuit.clone()));
    let memory = tables::circuits(registry.config().layout()).into_iter();
    circuits.extend(memory.chain(SharedVariableRangeCheckerChip::circuits()).map(Arc::new));
    circuits
}

/// Where memory's roots, with their public values, are among [`circuits`].
pub(super) fn roots_position(registry: &ExtensionRegistry) -> usize {
    EXTENSIONS + registry.extensions().len() + tables::ROOTS
}

/// A run's tables before the list is committed.
pub(crate) struct RunTables {
    pub(crate) circuits: Vec<Arc<Circuit>>,
    /// Absent where no instruction was executed.
    pub(crate) list: Option<ListTrace>,
    /// The witnesses of all circuits, in order; the list's is empty.
    pub(crate) witnesses: Vec<Witness>,
}

impl RunTables {
    /// The tables of `executed` instructions, whose accesses are the log of `memory`, beside the list of `instructions`. Both say the
    /// same where the run is true.
    pub(crate) fn new(
        registry: &ExtensionRegistry,
        memory: &Memory,
        executed: &[Executed],
        instructions: impl ExactSizeIterator<Item = CustomInstruction>,
    ) -> Result<Self, ExtensionError> {
        let config = registry.config();
        let replay = || {
            let (image, log) = (memory.initial_image(), memory.log().clone());
            let mut offline = OfflineMemory::from_image_and_log(image, log, config)?;
            let mut adapters = AccessAdapterInventory::new();
            offline.replay(&mut adapters)?;
            Ok(offline.finish(adapters))
        };
        let end = replay().map_err(ProofError::Log)?;
        let range = SharedVariableRangeCheckerChip::new(config);
        let replayed = Replayed { config, accesses: &end.accesses, range: &range };
        let count = instructions.len() as u32;
        let list = list::trace(instructions, &range);
        let publics = connector::public_values(count, memory.timestamp());
        let mut witnesses = vec![Witness { publics, ..witness(Some(connector::trace())) }, witness(None)];
        witnesses.extend(registry.extensions().iter().map(|extension| witness(extension.trace(executed, replayed))));
        witnesses.extend(end.segment.witnesses(&range));
        witnesses.extend(range.witnesses());
        Ok(Self { circuits: circuits(registry), list, witnesses })
    }

    /// Check every row and bus: says which constraint fails where.
    pub(crate) fn check(mut self) -> Result<(), Box<engram_air::check::Report>> {
        self.witnesses[LIST] = witness(self.list.as_ref().map(ListTrace::whole));
        check_witnesses(&self.circuits, &self.witnesses)
    }
}

fn witness(trace: Option<Trace>) -> Witness {
    Witness { trace, ..Default::default() }
}
