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
    for (place, &cell) in state.iter_mut().zip(left.iter().chain(right)) {
        *place = cell;
    }
    permute(&mut state);
    let mut digest = first_half(&state);
    for (cell, &fed_forward) in digest.iter_mut().zip(left) {
        *cell += fed_forward;
    }
    digest
}

/// A digest of any number of cells: a sponge of rate 8 whose capacity starts with the length, so that no input is a
/// prefix of another.
pub fn hash(cells: impl ExactSizeIterator<Item = F>) -> Digest {
    let mut state = [F::ZERO; WIDTH];
    state[DIGEST_CELLS] = F::from_usize(cells.len());
    let mut cells = cells.peekable();
    while cells.peek().is_some() {
        for place in state.iter_mut().take(DIGEST_CELLS) {
            *place = cells.next().unwrap_or(F::ZERO);
        }
        permute(&mut state);
    }
    first_half(&state)
}

fn first_half(state: &[F; WIDTH]) -> Digest {
    let mut digest = [F::ZERO; DIGEST_CELLS];
    for (cell, &value) in digest.iter_mut().zip(state) {
        *cell = value;
    }
    digest
}
