//! Which address spaces a memory has, and what lies in them. Nothing else knows how many there are.

use std::{borrow::Cow, fmt};

use engram_air::field::Digest;

use crate::address::{
    ACCESS_CELLS_MAX, ACCESS_SIZES, LEAF_CELLS, SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, WORD_CELLS,
};

/// Cells in a block where nothing else is said.
pub const BLOCK_CELLS_DEFAULT: usize = 4;
/// Bits of a space's pointers where nothing else is said.
pub const POINTER_BITS_DEFAULT: u32 = 29;

/// What an address space does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressSpaceType {
    /// Reading pointer *v* gives *v*. It is never on the bus, cannot be written, and has number 0.
    Identity,
    /// It holds what was last written, or what the image says.
    Normal,
}

/// What a cell of a space may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Integers below 2^16, range-checked where they are written.
    U16,
    /// Any element of the field.
    Field,
}

/// One address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressSpaceConfig {
    /// Its number on the bus: 0 for the identity space, 1 to [`SPACE_NUMBER_MAX`](crate::config::SPACE_NUMBER_MAX) for others.
    pub number: u32,
    /// Its name, for people; may be empty.
    pub name: &'static str,
    /// What it does.
    pub space_type: AddressSpaceType,
    /// What its cells hold.
    pub cell_kind: CellKind,
    /// Cells in a block: what the boundary puts on the bus at once, a power of two up to a leaf's 16 cells and no less than
    /// the pointer unit. Accesses of this size need no adapters.
    pub block_cells: usize,
    /// Pointers are below `2^pointer_bits`. At most [`POINTER_BITS_MAX`](crate::address::POINTER_BITS_MAX), and at least one
    /// leaf of 16 cells.
    pub pointer_bits: u32,
}

impl AddressSpaceConfig {
    /// A space with field cells in blocks of [`BLOCK_CELLS_DEFAULT`] and pointers of [`POINTER_BITS_DEFAULT`] bits.
    pub const fn new(number: u32, space_type: AddressSpaceType) -> Self {
        Self {
            number,
            name: "",
            space_type,
            cell_kind: CellKind::Field,
            block_cells: BLOCK_CELLS_DEFAULT,
            pointer_bits: POINTER_BITS_DEFAULT,
        }
    }

    /// A space of words: cells of 16 bits in blocks of two.
    const fn words(number: u32, name: &'static str, pointer_bits: u32) -> Self {
        Self {
            name,
            cell_kind: CellKind::U16,
            block_cells: WORD_CELLS,
            pointer_bits,
            ..Self::new(number, AddressSpaceType::Normal)
        }
    }

    /// With this name.
    pub const fn with_name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// With cells of this kind.
    pub const fn with_cell_kind(self, cell_kind: CellKind) -> Self {
        Self { cell_kind, ..self }
    }

    /// With so many cells in a block.
    pub const fn with_block_cells(self, block_cells: usize) -> Self {
        Self { block_cells, ..self }
    }

    /// With pointers of so many bits.
    pub const fn with_pointer_bits(self, pointer_bits: u32) -> Self {
        Self { pointer_bits, ..self }
    }
}

/// Its name, or its number where it has none.
impl fmt::Display for AddressSpaceConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { write!(formatter, "space {}", self.number) } else { formatter.write_str(self.name) }
    }
}

/// The address spaces of a memory, and which accesses it takes. RV32IM's is [`Layout::rv32im`];
/// [`MemoryConfigBuilder`](crate::config::MemoryConfigBuilder) makes others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Normal spaces by ascending number.
    pub(crate) spaces: Cow<'static, [AddressSpaceConfig]>,
    pub(crate) identity: bool,
    pub(crate) pointer_unit: usize,
    /// Fewest and most cells of an access: powers of two.
    pub(crate) access_cells: [usize; 2],
}

