//! Memory as an executor sees it: values now, and a log of how they came to be.

use engram_air::{F, PrimeCharacteristicRing, field::MODULUS};

use crate::{
    address::{ACCESS_CELLS_MAX, WORD_CELLS},
    clock::Clock,
    config::MemoryConfig,
    error::MemoryError,
    image::MemoryImage,
    log::{MemoryLog, RecordId},
    place::{Place, place, place_word, place_write},
};

/// An integer as one cell. It must be below the field's modulus, 0x78000001: `F::from_u32` makes another number of one that is
/// not. A word of 32 bits is two cells, [`Memory::write_word`].
///
/// # Errors
/// [`MemoryError::NoFieldElement`] from the modulus on.
pub fn cell(value: u32) -> Result<F, MemoryError> {
    if value >= MODULUS { Err(MemoryError::NoFieldElement { value }) } else { Ok(F::from_u32(value)) }
}

/// Memory that is read and written, and keeps a log.
///
/// An access has 1, 2, 4, 8, 16 or 32 cells, at least the pointer unit, and starts at a multiple of its size. Each takes the
/// current timestamp and lets it rise by one. An operation that returns an error changes nothing and is not logged.
///
/// No access allocates, but for the log and the image as they grow, and the answers of [`Self::read_dynamic`] and
/// [`Self::write_dynamic`]. Nor does one calculate in the field, but for cells of 16 bits that are not accessed as words.
#[derive(Clone, Debug)]
pub struct Memory {
    config: MemoryConfig,
    initial: MemoryImage,
    image: MemoryImage,
    log: MemoryLog,
    clock: Clock,
}

impl Memory {
    /// All cells zero, at timestamp 1.
    pub fn new(config: &MemoryConfig) -> Self {
        Self::holding(config, &MemoryImage::new())
    }

    /// Memory that starts as `image`, at timestamp 1.
    ///
    /// # Errors
    /// The image has cells that the configuration does not have, or that are not of their space's kind.
    pub fn with_image(config: &MemoryConfig, image: MemoryImage) -> Result<Self, MemoryError> {
        image.check(config.layout())?;
        Ok(Self::holding(config, &image))
    }

    fn holding(config: &MemoryConfig, initial: &MemoryImage) -> Self {
        let mut image = MemoryImage::of_layout(config.layout());
        for (space, first, cells) in initial.cell_blocks() {
            image.set_cells(space, first, &cells);
        }
        Self { config: config.clone(), initial: image.clone(), image, log: MemoryLog::new(), clock: Clock::new(config) }
    }

    /// Read `N` cells.
    ///
    /// # Errors
    /// There is no such space; no access has this number of cells; the access is misaligned or reaches past the end of its space;
    /// the log is full, or its timestamps are used up.
    pub fn read<const N: usize>(&mut self, space: u32, pointer: u32) -> Result<(RecordId, [F; N]), MemoryError> {
        let mut cells = [F::ZERO; N];
        let id = self.read_into(space, pointer, &mut cells)?;
        Ok((id, cells))
    }

    /// Write `N` cells; returns what they were.
    ///
    /// # Errors
    /// As for [`Self::read`]. The space is the identity space, or a value does not fit the space's cells.
    pub fn write<const N: usize>(
        &mut self,
        space: u32,
        pointer: u32,
        data: [F; N],
    ) -> Result<(RecordId, [F; N]), MemoryError> {
        let mut cells = data;
        let id = self.swap(space, pointer, &mut cells)?;
        Ok((id, cells))
    }

