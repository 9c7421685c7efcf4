//! Bytes and digests as hexadecimal digits.

use std::fmt::Write as _;

use engram_air::PrimeField32;
use engram_air::field::Digest;

/// Two digits a byte.
pub fn bytes(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// A digest as everybody writes it: its eight field elements in order, each as the number from 0 to p - 1 in eight digits,
/// highest digit first; 64 digits in all.
pub fn digest(digest: &Digest) -> String {
    digest.iter().map(|element| format!("{:08x}", element.as_canonical_u32())).collect()
}

#[cfg(test)]
mod tests {
    use engram_air::{F, PrimeCharacteristicRing};

    #[test]
    fn a_byte_is_two_digits() {
        assert_eq!(super::bytes(&[0, 0x0f, 0xff]), "000fff");
    }

    #[test]
    fn an_element_is_eight_digits_highest_first() {
        let digest = [1, 0, 0x1234, 0, 0, 0, 0, 0x7800_0000].map(F::from_u32);
        let zeros = "00000000";
        assert_eq!(super::digest(&digest), format!("00000001{zeros}00001234{}78000000", zeros.repeat(4)));
    }
}
