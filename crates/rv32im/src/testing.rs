//! Random programs for differential tests.

mod random;

pub use random::SplitMix64;
