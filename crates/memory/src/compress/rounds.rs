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

use crate::tree::leaf_halves;

/// Cells that are committed: all of the state after seven external rounds, one an internal round, and the digest.
pub(super) const COMMITTED_CELLS: usize = (EXTERNAL_CONSTANTS_INITIAL.len() + EXTERNAL_CONSTANTS_FINAL.len() - 1)
    * WIDTH
    + INTERNAL_CONSTANTS.len()
    + DIGEST_CELLS;

/// The first half of the permutation of `input`, plus the first half of `input`: the digest of its two halves.
pub(super) fn compress_cells<E: Ring>(input: [E; WIDTH], mut commit: impl FnMut(&str, E) -> E) -> [E; DIGEST_CELLS] {
    let mut state = external_layer(input.clone());
    for constants in &EXTERNAL_CONSTANTS_INITIAL {
        state = external_round(state, constants).map(|cell| commit("state after a first round", cell));
    }
    for constant in INTERNAL_CONSTANTS {
        let [first, ..] = &mut state;
        *first = commit("S-box of an inner round", power7(first.clone() + E::constant(constant)));
        let sum = state.iter().cloned().reduce(E::add).unwrap_or_else(E::zero);
        for (cell, diagonal) in state.iter_mut().zip(&*INTERNAL_DIAGONAL) {
            *cell = cell.clone().scale(*diagonal) + sum.clone();
        }
    }
    let [others @ .., last] = &EXTERNAL_CONSTANTS_FINAL;
    for constants in others {
        state = external_round(state, constants).map(|cell| commit("state after a last round", cell));
    }
    let [mut digest, _] = leaf_halves(&external_round(state, last));
    for (cell, input) in digest.iter_mut().zip(input) {
        *cell = commit("digest", cell.clone() + input);
    }
    digest
}

fn external_round<E: Ring>(mut state: [E; WIDTH], constants: &[F; WIDTH]) -> [E; WIDTH] {
    for (cell, constant) in state.iter_mut().zip(constants) {
        *cell = power7(cell.clone() + E::constant(*constant));
    }
    external_layer(state)
}

fn power7<E: Ring>(x: E) -> E {
    let square = x.clone() * x.clone();
    let cube = square.clone() * x.clone();
    cube.clone() * cube * x
}

/// Multiply by the block-circulant matrix of 4 × 4 blocks, 2M on the diagonal and M elsewhere, where M is the circulant
/// matrix with first row (2, 3, 1, 1).
fn external_layer<E: Ring>(state: [E; WIDTH]) -> [E; WIDTH] {
    let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3] = state;
    let blocks = [[a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]].map(circulant);
    let [mut sums, others @ ..] = blocks.clone();
    for block in others {
        add(&mut sums, &block);
    }
    let [a, b, c, d] = blocks.map(|mut block| {
        add(&mut block, &sums);
        block
    });
    let ([a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]) = (a, b, c, d);
    [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3]
}

fn add<E: Ring>(cells: &mut [E; 4], others: &[E; 4]) {
    for (cell, other) in cells.iter_mut().zip(others) {
        *cell = cell.clone() + other.clone();
    }
}

/// Multiply by M, whose rows are the rotations of (2, 3, 1, 1): the sum of all, once more the cell, twice the next one.
fn circulant<E: Ring>([a, b, c, d]: [E; 4]) -> [E; 4] {
    let sum = (a.clone() + b.clone()) + (c.clone() + d.clone());
    let with_next = [(a.clone(), b.clone()), (b, c.clone()), (c, d.clone()), (d, a)];
    with_next.map(|(cell, next)| sum.clone() + (cell + (next.clone() + next)))
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
