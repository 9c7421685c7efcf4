//! Which address spaces a memory has, and its limits.

use std::borrow::Cow;

use thiserror::Error;

pub use crate::layout::{AddressSpaceConfig, AddressSpaceType, CellKind};
use crate::{
    address::{ACCESS_CELLS_MAX, ACCESS_SIZES, IDENTITY_SPACE, LEAF_CELLS, POINTER_BITS_MAX, SPACE_CELLS_LOG2_MAX},
    error::MemoryIntegrationError,
    layout::{self, Layout},
};

/// Accesses that a log may have where nothing else is said.
pub const ACCESS_CAPACITY_DEFAULT: usize = 1 << 20;
/// Most accesses that a log may be configured for. Each has a timestamp of its own, below 2^29.
pub const ACCESS_CAPACITY_MAX: usize = 1 << 28;
/// Most cells in a block: a leaf has at least one.
pub const BLOCK_CELLS_MAX: usize = LEAF_CELLS;
/// Bits of the widest range check where nothing else is said.
pub const RANGE_BITS_DEFAULT: u32 = 32;
/// Bits of the widest range check that can be configured: two lookups.
pub const RANGE_BITS_MAX: u32 = 32;
/// Most address spaces.
pub const SPACES_MAX: usize = 16;
/// Highest number of an address space.
pub const SPACE_NUMBER_MAX: u32 = 0xffff;

/// Why a configuration cannot be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No log could have so many accesses, or none at all.
    #[error("an access capacity is from 1 to 2^28, not {capacity}")]
    AccessCapacity {
        /// What was asked for.
        capacity: usize,
    },
    /// Two spaces have one number.
    #[error("address space {space} is there twice: give each a number of its own")]
    DuplicateSpace {
        /// Its number.
        space: u32,
    },
    /// Number 0 is the identity space's, and no other's.
    #[error(
        "address space {space} cannot be of type {space_type:?}: 0 is the identity space, others up to 65535 are normal"
    )]
    SpaceNumber {
        /// Its number.
        space: u32,
        /// Its type.
        space_type: AddressSpaceType,
    },
    /// The space has not one leaf.
    #[error("address space {space} with pointers of {pointer_bits} bits has less than 16 cells: give it more bits")]
    ZeroSizedSpace {
        /// Its number.
        space: u32,
        /// Bits of its pointers.
        pointer_bits: u32,
    },
    /// A pointer could be the field's modulus or above, or the space is higher than a Merkle tree can be.
    #[error("address space {space} cannot have pointers of {pointer_bits} bits: at most 30 bits, and 2^31 cells, fit")]
    PointerBits {
        /// Its number.
        space: u32,
        /// Bits of its pointers.
        pointer_bits: u32,
    },
    /// No block is of this size.
    #[error(
        "address space {space} cannot have blocks of {block_cells} cells: take a power of two from the pointer unit to 16"
    )]
    BlockCells {
        /// Its number.
        space: u32,
        /// Cells in a block.
        block_cells: usize,
    },
    /// Pointers cannot count this many cells.
    #[error("pointers count 1, 2, 4, 8 or 16 cells, not {pointer_unit}")]
    PointerUnit {
        /// Cells asked for.
        pointer_unit: usize,
    },
    /// No access could be of these sizes.
    #[error("accesses cannot have from {fewest} to {most} cells: take powers of two, from the pointer unit to 32")]
    AccessCells {
        /// Fewest cells.
        fewest: usize,
        /// Most cells.
        most: usize,
    },
    /// The range checker cannot answer such questions.
    #[error("range checks have 1 to 32 bits, not {range_bits}")]
    RangeBits {
        /// Bits asked for.
        range_bits: u32,
    },
    /// Too many spaces.
    #[error("{spaces} address spaces are more than 16: merge some")]
    TooManySpaces {
        /// How many.
        spaces: usize,
    },
    /// Nothing could be written.
    #[error("there is no normal address space: add one")]
    NoNormalSpace,
}

/// A memory's layout and limits, as [`MemoryConfigBuilder::build`] has accepted them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemoryConfig {
    layout: Layout,
    access_capacity: usize,
    range_bits: u32,
}

static RV32IM: MemoryConfig =
    MemoryConfig { layout: layout::RV32IM, access_capacity: ACCESS_CAPACITY_MAX, range_bits: RANGE_BITS_DEFAULT };

impl Default for MemoryConfig {
    /// What [`MemoryConfigBuilder`] builds by itself.
    fn default() -> Self {
        Self { layout: Layout::default(), access_capacity: ACCESS_CAPACITY_DEFAULT, range_bits: RANGE_BITS_DEFAULT }
    }
}

