//! The rounds of the permutation and the addition of its input, over anything that can be added and multiplied.
//!
//! `commit` stands where a cell is committed: while the circuit is built it makes a column, asserts that it is the value
//! and returns it; while a row is filled it writes the value. Between two commits a value's degree grows to 7.

use std::sync::LazyLock;

use engram_air::{
    F, PrimeCharacteristicRing, Ring,
    field::{DIGEST_CELLS, inverse_power_of_two},
    poseidon2::{EXTERNAL_CONSTANTS_FINAL, EXTERNAL_CONSTANTS_INITIAL, INTERNAL_CONSTANTS, WIDTH},
};

/// Cells that are committed: all of the state after seven external rounds, one an internal round, and the digest.
pub(super) const COMMITTED_CELLS: usize = (EXTERNAL_CONSTANTS_INITIAL.len() + EXTERNAL_CONSTANTS_FINAL.len() - 1)
    * WIDTH
    + INTERNAL_CONSTANTS.len()
    + DIGEST_CELLS;

/// The first half of the permutation of `input`, plus the first half of `input`: the digest of its two halves.
pub(super) fn compress_cells<R: Ring>(input: [R; WIDTH], mut commit: impl FnMut(&str, R) -> R) -> [R; DIGEST_CELLS] {
    let mut state = external_layer(input.clone());
    for constants in &EXTERNAL_CONSTANTS_INITIAL {
        state = external_round(state, constants).map(|cell| commit("state after a first round", cell));
    }
    for constant in INTERNAL_CONSTANTS {
        let [first, ..] = &mut state;
        *first = commit("S-box of an inner round", power7(first.clone() + R::constant(constant)));
        let sum = state.iter().cloned().reduce(R::add).unwrap_or_else(R::zero);
        state = std::array::from_fn(|index| state[index].clone().scale(INTERNAL_DIAGONAL[index]) + sum.clone());
    }
    let (last, others) = EXTERNAL_CONSTANTS_FINAL.split_last().expect("there are final rounds");
    for constants in others {
        state = external_round(state, constants).map(|cell| commit("state after a last round", cell));
    }
    let state = external_round(state, last);
    std::array::from_fn(|index| commit("digest", state[index].clone() + input[index].clone()))
}

fn external_round<R: Ring>(state: [R; WIDTH], constants: &[F; WIDTH]) -> [R; WIDTH] {
    let boxed = std::array::from_fn(|index| power7(state[index].clone() + R::constant(constants[index])));
    external_layer(boxed)
}

fn power7<R: Ring>(x: R) -> R {
    let square = x.clone() * x.clone();
    let cube = square.clone() * x.clone();
    cube.clone() * cube * x
}

/// Multiply by the block-circulant matrix of 4 × 4 blocks, 2M on the diagonal and M elsewhere, where M is the circulant
/// matrix with first row (2, 3, 1, 1).
fn external_layer<R: Ring>(state: [R; WIDTH]) -> [R; WIDTH] {
    let blocks: [[R; 4]; WIDTH / 4] =
        std::array::from_fn(|block| circulant(std::array::from_fn(|index| state[4 * block + index].clone())));
    let sums: [R; 4] = std::array::from_fn(|index| {
        blocks.iter().map(|block| block[index].clone()).reduce(R::add).unwrap_or_else(R::zero)
    });
    std::array::from_fn(|index| blocks[index / 4][index % 4].clone() + sums[index % 4].clone())
}

/// Multiply by M, whose rows are the rotations of (2, 3, 1, 1): the sum of all, once more the cell, twice the next one.
fn circulant<R: Ring>(cells: [R; 4]) -> [R; 4] {
    let [a, b, c, d] = cells.clone();
    let sum = (a + b) + (c + d);
    std::array::from_fn(|index| {
        let next = cells[(index + 1) % 4].clone();
        sum.clone() + (cells[index].clone() + (next.clone() + next))
    })
}

/// What the internal layer's matrix adds to the matrix of ones on its diagonal.
static INTERNAL_DIAGONAL: LazyLock<[F; WIDTH]> = LazyLock::new(|| {
    let whole = F::from_u32;
    let part = inverse_power_of_two;
    [
        -whole(2),
        whole(1),
        whole(2),
        part(1),
        whole(3),
        whole(4),
        -part(1),
        -whole(3),
        -whole(4),
        part(8),
        part(2),
        part(3),
        part(27),
        -part(8),
        -part(4),
        -part(27),
    ]
});
