//! The circuit of the compression table.

use engram_air::{Circuit, CircuitBuilder, Expr, poseidon2::WIDTH as STATE_CELLS};

use super::rounds::compress_cells;
use crate::{
    messages::{COMPRESS, compress_message},
    tree::leaf_halves,
};

/// The compression table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("compress");
    let input: [Expr; STATE_CELLS] = circuit.columns("input");
    let mut numbers = 0..;
    let digest = compress_cells(input.clone(), |label, value| {
        let number = numbers.next().unwrap_or(usize::MAX);
        let cell = circuit.column(format!("{label} [{number}]"));
        circuit.assert_equal(label, cell.clone(), value);
        cell
    });
    let multiplicity = circuit.column("multiplicity");
    let [left, right] = leaf_halves(&input);
    let message = compress_message(left, right, digest);
    circuit.provide(COMPRESS, "digest of two digests", message, multiplicity);
    circuit.build()
}
