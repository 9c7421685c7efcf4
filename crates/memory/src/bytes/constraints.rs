//! The circuit of the bytes table.

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring};

use super::columns::{BLOCK, BytesCols, HALF_BITS};
use crate::messages::{BYTES, bytes_message};

/// The bytes table.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("bytes");
    let BytesCols { x_bits, y_high_bits, and_high, multiplicities } = BytesCols::allocate(&mut circuit);
    for bit in x_bits.iter().chain(&y_high_bits) {
        circuit.assert_bool("a bit is boolean", bit.clone());
    }
    let (x_low_bits, x_high_bits) = x_bits.split_at(HALF_BITS);
    let products: Vec<Expr> = x_high_bits.iter().zip(&y_high_bits).map(|(x, y)| x.clone() * y.clone()).collect();
    circuit.assert_equal("the high half is the and of the high halves", and_high.clone(), weighted(&products));
    let x = weighted(&x_bits);
    let y_high = weighted(&y_high_bits);
    for (y_low, multiplicity) in (0u32..).zip(multiplicities) {
        let shared = x_low_bits.iter().enumerate().map(|(bit, x)| x.clone().scale(F::from_u32(y_low >> bit & 1)));
        let y = y_high.clone().shift_left(BLOCK.ilog2()) + Expr::integer(y_low);
        let and = and_high.clone().shift_left(BLOCK.ilog2()) + weighted(&shared.collect::<Vec<_>>());
        circuit.provide(BYTES, "a pair of bytes and their and", bytes_message(x.clone(), y, and), multiplicity);
    }
    circuit.build()
}

/// The number that bits make, lowest first.
fn weighted(bits: &[Expr]) -> Expr {
    (0..).zip(bits).fold(Expr::zero(), |sum, (position, bit)| sum + bit.clone().shift_left(position))
}
