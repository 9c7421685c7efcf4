//! The Poseidon2 permutation of width 16 over BabyBear, as the backend and its recursion use it
//! (Grassi, Khovratovich, Schofnegger, "Poseidon2", eprint 2023/323).

use std::sync::OnceLock;

use p3_baby_bear::{Poseidon2BabyBear, default_babybear_poseidon2_16};
use p3_symmetric::Permutation;

use crate::field::{DIGEST_CELLS, Digest, F, PrimeCharacteristicRing};

pub use p3_baby_bear::{
    BABYBEAR_RC16_EXTERNAL_FINAL as EXTERNAL_CONSTANTS_FINAL,
    BABYBEAR_RC16_EXTERNAL_INITIAL as EXTERNAL_CONSTANTS_INITIAL, BABYBEAR_RC16_INTERNAL as INTERNAL_CONSTANTS,
};

/// Cells of the permutation's state.
pub const WIDTH: usize = 16;

/// Apply the permutation in place.
pub fn permute(state: &mut [F; WIDTH]) {
    static PERMUTATION: OnceLock<Poseidon2BabyBear<WIDTH>> = OnceLock::new();
    PERMUTATION.get_or_init(default_babybear_poseidon2_16).permute_mut(state);
}

/// Two digests, or the halves of a leaf, into one digest: the first half of `permute(x) + x`, the paper's compression.
///
/// Adding `x` is what makes it one-way. A permutation runs backwards: from any digest and eight cells of choice to two
/// halves that it is made of. As all sixteen cells of a leaf are free, a tree of bare permutations would bind nothing.
pub fn compress(left: &Digest, right: &Digest) -> Digest {
    let mut state = [F::ZERO; WIDTH];
    state[..DIGEST_CELLS].copy_from_slice(left);
    state[DIGEST_CELLS..].copy_from_slice(right);
    permute(&mut state);
    std::array::from_fn(|index| state[index] + left[index])
}

/// A digest of any number of cells: a sponge of rate 8 whose capacity starts with the length, so that no input is a
/// prefix of another.
pub fn hash(cells: impl ExactSizeIterator<Item = F>) -> Digest {
    let mut state = [F::ZERO; WIDTH];
    state[DIGEST_CELLS] = F::from_usize(cells.len());
    let mut filled = 0;
    for cell in cells {
        state[filled] = cell;
        filled += 1;
        if filled == DIGEST_CELLS {
            permute(&mut state);
            filled = 0;
        }
    }
    if filled > 0 {
        state[filled..DIGEST_CELLS].fill(F::ZERO);
        permute(&mut state);
    }
    std::array::from_fn(|index| state[index])
}
