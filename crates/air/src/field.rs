//! The field: BabyBear, `p = 2^31 - 2^27 + 1`.

pub use p3_field::{Field, PrimeCharacteristicRing, PrimeField32, batch_multiplicative_inverse};

/// An element of the BabyBear field.
pub type F = p3_baby_bear::BabyBear;

/// The field's modulus, `2^31 - 2^27 + 1`. Anything that stands for an integer stays below it.
pub const MODULUS: u32 = F::ORDER_U32;

/// A digest of eight field elements, as Poseidon2 of width 16 yields it.
pub type Digest = [F; DIGEST_CELLS];

/// Field elements in a digest.
pub const DIGEST_CELLS: usize = 8;

/// `2^-bits` in the field: what an exact division by a power of two multiplies with.
pub fn inverse_power_of_two(bits: u32) -> F {
    F::ONE.div_2exp_u64(u64::from(bits))
}
