//! Which extensions a machine has.

use std::{fmt::Debug, sync::Arc};

use engram_air::{Circuit, Trace};
use rayon::prelude::*;

use super::{
    circuit_row,
    error::{CircuitError, ExtensionError},
    execute,
    fill::{self, Executed, Replayed},
    instruction::{CustomInstruction, ExtensionId},
    row::MemoryExtension,
};
use crate::{config::MemoryConfig, controller::MemoryController, log::RecordId};

/// Most extensions of a machine.
pub const EXTENSIONS_MAX: usize = 32;

/// A machine's memory configuration and its extensions, each with its id. Whoever verifies has the same ones; in which order they
/// were registered does not matter.
#[derive(Clone, Debug)]
pub struct ExtensionRegistry {
    config: MemoryConfig,
    /// By ascending id.
    extensions: Vec<Registered>,
}

#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) id: ExtensionId,
    pub(crate) circuit: Arc<Circuit>,
    /// Accesses of each row.
    pub(crate) accesses: u32,
    function: Arc<dyn Function>,
}

/// A [`MemoryExtension`] of any type.
trait Function: Debug + Send + Sync {
    fn name(&self) -> &str;
    fn circuit(&self, id: ExtensionId, config: &MemoryConfig) -> Result<(Circuit, u32), CircuitError>;
    fn execute(&self, of: &CustomInstruction, memory: &mut MemoryController) -> Result<RecordId, ExtensionError>;
    fn fill(&self, executed: &Executed, replayed: Replayed<'_>, row: &mut [engram_air::F]);
}

impl<E: MemoryExtension> Function for E {
    fn name(&self) -> &str {
        MemoryExtension::name(self)
    }

    fn circuit(&self, id: ExtensionId, config: &MemoryConfig) -> Result<(Circuit, u32), CircuitError> {
        circuit_row::circuit(self, id, config)
    }

    fn execute(&self, of: &CustomInstruction, memory: &mut MemoryController) -> Result<RecordId, ExtensionError> {
        execute::execute(self, of, memory)
    }

    fn fill(&self, executed: &Executed, replayed: Replayed<'_>, row: &mut [engram_air::F]) {
        fill::fill(self, executed, replayed, row);
    }
}

impl ExtensionRegistry {
    /// No extensions yet.
    pub fn new(config: &MemoryConfig) -> Self {
        Self { config: config.clone(), extensions: vec![] }
    }

    /// Give an extension the id from 0 to 1023. Errors: the id or the name is taken; there are [`EXTENSIONS_MAX`]
    /// already; the extension cannot be a circuit on this memory.
    pub fn register(&mut self, id: u16, extension: impl MemoryExtension) -> Result<(), ExtensionError> {
        let id = ExtensionId::new(id)?;
        let name = extension.name().to_owned();
        if let Some(taken) = self.get(id) {
            return Err(ExtensionError::DuplicateExtension { id, name: taken.name().into() });
        }
        if name.is_empty() || self.extensions.iter().any(|other| other.name() == name) {
            return Err(ExtensionError::Name { name });
        }
        if self.extensions.len() >= EXTENSIONS_MAX {
            return Err(ExtensionError::TooManyExtensions { extensions: self.extensions.len() });
        }
        let circuit = Function::circuit(&extension, id, &self.config);
        let (circuit, accesses) = circuit.map_err(|why| ExtensionError::Circuit { extension: name, why })?;
        let registered = Registered { id, circuit: circuit.into(), accesses, function: Arc::new(extension) };
        let position = self.extensions.partition_point(|other| other.id < id);
        self.extensions.insert(position, registered);
        Ok(())
    }

    /// The memory's configuration.
    pub fn config(&self) -> &MemoryConfig {
        &self.config
    }

    /// The extensions' circuits with their ids, by ascending id.
    pub fn circuits(&self) -> impl Iterator<Item = (ExtensionId, &Circuit)> {
        self.extensions.iter().map(|extension| (extension.id, &*extension.circuit))
    }

    pub(crate) fn extensions(&self) -> &[Registered] {
        &self.extensions
    }

    pub(crate) fn get(&self, id: ExtensionId) -> Option<&Registered> {
        let position = self.extensions.binary_search_by_key(&id, |extension| extension.id).ok()?;
        self.extensions.get(position)
    }
}

impl Registered {
    pub(crate) fn name(&self) -> &str {
        self.function.name()
    }

    pub(super) fn execute(
        &self,
        instruction: &CustomInstruction,
        memory: &mut MemoryController,
    ) -> Result<RecordId, ExtensionError> {
        self.function.execute(instruction, memory)
    }

    /// The table of those executed instructions that are the extension's, one a row; counts their lookups. Nothing where there
    /// is none.
    pub(super) fn trace(&self, executed: &[Executed], replayed: Replayed<'_>) -> Option<Trace> {
        let own: Vec<&Executed> =
            executed.iter().filter(|executed| executed.instruction.extension_id() == self.id).collect();
        if own.is_empty() {
            return None;
        }
        let width = self.circuit.width();
        let mut trace = Trace::zeros(width, own.len());
        let rows = trace.values_mut().par_chunks_exact_mut(width).zip(own);
        rows.for_each(|(row, executed)| self.function.fill(executed, replayed, row));
        Some(trace)
    }
}
