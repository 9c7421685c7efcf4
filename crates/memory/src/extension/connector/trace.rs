//! The row and the public values of the ends.

use engram_air::{F, PrimeCharacteristicRing, Trace};

/// The row.
pub fn trace() -> Trace {
    Trace::from_rows(vec![F::ONE], 1)
}

/// The public values that say: so many instructions were executed, and the next access would have this time.
pub fn public_values(instructions: u32, last_time: u32) -> Vec<F> {
    [instructions, last_time].map(F::from_u32).to_vec()
}
