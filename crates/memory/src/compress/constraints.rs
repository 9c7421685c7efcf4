//! The circuit of the compression table.

use engram_air::{Circuit, CircuitBuilder, Expr, field::DIGEST_CELLS, poseidon2::WIDTH as STATE_CELLS};

use super::rounds::compress_cells;
use crate::messages::{COMPRESS, compress_message};

/// The compression table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("compress");
    let input: [Expr; STATE_CELLS] = circuit.columns("input");
    let mut number = 0;
    let digest = compress_cells(input.clone(), |label, value| {
        let cell = circuit.column(format!("{label} [{number}]"));
        number += 1;
        circuit.assert_equal(label, cell.clone(), value);
        cell
    });
    let multiplicity = circuit.column("multiplicity");
    let half = |start: usize| -> [Expr; DIGEST_CELLS] { std::array::from_fn(|index| input[start + index].clone()) };
    let message = compress_message(half(0), half(DIGEST_CELLS), digest);
    circuit.provide(COMPRESS, "digest of two digests", message, multiplicity);
    circuit.build()
}
