//! Columns of the roots table.

use crate::address::SPACES_COUNT;

engram_air::columns! {
    /// All roots, in the one row there is.
    pub(super) struct RootsCols {
        /// By position in `SPACES`: whether some word of the space is touched; boolean.
        touched: [T; SPACES_COUNT],
    }
}
