//! What a path has open.

use engram_memory::access::TakenBlock;

use super::{place::Place, value::WordId};

/// A word of memory that the path has used.
#[derive(Clone, Debug)]
pub(super) struct MemoryLocation<E> {
    pub(super) place: Place<E>,
    /// What it holds.
    pub(super) value: WordId,
    /// Its message, while it is open.
    pub(super) taken: Option<TakenBlock<E>>,
}

/// The locations of a path.
#[derive(Clone, Debug)]
pub(super) struct Locations<E> {
    pub(super) registers: Vec<(u32, WordId, TakenBlock<E>)>,
    pub(super) memory: Vec<MemoryLocation<E>>,
    pub(super) openings: Vec<bool>,
    /// By access to memory: the word's pointer, and what is stored there if it is a store.
    pub(super) made: Vec<(E, Option<WordId>)>,
    /// Bytes below and above bases that pointers without reduction reach.
    pub(super) reach: [u32; 2],
}

impl<E> Default for Locations<E> {
    fn default() -> Self {
        Self { registers: vec![], memory: vec![], openings: vec![], made: vec![], reach: [0; 2] }
    }
}
