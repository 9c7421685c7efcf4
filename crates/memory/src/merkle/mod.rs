//! The Merkle table: the nodes above the leaves that a segment touches.
//!
//! A row takes its node's message off the Merkle bus, where the node's parent put it, and puts those of its touched
//! children on. So each touched leaf hangs from the root by a chain of rows.
//!
//! Every row must keep:
//! - *the digest before is that of the children before*: looked up in the compression table, always.
//! - *the digest after is that of the children after*: looked up too, unless the node is flagged as unchanged, and then
//!   its digest and its children's are those before.
//! - *an untouched child is unchanged*: its digest after is its digest before. It is put on no bus.
//! - *a row that is not real puts nothing on the bus*: its children are not touched.
//!
//! Together with the roots, which put the one message `[space, height of the tree, 0]` of each touched space on the bus,
//! this shows that *each label is taken at most once*. A row takes one message and its children's heights are one less, so
//! walking up from any row ends at a root (a cycle would need p rows). Hence a row at height `h` is `height of the tree − h`
//! steps below the root; down to height 0 its index is an integer below `2^27`, made of the steps taken, so two rows
//! with the same label have the same parent, and by induction are the same row. Rows below height 0 are not excluded and do
//! no harm: no boundary row takes their labels, so they only show that a digest is unchanged.

mod columns;
mod constraints;
#[cfg(test)]
mod tests;
#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "only provers run it"
)]
mod trace;

pub use constraints::circuit;
pub use trace::trace;
