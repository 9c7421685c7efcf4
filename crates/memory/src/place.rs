//! Where an access lies, once it is known to be possible.

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use crate::{
    address::{IDENTITY_SPACE, WORD_CELLS},
    config::{CellKind, MemoryConfig},
    error::MemoryError,
    image::check_kind,
};

/// A possible access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One cell of the identity space, and what it holds.
    Identity(F),
    /// Cells of a normal space.
    Normal {
        /// Where the space is among the normal ones.
        position: usize,
        /// Number of the first cell.
        cell: u32,
    },
}

/// Where `len` cells at `pointer` are read.
pub(crate) fn place(config: &MemoryConfig, space: u32, pointer: u32, len: usize) -> Result<Place, MemoryError> {
    let layout = config.layout();
    if space == IDENTITY_SPACE && layout.has_identity_space() {
        return identity(pointer, len);
    }
    if !layout.has_access_size(len) {
        return Err(MemoryError::InvalidAccessSize { len });
    }
    let position = layout.position(space).ok_or(MemoryError::UnknownSpace { space })?;
    let cells = 1u64 << layout.cells_log2(&layout.spaces()[position]);
    let cell = u64::from(pointer) * config.pointer_unit() as u64;
    if cell + len as u64 > cells {
        return Err(MemoryError::AddressOutOfBounds { space, pointer, len });
    }
    if !cell.is_multiple_of(len as u64) {
        return Err(MemoryError::Misaligned { space, pointer, len });
    }
    // Below 2^31, as no space has more cells.
    Ok(Place::Normal { position, cell: cell as u32 })
}

/// Where `data` is written at `pointer`.
pub(crate) fn place_write(
    config: &MemoryConfig,
    space: u32,
    pointer: u32,
    data: &[F],
) -> Result<(usize, u32), MemoryError> {
    match place(config, space, pointer, data.len())? {
        Place::Identity(_) => Err(MemoryError::IdentityReadOnly { space }),
        Place::Normal { position, cell } => {
            check_kind(&config.normal_spaces()[position], cell, data)?;
            Ok((position, cell))
        }
    }
}

/// The number, among the words of its space, of the word at `pointer`: two cells of 16 bits.
pub(crate) fn place_word(config: &MemoryConfig, space: u32, pointer: u32) -> Result<u32, MemoryError> {
    if config.layout().space(space).is_some_and(|space| space.cell_kind != CellKind::U16) {
        return Err(MemoryError::NoWords { space });
    }
    match place(config, space, pointer, WORD_CELLS)? {
        Place::Identity(_) => Err(MemoryError::InvalidAccessSize { len: WORD_CELLS }),
        Place::Normal { cell, .. } => Ok(cell / WORD_CELLS as u32),
    }
}

fn identity(pointer: u32, len: usize) -> Result<Place, MemoryError> {
    if len != 1 {
        return Err(MemoryError::InvalidAccessSize { len });
    }
    if pointer >= F::ORDER_U32 {
        return Err(MemoryError::AddressOutOfBounds { space: IDENTITY_SPACE, pointer, len });
    }
    Ok(Place::Identity(F::from_u32(pointer)))
}