impl MemoryConfig {
    /// RV32IM's layout, for as many accesses as a log may have.
    pub fn rv32im() -> &'static Self {
        &RV32IM
    }

    /// The same for at most `capacity` accesses of a log.
    ///
    /// # Errors
    /// A log cannot have room for so many accesses.
    pub fn with_access_capacity(self, capacity: usize) -> Result<Self, ConfigError> {
        check_capacity(capacity)?;
        Ok(Self { access_capacity: capacity, ..self })
    }

    /// The address spaces.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Most accesses of a log.
    pub fn access_capacity(&self) -> usize {
        self.access_capacity
    }

    /// Bits of the widest range check.
    pub fn range_bits(&self) -> u32 {
        self.range_bits
    }

    /// Cells that a pointer counts.
    pub fn pointer_unit(&self) -> usize {
        self.layout.pointer_unit()
    }

    /// The normal address spaces, by ascending number.
    pub fn normal_spaces(&self) -> &[AddressSpaceConfig] {
        self.layout.spaces()
    }

    /// Whether space 0 is there.
    pub fn has_identity_space(&self) -> bool {
        self.layout.has_identity_space()
    }

    /// Where the normal space with this number is among [`Self::normal_spaces`].
    pub fn position(&self, space: u32) -> Option<usize> {
        self.layout.position(space)
    }
}

/// Builds a [`MemoryConfig`].
///
/// Defaults: [`ACCESS_CAPACITY_DEFAULT`] accesses, range checks of [`RANGE_BITS_DEFAULT`] bits, pointers that count single
/// cells; and where no space is added, the identity space 0 and a normal space 1 of cells of 16 bits, which a file can hold.
#[derive(Clone, Debug, Default)]
pub struct MemoryConfigBuilder {
    access_capacity: Option<usize>,
    address_spaces: Vec<AddressSpaceConfig>,
    range_bits: Option<u32>,
    pointer_unit: Option<usize>,
    access_cells: Option<[usize; 2]>,
}

impl MemoryConfigBuilder {
    /// All defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Most accesses of a log, from 1 to [`ACCESS_CAPACITY_MAX`].
    pub fn with_access_capacity(mut self, capacity: usize) -> Self {
        self.access_capacity = Some(capacity);
        self
    }

    /// One more address space; at most [`SPACES_MAX`].
    pub fn add_address_space(mut self, config: AddressSpaceConfig) -> Self {
        self.address_spaces.push(config);
        self
    }

    /// Bits of the widest check that the range checker answers, from 1 to [`RANGE_BITS_MAX`]. Up to 17 bits are one lookup, more
    /// are two, of limbs. A cell holds less than 31 bits: a wider value stands on the bus as its limbs.
    pub fn with_range_bits(mut self, bits: u32) -> Self {
        self.range_bits = Some(bits);
        self
    }

    /// Cells that a pointer counts: 1, 2, 4, 8 or 16. RV32IM counts words of two. No access is smaller.
    pub fn with_pointer_unit(mut self, cells: usize) -> Self {
        self.pointer_unit = Some(cells);
        self
    }

    /// Fewest and most cells of an access: powers of two, from the pointer unit to 32, which is also the default. A layout whose
    /// accesses all have the size of all blocks has no tables for splits and merges.
    pub fn with_access_cells(mut self, fewest: usize, most: usize) -> Self {
        self.access_cells = Some([fewest, most]);
        self
    }

    /// The configuration, or the first setting that cannot be.
    ///
    /// # Errors
    /// The first setting that no configuration can have.
    pub fn build(self) -> Result<MemoryConfig, ConfigError> {
        let default = MemoryConfig::default();
        let access_capacity = self.access_capacity.unwrap_or(default.access_capacity);
        check_capacity(access_capacity)?;
        let range_bits = self.range_bits.unwrap_or(default.range_bits);
        if !(1..=RANGE_BITS_MAX).contains(&range_bits) {
            return Err(ConfigError::RangeBits { range_bits });
        }
        let pointer_unit = self.pointer_unit.unwrap_or(default.pointer_unit());
        if !pointer_unit.is_power_of_two() || pointer_unit > LEAF_CELLS {
            return Err(ConfigError::PointerUnit { pointer_unit });
        }
        let access_cells = self.access_cells.unwrap_or([pointer_unit, ACCESS_CELLS_MAX]);
        let [fewest, most] = access_cells;
        if fewest < pointer_unit || fewest > most || !access_cells.iter().all(|cells| ACCESS_SIZES.contains(cells)) {
            return Err(ConfigError::AccessCells { fewest, most });
        }
        if self.address_spaces.len() > SPACES_MAX {
            return Err(ConfigError::TooManySpaces { spaces: self.address_spaces.len() });
        }
        let mut spaces = self.address_spaces;
        if spaces.is_empty() {
            spaces.push(AddressSpaceConfig::new(IDENTITY_SPACE, AddressSpaceType::Identity));
            let normal = default.normal_spaces().iter().take(1);
            spaces.extend(normal.map(|space| space.with_block_cells(space.block_cells.max(pointer_unit))));
        }
        spaces.sort_unstable_by_key(|space| space.number);
        if let Some([space, _]) = spaces.array_windows().find(|[space, next]| space.number == next.number) {
            return Err(ConfigError::DuplicateSpace { space: space.number });
        }
        for space in &spaces {
            check_space(space, pointer_unit)?;
        }
        let identity = spaces.first().is_some_and(|space| space.space_type == AddressSpaceType::Identity);
        let normal = spaces.split_off(usize::from(identity));
        if normal.is_empty() {
            return Err(ConfigError::NoNormalSpace);
        }
        let layout = Layout { spaces: Cow::Owned(normal), identity, pointer_unit, access_cells };
        Ok(MemoryConfig { layout, access_capacity, range_bits })
    }
}

