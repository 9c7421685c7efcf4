//! The buses of memory, each beside the one function that writes its message.

use engram_air::{Bus, Ring, field::DIGEST_CELLS};

/// The bus on which circuits meet memory: [`MEMORY`]. All circuits of one memory use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemoryBus;

impl MemoryBus {
    /// The bus [`MEMORY`].
    pub const fn new() -> Self {
        Self
    }

    /// The bus itself.
    pub const fn bus(&self) -> Bus {
        MEMORY
    }
}

/// The state of each block, from one access to the next.
pub const MEMORY: Bus = Bus::permutation(1, "memory", &["space", "pointer", "cell*", "timestamp"]);

/// Integers below a power of two.
pub const RANGE: Bus = Bus::lookup(2, "range", &["value", "bits"]);

/// Two bytes and their bitwise and.
pub const BYTES: Bus = Bus::lookup(3, "bytes", &["x", "y", "and"]);

/// Nodes of Merkle trees, from parent to child, with their digests before and after the segment.
pub const MERKLE: Bus = Bus::permutation(4, "merkle", &["space", "height", "index", "digests"]);

/// Two digests and the digest of both. Indices 6 to 9 are the machine's.
pub const COMPRESS: Bus = Bus::lookup(5, "compress", &["digests"]);

/// The widest range that [`RANGE`] knows, in bits.
pub const RANGE_BITS_MAX: u32 = 17;

/// On [`MEMORY`]: the block at `(space, pointer)` has held `cells` since `timestamp`.
///
/// Blocks of different sizes are never taken for each other: see [`engram_stark`], "Messages do not collide".
pub fn memory_message<T>(space: T, pointer: T, cells: impl IntoIterator<Item = T>, timestamp: T) -> Vec<T> {
    [space, pointer].into_iter().chain(cells).chain([timestamp]).collect()
}

/// On [`RANGE`]: `value < 2^bits`, with `bits` at most [`RANGE_BITS_MAX`].
pub fn range_message<T: Ring>(value: T, bits: u32) -> Vec<T> {
    variable_range_message(value, T::integer(bits))
}

/// On [`RANGE`]: `value < 2^bits`, where a row says how many bits.
pub fn variable_range_message<T>(value: T, bits: T) -> Vec<T> {
    vec![value, bits]
}

/// On [`BYTES`]: `x` and `y` are below 256, and `and` is their bitwise and.
/// Their or is `x + y - and`, their exclusive or `x + y - 2 and`.
pub fn bytes_message<T>(x: T, y: T, and: T) -> Vec<T> {
    vec![x, y, and]
}

/// On [`MERKLE`]: the node `index` (from the left) at `height` (leaves are at 0) of the space's tree has digest `before` when
/// the segment starts and `after` when it ends.
pub fn merkle_message<T>(space: T, height: T, index: T, before: [T; DIGEST_CELLS], after: [T; DIGEST_CELLS]) -> Vec<T> {
    [space, height, index].into_iter().chain(before).chain(after).collect()
}

/// On [`COMPRESS`]: `out` is the digest of `left` and `right`.
pub fn compress_message<T>(left: [T; DIGEST_CELLS], right: [T; DIGEST_CELLS], out: [T; DIGEST_CELLS]) -> Vec<T> {
    left.into_iter().chain(right).chain(out).collect()
}
