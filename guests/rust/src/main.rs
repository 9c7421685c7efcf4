//! Counts the words of the input and writes each with its count, in byte order. Words are separated by ASCII white space.

#![no_std]
#![no_main]

extern crate alloc;

mod runtime;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::Write;

use runtime::{File, Output};

/// Exit code for an input that is not text.
const BAD_INPUT: u8 = 2;

fn main() -> u8 {
    let mut input = Vec::new();
    runtime::read_to_end(&mut input);
    let Ok(text) = core::str::from_utf8(&input) else {
        let _ = writeln!(Output::new(File::Debug), "the input is not UTF-8");
        return BAD_INPUT;
    };

    let mut counts = BTreeMap::<&str, u32>::new();
    for word in text.split_ascii_whitespace() {
        *counts.entry(word).or_default() += 1;
    }

    let mut output = Output::new(File::Output);
    for (word, count) in &counts {
        // `Output` ends the program when it cannot write.
        let _ = writeln!(output, "{count:>6} {word}");
    }
    0
}
