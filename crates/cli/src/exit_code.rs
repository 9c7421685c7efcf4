//! The guest's exit code, of which a proof binds all 32 bits and a shell sees eight.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The code that `engram verify` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedExit(u32);

/// Why a text is not an exit code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an exit code is a whole number of 32 bits, for example 0, 7 or -1")]
pub struct ExpectedExitError;

impl ExpectedExit {
    /// Whether a guest that exited with `value` did as expected. All 32 bits count, so that an exit with 256 is no success;
    /// but C programs write -1 where a shell shows 255, and either stands for it.
    pub fn matches(self, value: u32) -> bool {
        value == self.0 || ((128..256).contains(&self.0) && value == self.0.wrapping_sub(256))
    }
}

impl FromStr for ExpectedExit {
    type Err = ExpectedExitError;

    fn from_str(text: &str) -> Result<Self, ExpectedExitError> {
        let number: i64 = text.parse().map_err(|_| ExpectedExitError)?;
        let is_word = (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&number);
        if is_word { Ok(Self(number as u32)) } else { Err(ExpectedExitError) }
    }
}

impl fmt::Display for ExpectedExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as i32)
    }
}

/// What a parent process sees on Linux: the low 8 bits.
pub fn status(value: u32) -> u8 {
    value as u8
}

/// An exit for people: the code, and the whole value where that says more.
pub fn describe(value: u32) -> String {
    match status(value) {
        code if u32::from(code) == value => code.to_string(),
        code => format!("{code} (as a word, {} or {value:#010x})", value as i32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(text: &str) -> ExpectedExit {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn all_bits_count() {
        assert!(expected("0").matches(0));
        assert!(!expected("0").matches(256));
        assert!(!expected("7").matches(7 + 256));
        assert!(expected("4294967295").matches(u32::MAX));
    }

    #[test]
    fn minus_one_is_255() {
        assert!(expected("-1").matches(u32::MAX));
        assert!(expected("255").matches(u32::MAX) && expected("255").matches(255));
        assert!(!expected("-1").matches(255));
        assert!(!expected("127").matches(u32::MAX - 128));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "x", "1.0", "4294967296", "-2147483649"] {
            assert_eq!(text.parse::<ExpectedExit>(), Err(ExpectedExitError), "{text}");
        }
    }
}
