//! The standard extensions: four words at a time. `guests/runtime/custom.h` says what they do.

use engram_vm::{
    extension::{ExtensionRow, MemoryExtension},
    row::RowBuilder,
};

/// The id of [`BulkLoad`] among the standard extensions.
pub const BULK_LOAD: u16 = 0;
/// The id of [`BulkStore`].
pub const BULK_STORE: u16 = 1;

/// Words that an instruction moves.
const WORDS: u32 = 4;

/// Copies 4 words from the address in `rs1` to that in `rs2`; `rd` becomes the address after those read.
#[derive(Clone, Copy, Debug)]
pub struct BulkLoad;

/// Writes the word in `rs2` to 4 words at the address in `rs1`; `rd` becomes the address after them.
#[derive(Clone, Copy, Debug)]
pub struct BulkStore;

impl MemoryExtension for BulkLoad {
    fn name(&self) -> &str {
        "bulk_load"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (from, to) = (row.rs1(), row.rs2());
        let words: Vec<_> = (0..WORDS).map(|offset| row.load(from, offset)).collect();
        for (offset, word) in (0..).zip(words) {
            row.store(to, offset, word);
        }
        let bytes = row.constant_word(4 * WORDS);
        let end = row.add(from, bytes);
        row.set_rd(end);
    }
}

impl MemoryExtension for BulkStore {
    fn name(&self) -> &str {
        "bulk_store"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (to, word) = (row.rs1(), row.rs2());
        for offset in 0..WORDS {
            row.store(to, offset, word);
        }
        let bytes = row.constant_word(4 * WORDS);
        let end = row.add(to, bytes);
        row.set_rd(end);
    }
}
