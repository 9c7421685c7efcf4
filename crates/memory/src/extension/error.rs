//! What can go wrong with extensions: what, where, and what to do.

use thiserror::Error;

use super::instruction::ExtensionId;
use crate::{
    error::{MemoryError, MemoryIntegrationError},
    proof::ProofError,
};

/// Why there is no such instruction.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionError {
    /// The word has another major opcode.
    #[error("word {word:#010x} is no custom instruction: its low seven bits are not 0x0b, the opcode custom-0")]
    Opcode {
        /// The word.
        word: u32,
    },
    /// funct7 and funct3 have ten bits.
    #[error("{id} is no extension id: take one from 0 to 1023")]
    Extension {
        /// What was asked for.
        id: u16,
    },
    /// An operand has five bits.
    #[error("{value} is no operand {name}: take one from 0 to 31")]
    Operand {
        /// Which operand.
        name: &'static str,
        /// What was asked for.
        value: u8,
    },
}

/// What extensions and their processor refuse. A refused instruction changes nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionError {
    /// There is no such instruction.
    #[error(transparent)]
    Instruction(#[from] InstructionError),
    /// No extension has this id.
    #[error("no extension has id {id}: register one at set-up")]
    UnknownExtension {
        /// The id.
        id: ExtensionId,
    },
    /// Two extensions have one id.
    #[error("extension id {id} is \"{name}\" already: register each id once")]
    DuplicateExtension {
        /// The id.
        id: ExtensionId,
        /// Who has it.
        name: String,
    },
    /// Two extensions have one name, or the name is empty.
    #[error("\"{name}\" cannot be the name of an extension: it is taken or empty, and reports need one of its own")]
    Name {
        /// The name.
        name: String,
    },
    /// Too many extensions for one proof.
    #[error("{extensions} extensions are registered, and no more fit: leave out those that are not used")]
    TooManyExtensions {
        /// How many there are.
        extensions: usize,
    },
    /// The extension's function asks for what no circuit can have.
    #[error("extension \"{extension}\" cannot be a circuit: {why}")]
    Circuit {
        /// Its name.
        extension: String,
        /// What is wrong with it.
        #[source]
        why: CircuitError,
    },
    /// The instruction would break a constraint of its extension.
    #[error("extension \"{extension}\" does not do this: \"{label}\" does not hold; choose other operands or cells")]
    Refused {
        /// Its name.
        extension: String,
        /// The label of the constraint or range.
        label: String,
    },
    /// The instruction's access is not possible.
    #[error("extension \"{extension}\" cannot make its access: {error}")]
    Memory {
        /// Its name.
        extension: String,
        /// What memory says.
        #[source]
        error: MemoryError,
    },
    /// The list of instructions is full.
    #[error(
        "the list has its {instructions_max} instructions: prove it, and start another from the memory that it left"
    )]
    TooManyInstructions {
        /// How many fit.
        instructions_max: usize,
    },
    /// Somebody read or wrote memory, or let time rise, beside the instructions.
    #[error(
        "memory's time is {timestamp} and not {expected}: it was used outside of instructions, so they alone prove nothing"
    )]
    OutsideAccess {
        /// Memory's time.
        timestamp: u32,
        /// What it would be after the instructions alone.
        expected: u32,
    },
    /// The run cannot be proven.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// More messages than there are registers for, or none.
    #[error("{count} messages from register {register} on do not fit: move 1 to 32, and none past register 31")]
    Count {
        /// The first register.
        register: u8,
        /// Number of messages of 16 bytes.
        count: usize,
    },
    /// A bulk load would replace its own pointer before it is done.
    #[error("register {register} is the pointer and would be loaded before the last message: take another register")]
    PointerOverwritten {
        /// The register.
        register: u8,
    },
}

/// Why an extension cannot be a circuit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircuitError {
    /// A row must make an access, as time must go on.
    #[error("a row makes no access: read or write at least one cell")]
    NoAccess,
    /// Padding rows are zero everywhere.
    #[error("\"{label}\" does not hold on a row of zeros, which padding is: write its constants with `constant`")]
    Padding {
        /// The constraint's label.
        label: String,
    },
    /// A constraint has too high a degree.
    #[error("it has degree {degree}, more than {degree_max}: give a product a column of its own")]
    Degree {
        /// Highest degree.
        degree: usize,
        /// What the backend proves.
        degree_max: usize,
    },
    /// Two columns have one name.
    #[error("two columns are called \"{column}\": reports need a name for each")]
    DuplicateColumn {
        /// Their name.
        column: String,
    },
    /// A range is wider than a lookup.
    #[error("\"{label}\" asks for {bits} bits, and one lookup has at most {bits_max}: check limbs")]
    RangeTooWide {
        /// Its label.
        label: String,
        /// What was asked for.
        bits: u32,
        /// What one lookup has.
        bits_max: u32,
    },
    /// No access is like this.
    #[error("access \"{access}\" is not possible: {error}")]
    Access {
        /// The access's name.
        access: String,
        /// What memory says.
        #[source]
        error: MemoryError,
    },
}

impl From<ExtensionError> for MemoryIntegrationError {
    fn from(error: ExtensionError) -> Self {
        match error {
            ExtensionError::Memory { error, .. } => error.into(),
            ExtensionError::Proof(error) => error.into(),
            ExtensionError::DuplicateExtension { .. }
            | ExtensionError::Name { .. }
            | ExtensionError::TooManyExtensions { .. }
            | ExtensionError::Circuit { .. } => Self::InvalidConfiguration(error.to_string()),
            ExtensionError::TooManyInstructions { .. } => Self::TimestampError(error.to_string()),
            ExtensionError::OutsideAccess { .. } => Self::ProofGenerationError(error.to_string()),
            ExtensionError::Instruction(_)
            | ExtensionError::UnknownExtension { .. }
            | ExtensionError::Refused { .. }
            | ExtensionError::Count { .. }
            | ExtensionError::PointerOverwritten { .. } => Self::BusError(error.to_string()),
        }
    }
}