fn check_capacity(capacity: usize) -> Result<(), ConfigError> {
    let fits = (1..=ACCESS_CAPACITY_MAX).contains(&capacity);
    if fits { Ok(()) } else { Err(ConfigError::AccessCapacity { capacity }) }
}

fn check_space(config: &AddressSpaceConfig, pointer_unit: usize) -> Result<(), ConfigError> {
    let &AddressSpaceConfig { number: space, space_type, block_cells, pointer_bits, .. } = config;
    let is_identity = space_type == AddressSpaceType::Identity;
    if is_identity != (space == IDENTITY_SPACE) || space > SPACE_NUMBER_MAX {
        return Err(ConfigError::SpaceNumber { space, space_type });
    }
    let cells_log2 = u64::from(pointer_bits).saturating_add(pointer_unit.ilog2().into());
    if pointer_bits > POINTER_BITS_MAX || cells_log2 > u64::from(SPACE_CELLS_LOG2_MAX) {
        return Err(ConfigError::PointerBits { space, pointer_bits });
    }
    if cells_log2 < u64::from(LEAF_CELLS.ilog2()) {
        return Err(ConfigError::ZeroSizedSpace { space, pointer_bits });
    }
    if !block_cells.is_power_of_two() || !(pointer_unit..=BLOCK_CELLS_MAX).contains(&block_cells) {
        // The identity space has no blocks, but a size that can be no block's is a mistake there as well.
        return Err(ConfigError::BlockCells { space, block_cells });
    }
    Ok(())
}

impl From<ConfigError> for MemoryIntegrationError {
    fn from(error: ConfigError) -> Self {
        Self::InvalidConfiguration(error.to_string())
    }
}

/// What a virtual machine is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmConfig {
    /// Its memory.
    pub memory: MemoryConfig,
    /// How many registers its execution context holds.
    pub registers: usize,
}