    /// Read `len` cells.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_dynamic(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        // Nothing is allocated for a length that no access has.
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let cells = cells.get_mut(..len).ok_or(MemoryError::InvalidAccessSize { len })?;
        let id = self.read_into(space, pointer, cells)?;
        Ok((id, cells.to_vec()))
    }

    /// Write as many cells as `data` has; returns what they were, in an allocation. Where nobody asks, [`Self::write_slice`].
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn write_dynamic(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<(RecordId, Vec<F>), MemoryError> {
        if data.len() > ACCESS_CELLS_MAX {
            return Err(MemoryError::InvalidAccessSize { len: data.len() });
        }
        let mut cells = data.to_vec();
        let id = self.swap(space, pointer, &mut cells)?;
        Ok((id, cells))
    }

    /// Write as many cells as `data` has.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn write_slice(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        let mut cells = [F::ZERO; ACCESS_CELLS_MAX];
        let cells = cells.get_mut(..data.len()).ok_or(MemoryError::InvalidAccessSize { len: data.len() })?;
        cells.copy_from_slice(data);
        self.swap(space, pointer, cells)
    }

    /// Read a word of 32 bits: two cells of 16 bits, the low one first.
    ///
    /// # Errors
    /// As for a read of two cells; [`MemoryError::NoWords`] where the space has cells of another kind.
    pub fn read_word(&mut self, space: u32, pointer: u32) -> Result<(RecordId, u32), MemoryError> {
        let word = place_word(&self.config, space, pointer)?;
        self.clock.check_access()?;
        self.log.push_read(space, pointer, WORD_CELLS);
        Ok((self.clock.access().0, self.image.word(space, word)))
    }

    /// Write a word of 32 bits as two cells of 16 bits, the low one first; returns the word before. As one cell it would not fit:
    /// see [`cell`].
    ///
    /// # Errors
    /// As for [`Self::read_word`].
    pub fn write_word(&mut self, space: u32, pointer: u32, word: u32) -> Result<(RecordId, u32), MemoryError> {
        let at = place_word(&self.config, space, pointer)?;
        self.clock.check_access()?;
        self.log.push_write_word(space, pointer, word);
        Ok((self.clock.access().0, self.image.swap_word(space, at, word)))
    }

    /// Increase the timestamp by one.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    pub fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.increment_timestamp_by(1)
    }

    /// Increase the timestamp.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    pub fn increment_timestamp_by(&mut self, increment: u32) -> Result<(), MemoryError> {
        self.clock.increment_by(increment)?;
        self.log.push_increment(increment);
        Ok(())
    }

    /// The timestamp of the next access; from 1 on.
    pub fn timestamp(&self) -> u32 {
        self.clock.timestamp()
    }

    /// How many accesses there were.
    pub fn accesses(&self) -> usize {
        self.clock.accesses() as usize
    }

    /// Everything that was done, in order.
    pub fn log(&self) -> &MemoryLog {
        &self.log
    }

    /// The cells now.
    pub fn image(&self) -> &MemoryImage {
        &self.image
    }

    /// The cells before the first access.
    pub fn initial_image(&self) -> &MemoryImage {
        &self.initial
    }

    /// Its configuration.
    pub fn config(&self) -> &MemoryConfig {
        &self.config
    }

    /// The initial image and the log, which is all that a replay needs.
    pub fn into_log(self) -> (MemoryImage, MemoryLog) {
        (self.initial, self.log)
    }

    fn read_into(&mut self, space: u32, pointer: u32, cells: &mut [F]) -> Result<RecordId, MemoryError> {
        let place = place(&self.config, space, pointer, cells.len())?;
        self.clock.check_access()?;
        match place {
            Place::Identity(value) => cells.fill(value),
            Place::Normal { cell, .. } => self.image.block(space, cell, cells),
        }
        self.log.push_read(space, pointer, cells.len());
        Ok(self.clock.access().0)
    }

    fn swap(&mut self, space: u32, pointer: u32, cells: &mut [F]) -> Result<RecordId, MemoryError> {
        let (_, cell) = place_write(&self.config, space, pointer, cells)?;
        self.clock.check_access()?;
        self.log.push_write(space, pointer, cells);
        self.image.swap_block(space, cell, cells);
        Ok(self.clock.access().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AddressSpaceConfig, AddressSpaceType, CellKind, MemoryConfigBuilder};

    fn config() -> MemoryConfig {
        MemoryConfigBuilder::new()
            .with_access_capacity(5)
            .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
            .add_address_space(AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_pointer_bits(8))
            .add_address_space(AddressSpaceConfig::new(2, AddressSpaceType::Normal).with_cell_kind(CellKind::U16))
            .build()
            .unwrap()
    }

    /// As one cell, 0xdeadbeef would come back as 0x66adbeee.
    #[test]
    fn a_word_comes_back_as_it_was_written_or_is_refused() {
        let mut memory = Memory::new(&config());
        for (word, before) in [(0xdead_beef, 0), (u32::MAX, 0xdead_beef), (MODULUS, u32::MAX)] {
            assert_eq!(memory.write_word(2, 6, word).unwrap().1, before);
        }
        assert_eq!(memory.read_word(2, 6).unwrap().1, MODULUS);
        assert_eq!(memory.read::<1>(2, 7).unwrap().1, [f(MODULUS >> 16)]);
        assert_eq!(memory.write_word(1, 6, 5), Err(MemoryError::NoWords { space: 1 }));
        assert_eq!(memory.read_word(1, 6), Err(MemoryError::NoWords { space: 1 }));
        assert_eq!(memory.read_word(3, 6), Err(MemoryError::UnknownSpace { space: 3 }));
        assert_eq!(memory.read_word(2, 5), Err(MemoryError::Misaligned { space: 2, pointer: 5, len: 2 }));
        assert_eq!(cell(MODULUS - 1), Ok(-F::ONE));
        for value in [MODULUS, 0xdead_beef, u32::MAX] {
            assert_eq!(cell(value), Err(MemoryError::NoFieldElement { value }));
        }
    }

    fn f(value: u32) -> F {
        F::from_u32(value)
    }

    #[test]
    fn a_read_finds_what_was_written_at_any_size() {
        let mut memory = Memory::new(&config());
        let (id, before) = memory.write::<4>(1, 8, [1, 2, 3, 4].map(f)).unwrap();
        assert_eq!((id, before), (RecordId(0), [F::ZERO; 4]));
        assert_eq!(memory.write::<1>(1, 9, [f(7)]).unwrap(), (RecordId(1), [f(2)]));
        let (_, cells) = memory.read::<16>(1, 0).unwrap();
        assert_eq!(cells[8..12], [1, 7, 3, 4].map(f));
        assert_eq!(memory.read_dynamic(1, 10, 2).unwrap().1, [3, 4].map(f));
        assert_eq!((memory.timestamp(), memory.accesses(), memory.log().len()), (5, 4, 4));
        assert_eq!(memory.image().cell(1, 9), f(7));
        assert_eq!(memory.initial_image(), &MemoryImage::new());
    }

    #[test]
    fn the_identity_space_holds_its_pointers() {
        let mut memory = Memory::new(&config());
        assert_eq!(memory.read::<1>(0, 77).unwrap().1, [f(77)]);
        assert_eq!(memory.write::<1>(0, 77, [f(77)]), Err(MemoryError::IdentityReadOnly { space: 0 }));
        assert_eq!(memory.read::<2>(0, 76), Err(MemoryError::InvalidAccessSize { len: 2 }));
        let p = engram_air::field::MODULUS;
        assert_eq!(memory.read::<1>(0, p), Err(MemoryError::AddressOutOfBounds { space: 0, pointer: p, len: 1 }));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut memory = Memory::new(&config());
        let _ = memory.write::<2>(1, 254, [f(5), f(6)]).unwrap();
        let past = |pointer, len| Err(MemoryError::AddressOutOfBounds { space: 1, pointer, len });
        assert_eq!(memory.read_dynamic(1, 256, 1), past(256, 1));
        assert_eq!(memory.read_dynamic(1, 254, 4), past(254, 4));
        assert_eq!(memory.read_dynamic(1, u32::MAX, 1), past(u32::MAX, 1));
        assert_eq!(memory.read::<4>(1, 2), Err(MemoryError::Misaligned { space: 1, pointer: 2, len: 4 }));
        for len in [0, 3, 33, 64, usize::MAX] {
            assert_eq!(memory.read_dynamic(1, 0, len), Err(MemoryError::InvalidAccessSize { len }));
        }
        assert_eq!(memory.write_dynamic(1, 0, &[F::ONE; 64]), Err(MemoryError::InvalidAccessSize { len: 64 }));
        assert_eq!(memory.read::<1>(3, 0), Err(MemoryError::UnknownSpace { space: 3 }));
        let wide = memory.write::<2>(2, 4, [f(0xffff), f(0x10000)]);
        assert_eq!(wide, Err(MemoryError::CellOutOfRange { space: 2, cell: 5, value: 0x10000 }));
        let late = memory.increment_timestamp_by(1 << 29);
        assert_eq!(late, Err(MemoryError::TimestampOverflow { timestamp: 2, increment: 1 << 29 }));
        assert_eq!((memory.timestamp(), memory.accesses(), memory.log().len()), (2, 1, 1));
        assert_eq!(memory.image().cell(1, 255), f(6));
    }

    #[test]
    fn a_full_log_and_the_end_of_time_are_refused() {
        let mut memory = Memory::new(&config());
        memory.increment_timestamp_by((1 << 29) - 2).unwrap();
        let _ = memory.read::<1>(1, 0).unwrap();
        assert_eq!(memory.read::<1>(1, 0), Err(MemoryError::TimestampOverflow { timestamp: 1 << 29, increment: 1 }));
        let mut memory = Memory::new(&config());
        for _ in 0..5 {
            let _ = memory.read::<1>(1, 0).unwrap();
        }
        assert_eq!(memory.read::<1>(1, 0), Err(MemoryError::CapacityReached { capacity: 5 }));
    }
}
