//! A root of memory on the command line.

use std::str::FromStr;

use engram_air::field::Digest;
use engram_store::digest_of;

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// A root as it is printed: 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root(pub Digest);

impl FromStr for Root {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.as_bytes();
        if digits.len() != DIGITS || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(format!("a root has {DIGITS} hexadecimal digits"));
        }
        let mut bytes = [0; DIGITS / 2];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        digest_of(&bytes)
            .map(Self)
            .ok_or_else(|| "a part of 8 digits is not a field element: check the root".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Root;
    use crate::hex;

    #[test]
    fn what_is_printed_is_read() {
        let text = "0000000177ffffff".to_owned() + &"0012ab00".repeat(6);
        assert_eq!(hex::digest(&text.parse::<Root>().unwrap().0), text);
        assert_eq!(text.to_uppercase().parse::<Root>(), text.parse());
        for wrong in
            ["", "0", &text[1..], &(text.clone() + "0"), &text.replace("77ffffff", "78000001"), &text.replace('1', "+")]
        {
            assert!(wrong.parse::<Root>().is_err(), "{wrong}");
        }
    }
}