impl Default for VmConfig {
    fn default() -> Self {
        Self { memory: MemoryConfig::default(), registers: 32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(number: u32) -> AddressSpaceConfig {
        AddressSpaceConfig::new(number, AddressSpaceType::Normal)
    }

    fn build_one(space: AddressSpaceConfig) -> Result<MemoryConfig, ConfigError> {
        MemoryConfigBuilder::new().add_address_space(space).build()
    }

    #[test]
    fn the_guides_configuration_is_built() {
        let config = MemoryConfigBuilder::new()
            .with_access_capacity(5000)
            .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
            .add_address_space(normal(1))
            .with_range_bits(32)
            .build()
            .unwrap();
        assert_eq!((config.access_capacity(), config.range_bits(), config.pointer_unit()), (5000, 32, 1));
        assert!(config.has_identity_space());
        assert_eq!(config.normal_spaces(), [normal(1)]);
        let default = MemoryConfig::default();
        assert_eq!(default.normal_spaces(), [normal(1).with_cell_kind(CellKind::U16)]);
        assert_eq!(MemoryConfigBuilder::new().build().unwrap(), MemoryConfig::default());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let capacity = |capacity| MemoryConfigBuilder::new().with_access_capacity(capacity).build();
        assert_eq!(capacity(0), Err(ConfigError::AccessCapacity { capacity: 0 }));
        assert!(capacity(ACCESS_CAPACITY_MAX).is_ok() && capacity(ACCESS_CAPACITY_MAX + 1).is_err());
        let rv32im = |capacity| MemoryConfig::rv32im().clone().with_access_capacity(capacity);
        assert_eq!(rv32im(0), Err(ConfigError::AccessCapacity { capacity: 0 }));
        assert!(rv32im(9).is_ok_and(|config| config.access_capacity() == 9 && config.pointer_unit() == 2));
        let twice = MemoryConfigBuilder::new().add_address_space(normal(3)).add_address_space(normal(3)).build();
        assert_eq!(twice, Err(ConfigError::DuplicateSpace { space: 3 }));
        let tiny = build_one(normal(1).with_pointer_bits(3));
        assert_eq!(tiny, Err(ConfigError::ZeroSizedSpace { space: 1, pointer_bits: 3 }));
        assert!(build_one(normal(1).with_pointer_bits(4)).is_ok());
        assert!(build_one(normal(1).with_pointer_bits(30)).is_ok());
        for pointer_bits in [31, 32, u32::MAX] {
            let wide = build_one(normal(1).with_pointer_bits(pointer_bits));
            assert_eq!(wide, Err(ConfigError::PointerBits { space: 1, pointer_bits }));
        }
        for block_cells in [0, 3, 12, 32] {
            let odd = build_one(normal(1).with_block_cells(block_cells));
            assert_eq!(odd, Err(ConfigError::BlockCells { space: 1, block_cells }));
        }
        for range_bits in [0, 33] {
            let odd = MemoryConfigBuilder::new().with_range_bits(range_bits).build();
            assert_eq!(odd, Err(ConfigError::RangeBits { range_bits }));
        }
        for pointer_unit in [0, 3, 32] {
            let odd = MemoryConfigBuilder::new().with_pointer_unit(pointer_unit).build();
            assert_eq!(odd, Err(ConfigError::PointerUnit { pointer_unit }));
        }
        for (fewest, most) in [(0, 4), (4, 2), (3, 4), (1, 64)] {
            let odd = MemoryConfigBuilder::new().with_access_cells(fewest, most).build();
            assert_eq!(odd, Err(ConfigError::AccessCells { fewest, most }));
        }
        let identity = AddressSpaceConfig::new(0, AddressSpaceType::Identity);
        assert_eq!(build_one(identity), Err(ConfigError::NoNormalSpace));
        for (number, space_type) in [(1, AddressSpaceType::Identity), (0, AddressSpaceType::Normal)] {
            let space = AddressSpaceConfig::new(number, space_type);
            assert_eq!(build_one(space), Err(ConfigError::SpaceNumber { space: number, space_type }));
        }
        let many =
            (1..=17).fold(MemoryConfigBuilder::new(), |builder, number| builder.add_address_space(normal(number)));
        assert_eq!(many.build(), Err(ConfigError::TooManySpaces { spaces: 17 }));
    }

    /// RV32IM's layout is a constant: nothing has refused it, so it is built here.
    #[test]
    fn the_layout_of_rv32im_can_be_configured() {
        let builder = MemoryConfigBuilder::new().with_access_capacity(ACCESS_CAPACITY_MAX);
        let builder = builder.with_pointer_unit(2).with_access_cells(2, 2);
        let spaces = Layout::rv32im().spaces().iter();
        let built = spaces.fold(builder, |builder, space| builder.add_address_space(*space)).build();
        assert_eq!(built.as_ref(), Ok(MemoryConfig::rv32im()));
        let heights = Layout::rv32im().spaces().iter().map(|space| Layout::rv32im().tree_height(space));
        assert_eq!(heights.collect::<Vec<_>>(), [3, 27, 27]);
        assert!(Layout::rv32im().spaces().iter().all(|space| Layout::rv32im().is_words(space)));
    }

    #[test]
    fn blocks_are_split_and_merged_between_the_smallest_and_the_largest() {
        let sizes = |fewest, most, block_cells| {
            let builder = MemoryConfigBuilder::new().with_access_cells(fewest, most);
            let config = builder.add_address_space(normal(1).with_block_cells(block_cells)).build().unwrap();
            config.layout().adapter_sizes().collect::<Vec<_>>()
        };
        assert!(sizes(4, 4, 4).is_empty());
        assert_eq!(sizes(1, 2, 8), [2, 4, 8]);
        assert_eq!(sizes(4, 16, 2), [4, 8, 16]);
        assert_eq!(MemoryConfig::rv32im().layout().adapter_sizes().count(), 0);
    }

    #[test]
    fn a_space_of_words_counts_cells_by_its_unit() {
        let words = normal(2).with_block_cells(2).with_pointer_bits(30);
        let config = MemoryConfigBuilder::new().with_pointer_unit(2).add_address_space(words).build().unwrap();
        assert_eq!((config.layout().cells_log2(&words), config.layout().tree_height(&words)), (31, 27));
        let single =
            MemoryConfigBuilder::new().with_pointer_unit(2).add_address_space(words.with_block_cells(1)).build();
        assert_eq!(single, Err(ConfigError::BlockCells { space: 2, block_cells: 1 }));
    }
}