/// Every access is a whole word, so that a block is never split or merged.
pub(crate) const RV32IM: Layout = Layout {
    spaces: Cow::Borrowed(&[
        AddressSpaceConfig::words(SPACE_REGISTERS, "registers", 6),
        AddressSpaceConfig::words(SPACE_MEMORY, "memory", 30),
        AddressSpaceConfig::words(SPACE_OUTPUT, "output", 30),
    ]),
    identity: false,
    pointer_unit: WORD_CELLS,
    access_cells: [WORD_CELLS; 2],
};

impl Default for Layout {
    /// The identity space, and a normal space 1 of cells of 16 bits, which a file can hold, for accesses of every size.
    fn default() -> Self {
        const SPACES: &[AddressSpaceConfig] =
            &[AddressSpaceConfig::new(1, AddressSpaceType::Normal).with_cell_kind(CellKind::U16)];
        Self { spaces: Cow::Borrowed(SPACES), identity: true, pointer_unit: 1, access_cells: [1, ACCESS_CELLS_MAX] }
    }
}

impl Layout {
    /// RV32IM's: registers, memory and output, in words of two cells of 16 bits.
    pub fn rv32im() -> &'static Self {
        static LAYOUT: Layout = RV32IM;
        &LAYOUT
    }

    /// The normal address spaces, by ascending number.
    pub fn spaces(&self) -> &[AddressSpaceConfig] {
        &self.spaces
    }

    /// Whether space 0 is there.
    pub fn has_identity_space(&self) -> bool {
        self.identity
    }

    /// Cells that a pointer counts.
    pub fn pointer_unit(&self) -> usize {
        self.pointer_unit
    }

    /// Whether an access may have so many cells.
    pub fn has_access_size(&self, cells: usize) -> bool {
        let [fewest, most] = self.access_cells;
        cells.is_power_of_two() && (fewest..=most).contains(&cells)
    }

    /// The sizes of accesses, in cells, ascending.
    pub fn access_sizes(&self) -> impl Iterator<Item = usize> {
        ACCESS_SIZES.into_iter().filter(|&cells| self.has_access_size(cells))
    }

    /// Where the normal space with this number is among [`Self::spaces`].
    pub fn position(&self, space: u32) -> Option<usize> {
        self.spaces.binary_search_by_key(&space, |known| known.number).ok()
    }

    /// The normal space with this number.
    pub fn space(&self, number: u32) -> Option<&AddressSpaceConfig> {
        self.spaces.get(self.position(number)?)
    }

    /// The root of the space with this number, among roots in the order of [`Self::spaces`].
    pub fn root(&self, roots: &[Digest], space: u32) -> Option<Digest> {
        roots.get(self.position(space)?).copied()
    }

    /// Base-two logarithm of the number of cells of a normal space.
    pub fn cells_log2(&self, space: &AddressSpaceConfig) -> u32 {
        space.pointer_bits.saturating_add(self.pointer_unit.ilog2())
    }

    /// Height of a normal space's Merkle tree.
    pub fn tree_height(&self, space: &AddressSpaceConfig) -> u32 {
        self.cells_log2(space).saturating_sub(LEAF_CELLS.ilog2())
    }

    /// The block sizes that some space has, ascending.
    pub fn block_sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.spaces.iter().map(|space| space.block_cells).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The sizes that a block on the bus may have, ascending: those of accesses and of spaces, and all between.
    pub fn bus_sizes(&self) -> impl Iterator<Item = usize> {
        let [mut fewest, mut most] = self.access_cells;
        for space in self.spaces.iter() {
            (fewest, most) = (fewest.min(space.block_cells), most.max(space.block_cells));
        }
        ACCESS_SIZES.into_iter().filter(move |cells| (fewest..=most).contains(cells))
    }

    /// The sizes of blocks that are split and merged, ascending. None where all accesses have the size of all blocks.
    pub fn adapter_sizes(&self) -> impl Iterator<Item = usize> {
        self.bus_sizes().skip(1)
    }

    /// Whether all accesses of this space are whole blocks of one word.
    pub(crate) fn is_words(&self, space: &AddressSpaceConfig) -> bool {
        let sizes = [self.pointer_unit, self.access_cells[0], self.access_cells[1], space.block_cells];
        space.cell_kind == CellKind::U16 && sizes == [WORD_CELLS; 4]
    }
}
