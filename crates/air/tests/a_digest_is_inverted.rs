//! A permutation can be run backwards: from any digest and eight cells of choice to two halves that it is made of. Were the
//! permutation alone the digest, a prover could open each leaf of a tree to words that were never there.

use engram_air::{
    F, Field, PrimeCharacteristicRing,
    field::{DIGEST_CELLS, Digest, inverse_power_of_two},
    poseidon2::{EXTERNAL_CONSTANTS_FINAL, EXTERNAL_CONSTANTS_INITIAL, INTERNAL_CONSTANTS, WIDTH, compress, permute},
};

type State = [F; WIDTH];
type Matrix = [State; WIDTH];

/// Exponent of the inverse of x^7: `7 · INVERSE_EXPONENT = 1` modulo `p - 1`.
const INVERSE_EXPONENT: u64 = 1_725_656_503;

fn external_matrix() -> Matrix {
    let row = [2, 3, 1, 1].map(F::from_u32);
    std::array::from_fn(|i| {
        std::array::from_fn(|j| row[(4 + j % 4 - i % 4) % 4] * F::from_u32(if i / 4 == j / 4 { 2 } else { 1 }))
    })
}

fn internal_matrix() -> Matrix {
    let part = inverse_power_of_two;
    let whole = F::from_u32;
    let diagonal = [
        -whole(2),
        whole(1),
        whole(2),
        part(1),
        whole(3),
        whole(4),
        -part(1),
        -whole(3), //
        -whole(4),
        part(8),
        part(2),
        part(3),
        part(27),
        -part(8),
        -part(4),
        -part(27),
    ];
    std::array::from_fn(|i| std::array::from_fn(|j| F::ONE + if i == j { diagonal[i] } else { F::ZERO }))
}

/// Gauss and Jordan's.
fn inverse(mut matrix: Matrix) -> Matrix {
    let mut inverse: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| F::from_bool(i == j)));
    for column in 0..WIDTH {
        let pivot = (column..WIDTH).find(|&row| matrix[row][column] != F::ZERO).unwrap();
        matrix.swap(column, pivot);
        inverse.swap(column, pivot);
        let scale = matrix[column][column].inverse();
        for j in 0..WIDTH {
            matrix[column][j] *= scale;
            inverse[column][j] *= scale;
        }
        for row in (0..WIDTH).filter(|&row| row != column) {
            let factor = matrix[row][column];
            for j in 0..WIDTH {
                let (a, b) = (matrix[column][j], inverse[column][j]);
                matrix[row][j] -= factor * a;
                inverse[row][j] -= factor * b;
            }
        }
    }
    inverse
}

fn multiply(matrix: &Matrix, state: State) -> State {
    matrix.map(|row| row.into_iter().zip(state).map(|(a, b)| a * b).sum())
}

fn root7(x: F) -> F {
    x.exp_u64(INVERSE_EXPONENT)
}

/// The permutation, backwards.
fn permute_back(mut state: State) -> State {
    let (external, internal) = (inverse(external_matrix()), inverse(internal_matrix()));
    let back = |state: State, constants: &State| -> State {
        let boxed = multiply(&external, state);
        std::array::from_fn(|index| root7(boxed[index]) - constants[index])
    };
    state = EXTERNAL_CONSTANTS_FINAL.iter().rev().fold(state, back);
    for constant in INTERNAL_CONSTANTS.into_iter().rev() {
        state = multiply(&internal, state);
        state[0] = root7(state[0]) - constant;
    }
    state = EXTERNAL_CONSTANTS_INITIAL.iter().rev().fold(state, back);
    multiply(&external, state)
}

#[test]
fn the_permutation_runs_backwards() {
    let state: State = std::array::from_fn(|index| F::from_usize(index * index + 5));
    let mut permuted = state;
    permute(&mut permuted);
    assert_eq!(permute_back(permuted), state);
}

#[test]
fn running_it_backwards_from_a_digest_leads_to_no_other_leaf() {
    let digest = compress(&Digest::default(), &Digest::default());
    for choice in 0..16 {
        let chosen =
            std::array::from_fn(|index| if index < DIGEST_CELLS { digest[index] } else { F::from_usize(choice) });
        let found = permute_back(chosen);
        let (left, right) = found.split_at(DIGEST_CELLS);
        assert_ne!(compress(left.try_into().unwrap(), right.try_into().unwrap()), digest);
    }
}
