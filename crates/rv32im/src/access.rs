//! What an access to memory does, and why it may be refused.

use std::fmt;

use thiserror::Error;

/// Why a byte cannot be loaded or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The address belongs to no segment, nor to the heap or the stack. An access that runs over the end of the address
    /// space is reported at address 0.
    #[error("address {address:#010x} is not mapped")]
    Unmapped {
        /// First byte that cannot be accessed.
        address: u32,
    },
    /// A store to a page that only allows loads.
    #[error("address {address:#010x} is read-only")]
    ReadOnly {
        /// First byte that cannot be accessed.
        address: u32,
    },
    /// A load from a page that does not allow it.
    #[error("address {address:#010x} is not readable")]
    NotReadable {
        /// First byte that cannot be accessed.
        address: u32,
    },
}

impl AccessError {
    /// First byte that cannot be accessed.
    #[must_use]
    pub fn address(self) -> u32 {
        match self {
            Self::Unmapped { address } | Self::ReadOnly { address } | Self::NotReadable { address } => address,
        }
    }
}

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads bytes.
    Load,
    /// Writes bytes.
    Store,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Load => "load",
            Access::Store => "store",
        })
    }
}
