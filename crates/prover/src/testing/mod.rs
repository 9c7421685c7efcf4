//! What the tests of an integration run on.

pub mod system;
