//! The row and the public values of the roots.

use engram_air::{F, PrimeCharacteristicRing, Trace, field::Digest};

use crate::{config::MemoryConfig, offline::FinalMemory};

/// The row of a replay.
pub fn trace(config: &MemoryConfig, memory: &FinalMemory) -> Trace {
    let touched = config.normal_spaces().iter().map(|space| {
        let first = memory.leaves.partition_point(|leaf| leaf.space < space.number);
        F::from_bool(memory.leaves.get(first).is_some_and(|leaf| leaf.space == space.number))
    });
    Trace::from_rows(touched.collect(), config.normal_spaces().len())
}

/// The public values that say: the spaces' roots were `before` and are `after`.
pub fn public_values(before: &[Digest], after: &[Digest]) -> Vec<F> {
    before.iter().zip(after).flat_map(|(before, after)| before.iter().chain(after)).copied().collect()
}
