//! Which extensions a machine has.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use engram_air::{Circuit, F, PrimeCharacteristicRing, circuit::DEGREE_MAX};
use engram_memory::messages::MEMORY;
use engram_rv32im::{ElfError, Program, extension::EXTENSION_IDS};
use engram_stark::limits::{COLUMNS_MAX, CONSTRAINTS_MAX, INTERACTIONS_MAX};
use engram_vm::{
    extension::{Extension, ExtensionError, MemoryExtension},
    row::SymbolicRow,
};
use thiserror::Error;

use crate::{
    bulk::{BULK_LOAD, BULK_STORE, BulkLoad, BulkStore},
    custom::Custom,
};

/// Extensions, by id. Programs that are loaded with a registry are executed and proven with it.
#[derive(Clone, Debug, Default)]
pub struct ExtensionRegistry {
    customs: BTreeMap<u16, Custom>,
}

/// Why an extension is not registered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The id is too large.
    #[error("there is no extension {id}; choose an id below {EXTENSION_IDS}")]
    Id {
        /// The id.
        id: u16,
    },
    /// The id belongs to another extension.
    #[error("the id {id} belongs to the extension \"{owner}\"; choose another")]
    IdTaken {
        /// The id.
        id: u16,
        /// Name of the extension that has it.
        owner: String,
    },
    /// The name belongs to another extension.
    #[error("the name \"{name}\" belongs to the extension {owner}; choose another")]
    NameTaken {
        /// The name.
        name: String,
        /// Id of the extension that has it.
        owner: u16,
    },
    /// It has no row.
    #[error("the extension \"{name}\" has no row: {error}")]
    Extension {
        /// The extension's name.
        name: String,
        /// Why.
        error: ExtensionError,
    },
    /// A constraint is of too high a degree.
    #[error("a constraint of \"{name}\" is of degree {degree}, at most {DEGREE_MAX} is possible; give factors columns")]
    Degree {
        /// The extension's name.
        name: String,
        /// The degree.
        degree: usize,
    },
    /// A message is not linear in the columns.
    #[error("what \"{label}\" of \"{name}\" says is not linear; give products columns")]
    Message {
        /// The extension's name.
        name: String,
        /// The message's label.
        label: String,
    },
    /// A constraint does not hold on padding.
    #[error("\"{label}\" of \"{name}\" does not hold on rows of zeros; use constants that vanish there")]
    Padding {
        /// The extension's name.
        name: String,
        /// The constraint's label.
        label: String,
    },
    /// Its rows are too large.
    #[error("a row of \"{name}\" has {count} {what}, at most {limit} are possible; do less in one instruction")]
    TooLarge {
        /// The extension's name.
        name: String,
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// Possible.
        limit: usize,
    },
    /// It neither reads nor writes anything.
    #[error("\"{name}\" accesses neither registers nor memory; an instruction that does nothing needs no extension")]
    NoAccess {
        /// The extension's name.
        name: String,
    },
}

impl ExtensionRegistry {
    /// Without extensions.
    pub fn empty() -> Self {
        Self::default()
    }

    /// `bulk_load` with id 0 and `bulk_store` with id 1.
    pub fn standard() -> Self {
        let customs = [(BULK_LOAD, Extension::new(BulkLoad)), (BULK_STORE, Extension::new(BulkStore))];
        let customs = customs.into_iter().map(|(id, extension)| (id, Custom::new(id, extension)));
        Self { customs: customs.collect() }
    }

    /// The registry that a program was loaded with; an empty one, where it was loaded with something else.
    pub fn of(program: &Program) -> Self {
        let extensions: &dyn Any = &**program.extensions();
        extensions.downcast_ref::<Self>().cloned().unwrap_or_default()
    }

    /// One more extension.
    ///
    /// # Errors
    /// The id is too large, id or name are taken, or the extension cannot be a table.
    pub fn with(mut self, id: u16, extension: impl MemoryExtension) -> Result<Self, RegisterError> {
        if id >= EXTENSION_IDS {
            return Err(RegisterError::Id { id });
        }
        if let Some(owner) = self.customs.get(&id) {
            return Err(RegisterError::IdTaken { id, owner: owner.name().to_owned() });
        }
        let custom = Custom::new(id, Extension::new(extension));
        if let Some(owner) = self.customs.values().find(|owner| owner.name() == custom.name()) {
            return Err(RegisterError::NameTaken { name: custom.name().to_owned(), owner: owner.id() });
        }
        check(&custom)?;
        self.customs.insert(id, custom);
        Ok(self)
    }

    /// The extension with this id.
    pub fn get(&self, id: u16) -> Option<&Custom> {
        self.customs.get(&id)
    }

    /// Load a program in which the custom instructions of these extensions are legal.
    ///
    /// # Errors
    /// As [`Program::from_elf`].
    pub fn load(&self, elf: &[u8]) -> Result<Program, ElfError> {
        Program::from_elf_with(elf, Arc::new(self.clone()))
    }
}

/// Can a table have it?
fn check(custom: &Custom) -> Result<(), RegisterError> {
    let name = || custom.name().to_owned();
    let mut written = Ok(());
    let circuit = SymbolicRow::circuit(&name(), |row| written = custom.write(row));
    written.map_err(|error| RegisterError::Extension { name: name(), error })?;
    let Circuit { constraints, interactions, .. } = &circuit;
    let counts = [
        ("columns", circuit.width(), COLUMNS_MAX),
        ("constraints", constraints.len(), CONSTRAINTS_MAX),
        ("messages", interactions.len(), INTERACTIONS_MAX),
    ];
    if let Some((what, count, limit)) = counts.into_iter().find(|(_, count, limit)| count > limit) {
        return Err(RegisterError::TooLarge { name: name(), what, count, limit });
    }
    let nonlinear = interactions.iter().find(|message| message.fields.iter().any(|field| field.degree() > 1));
    if let Some(message) = nonlinear {
        return Err(RegisterError::Message { name: name(), label: message.label.clone() });
    }
    if circuit.degree() > DEGREE_MAX {
        return Err(RegisterError::Degree { name: name(), degree: circuit.degree() });
    }
    if let Some(constraint) = constraints.iter().find(|constraint| constraint.expr.on_zeros() != F::ZERO) {
        return Err(RegisterError::Padding { name: name(), label: constraint.label.clone() });
    }
    if interactions.iter().all(|message| message.bus != MEMORY) {
        return Err(RegisterError::NoAccess { name: name() });
    }
    Ok(())
}
