//! Amounts of memory as people write them: `8G`.

use std::str::FromStr;

use thiserror::Error;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

/// Why a text is not an amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an amount of memory is a whole number of bytes, or one with K, M, G or T behind it, for example 8G")]
pub struct ByteSizeError;

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    /// Units are powers of 1024: `8G`, `8g` and `8GiB` are the same.
    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let exponent = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kib" => 1,
            "m" | "mib" => 2,
            "g" | "gib" => 3,
            "t" | "tib" => 4,
            _ => return Err(ByteSizeError),
        };
        let number: u64 = number.parse().map_err(|_| ByteSizeError)?;
        number.checked_mul(1 << (10 * exponent)).map(ByteSize).ok_or(ByteSizeError)
    }
}

/// An amount for people, to three digits: `1.23 MiB`.
pub fn describe(bytes: u64) -> String {
    let mut amount = bytes as f64;
    let mut units = ["bytes", "KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if amount < 1000.0 {
            break;
        }
        (amount, unit) = (amount / 1024.0, larger);
    }
    match unit {
        "bytes" => format!("{bytes} bytes"),
        _ if amount < 9.995 => format!("{amount:.2} {unit}"),
        _ if amount < 99.95 => format!("{amount:.1} {unit}"),
        _ => format!("{amount:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("17", 17), ("8G", 8 << 30), ("8g", 8 << 30), ("512MiB", 512 << 20), ("3K", 3 << 10)]
        {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "G", "-1", "1.5G", "8GB", "8 G", "20000000T", "99999999999999999999"] {
            assert_eq!(text.parse::<ByteSize>(), Err(ByteSizeError), "{text}");
        }
    }

    #[test]
    fn amounts_have_three_digits() {
        for (bytes, text) in [(0, "0 bytes"), (999, "999 bytes"), (1000, "0.98 KiB"), (1536, "1.50 KiB")] {
            assert_eq!(describe(bytes), text);
        }
        assert_eq!(describe(123 << 20), "123 MiB");
        assert_eq!(describe(u64::MAX), "16777216 TiB");
    }
}
