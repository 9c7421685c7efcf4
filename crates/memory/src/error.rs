//! Everything that can go wrong: what, where, and what to do.

use thiserror::Error;

/// What a memory refuses. A refused operation changes nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryError {
    /// The access reaches past the end of its space.
    #[error(
        "{len} cells at pointer {pointer:#x} reach past the end of address space {space}: use a lower pointer, or \
         configure the space with more pointer bits"
    )]
    AddressOutOfBounds {
        /// Address space.
        space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// Cells asked for.
        len: usize,
    },
    /// No access has this many cells.
    #[error("an access has 1, 2, 4, 8, 16 or 32 cells, and no fewer than the pointer unit; not {len}: split it")]
    InvalidAccessSize {
        /// Cells asked for.
        len: usize,
    },
    /// The first cell's number is no multiple of the access's size.
    #[error("{len} cells at pointer {pointer:#x} of address space {space} are not aligned: split the access")]
    Misaligned {
        /// Address space.
        space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
        /// Cells asked for.
        len: usize,
    },
    /// The configuration has no such space.
    #[error("there is no address space {space}: add it to the configuration")]
    UnknownSpace {
        /// Address space.
        space: u32,
    },
    /// A cell of 16 bits cannot hold the value.
    #[error(
        "cell {cell:#x} of address space {space} has 16 bits and cannot hold {value}: split the value, or configure the \
         space with field cells"
    )]
    CellOutOfRange {
        /// Address space.
        space: u32,
        /// Number of the cell in the space.
        cell: u32,
        /// The value, as an integer below p.
        value: u32,
    },
    /// The integer is none of the field's.
    #[error(
        "{value:#x} is no field element, as these are integers below {modulus:#x}, and would become another number: write \
         it as cells of 16 bits, with `write_word`",
        modulus = engram_air::field::MODULUS
    )]
    NoFieldElement {
        /// The integer.
        value: u32,
    },
    /// The cells of a space are not those of words.
    #[error(
        "address space {space} has no words of two cells of 16 bits: configure it with such cells, or read and write \
         single cells"
    )]
    NoWords {
        /// Address space.
        space: u32,
    },
    /// The log is full.
    #[error("the log has its {capacity} accesses: finalize it, or configure a larger access capacity")]
    CapacityReached {
        /// Accesses that fit.
        capacity: usize,
    },
    /// The identity space holds nothing that could be written.
    #[error("address space {space} is the identity space, which cannot be written: write to a normal space")]
    IdentityReadOnly {
        /// Address space.
        space: u32,
    },
    /// Time would reach 2^29.
    #[error(
        "timestamp {timestamp} cannot rise by {increment}: timestamps stay below 2^29, so finalize the log and start another"
    )]
    TimestampOverflow {
        /// The timestamp now.
        timestamp: u32,
        /// By how much it should rise.
        increment: u32,
    },
    /// Memory cannot be told in blocks of this size.
    #[error("blocks have 1, 2, 4, 8 or 16 cells, and no fewer than the pointer unit of {pointer_unit}; not {asked}")]
    BlockSize {
        /// Cells that a pointer counts.
        pointer_unit: usize,
        /// Cells asked for.
        asked: usize,
    },
    /// The range checker does not answer so wide a question.
    #[error("the range checker answers up to {bits_max} bits, not {bits}: check limbs, or configure more range bits")]
    RangeTooWide {
        /// Bits asked for.
        bits: u32,
        /// Bits of the widest check.
        bits_max: u32,
    },
    /// The value is not in its range, so no proof could say that it is.
    #[error("{value} does not fit into {bits} bits: nothing was counted, as a proof of it would not verify")]
    OutOfRange {
        /// The value.
        value: u32,
        /// Bits asked for.
        bits: u32,
    },
    /// Memory without trees starts as zeros.
    #[error(
        "cell {cell:#x} of address space {space} does not start as zero: use the tables with Merkle trees, or write it first"
    )]
    NotZero {
        /// Address space.
        space: u32,
        /// Number of the cell in the space.
        cell: u32,
    },
    /// There is no register with this number.
    #[error("there is no register {register}: there are {registers}, from 0 on")]
    UnknownRegister {
        /// The register's number.
        register: usize,
        /// How many there are.
        registers: usize,
    },
    /// This kind of memory is not there yet.
    #[error("{what} is not available: use memory that is held in RAM")]
    NotAvailable {
        /// What was asked for.
        what: &'static str,
    },
}

/// Every failure of the library, in the words of whoever integrates it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryIntegrationError {
    /// The configuration cannot be built, or does not have what was asked for.
    #[error("the configuration does not serve: {0}")]
    InvalidConfiguration(String),
    /// The access reaches past the end of its space.
    #[error(
        "pointer {pointer:#x} is past the end of address space {address_space}: use a lower one, or configure more \
         pointer bits"
    )]
    AddressOutOfBounds {
        /// Address space.
        address_space: u32,
        /// Pointer, in the memory's pointer unit.
        pointer: u32,
    },
    /// No access has this many cells, or not at this pointer.
    #[error("an access of {0} cells is not possible here: use an aligned power of two up to 32")]
    InvalidAccessSize(usize),
    /// Time or the log's capacity is used up.
    #[error("the log cannot go on: {0}")]
    TimestampError(String),
    /// A proof could not be made or does not hold.
    #[error("no proof: {0}")]
    ProofGenerationError(String),
    /// A request is refused.
    #[error("the request is refused: {0}")]
    BusError(String),
}

impl From<MemoryError> for MemoryIntegrationError {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::AddressOutOfBounds { space, pointer, .. } => {
                Self::AddressOutOfBounds { address_space: space, pointer }
            }
            MemoryError::InvalidAccessSize { len } | MemoryError::Misaligned { len, .. } => {
                Self::InvalidAccessSize(len)
            }
            MemoryError::TimestampOverflow { .. } | MemoryError::CapacityReached { .. } => {
                Self::TimestampError(error.to_string())
            }
            MemoryError::UnknownSpace { .. }
            | MemoryError::BlockSize { .. }
            | MemoryError::RangeTooWide { .. }
            | MemoryError::NotZero { .. }
            | MemoryError::NoWords { .. }
            | MemoryError::NotAvailable { .. } => Self::InvalidConfiguration(error.to_string()),
            MemoryError::CellOutOfRange { .. }
            | MemoryError::NoFieldElement { .. }
            | MemoryError::IdentityReadOnly { .. }
            | MemoryError::UnknownRegister { .. } => Self::BusError(error.to_string()),
            MemoryError::OutOfRange { .. } => Self::ProofGenerationError(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_place_when_they_are_converted() {
        let error = MemoryError::AddressOutOfBounds { space: 3, pointer: 77, len: 4 };
        assert_eq!(
            MemoryIntegrationError::from(error),
            MemoryIntegrationError::AddressOutOfBounds { address_space: 3, pointer: 77 }
        );
        let error = MemoryError::InvalidAccessSize { len: 3 };
        assert_eq!(MemoryIntegrationError::from(error), MemoryIntegrationError::InvalidAccessSize(3));
        let error = MemoryError::CapacityReached { capacity: 5 };
        assert!(MemoryIntegrationError::from(error).to_string().contains("its 5 accesses"));
    }
}
