//! The cases of `guests/expected/vectors.txt`: what each guest does with which input. Its header explains the columns.

use std::fs;
use std::path::{Path, PathBuf};

/// A case.
#[derive(Clone, Debug)]
pub struct GuestVector {
    /// Its name, for messages.
    pub name: String,
    /// The guest, for [`guest_elf`].
    pub guest: String,
    /// File 0.
    pub input: Vec<u8>,
    /// `exit:CODE` or `fault:KIND`.
    pub end: String,
    /// File 1.
    pub output: Vec<u8>,
}

/// All cases.
///
/// # Panics
/// When the file is missing or malformed.
#[must_use]
pub fn guest_vectors() -> Vec<GuestVector> {
    let text = String::from_utf8(read(&folder().join("expected/vectors.txt")));
    let text = text.unwrap_or_else(|error| panic!("vectors.txt: {error}"));
    let cases = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [name, guest, input, end, output] = columns[..] else { panic!("not a case: {line}") };
        let [name, guest, end] = [name, guest, end].map(str::to_owned);
        GuestVector { name, guest, input: bytes_of(input), end, output: bytes_of(output) }
    });
    cases.collect()
}

/// The path of a guest's ELF file.
#[must_use]
pub fn guest_elf(name: &str) -> PathBuf {
    folder().join("elf").join(format!("{name}.elf"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes that a column stands for.
fn bytes_of(column: &str) -> Vec<u8> {
    let (kind, rest) = column.split_once(':').unwrap_or((column, ""));
    let byte = |digits: &str| u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("not hexadecimal: {digits}"));
    match kind {
        "empty" => Vec::new(),
        "hex" => (0..rest.len() / 2).map(|i| byte(&rest[2 * i..2 * i + 2])).collect(),
        "line" => format!("{rest}\n").into_bytes(),
        "repeat" => {
            let (digits, count) = rest.split_once(':').unwrap_or_else(|| panic!("no count: {column}"));
            vec![byte(digits); count.parse().unwrap_or_else(|_| panic!("not a count: {count}"))]
        }
        "file" => read(&folder().join("expected").join(rest)),
        _ => panic!("unknown kind of bytes: {column}"),
    }
}
