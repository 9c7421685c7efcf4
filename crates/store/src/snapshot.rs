//! Generations that are kept beside the current one, to read.

use std::fmt;

use crate::{
    error::StoreError,
    format::GenerationRecord,
    hash::Digest,
    page::{LEAF_WORDS, PageWords},
    view::View,
};

/// What is known of a kept generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationInfo {
    /// Its number.
    pub generation: u64,
    /// The roots of all spaces, in the order of the configuration.
    pub roots: Vec<Digest>,
    /// Its metadata.
    pub metadata: Vec<u8>,
}

impl From<GenerationRecord> for GenerationInfo {
    fn from(record: GenerationRecord) -> Self {
        Self { generation: record.number, roots: record.roots, metadata: record.metadata }
    }
}

/// A generation as it was. All that it reads is checked against the roots of that generation.
///
/// It costs a look-up in what each later generation replaced, so it is slower the older it is.
pub struct Snapshot {
    pub(crate) view: View,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Snapshot").field("generation", &self.view.state.number).finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) fn new(view: View) -> Self {
        Self { view }
    }

    /// Its number, roots and metadata.
    pub fn info(&self) -> GenerationInfo {
        self.view.state.clone().into()
    }

    /// A page, as [`crate::Store::read_page`] reads it.
    ///
    /// # Errors
    /// Those of [`crate::Store::read_page`].
    pub fn read_page(&self, space: u32, page: u32) -> Result<Option<Box<PageWords>>, StoreError> {
        self.view.read_page(space, page)
    }

    /// A leaf, as [`crate::Store::read_leaf`] reads it.
    ///
    /// # Errors
    /// Those of [`crate::Store::read_leaf`].
    pub fn read_leaf(&self, space: u32, leaf: u32) -> Result<[u32; LEAF_WORDS], StoreError> {
        self.view.read_leaf(space, leaf)
    }

    /// The digest of a node, as [`crate::Store::node`] reads it.
    ///
    /// # Errors
    /// Those of [`crate::Store::node`].
    pub fn node(&self, space: u32, height: u32, index: u32) -> Result<Digest, StoreError> {
        self.view.node(&self.view.geometry.shape(space)?, height, index)
    }
}
