//! Memory that is kept elsewhere and looked at page by page.

use std::fmt;

use engram_air::field::Digest;

use crate::image::ImagePage;

/// Where words and tree nodes come from that a memory does not hold itself: a store on disk.
///
/// Looking something up cannot fail on the spot, since replay does it in the middle of everything. A backing that cannot
/// answer says so in [`failure`](Self::failure), and whoever uses its answers asks for that before relying on them.
pub trait Backing: fmt::Debug + Send + Sync {
    /// A page of a space of words, numbered by its first pointer divided by [`PAGE_WORDS`](crate::image::PAGE_WORDS); `None` where
    /// all its words are zero.
    fn page(&self, space: u32, page: u32) -> Option<Box<ImagePage>>;

    /// The digest of a tree node: `height` is the distance from the leaves, `index` counts from the left. `None` where all
    /// words below are zero.
    fn node(&self, space: u32, height: u32, index: u32) -> Option<Digest>;

    /// What went wrong first, if anything did: then what was looked up is worth nothing.
    fn failure(&self) -> Option<String>;
}
