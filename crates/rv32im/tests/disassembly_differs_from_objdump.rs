//! The disassembly is the one that people know from binutils.

use std::fs;
use std::process::Command;

use engram_rv32im::testing::SplitMix64;
use engram_rv32im::{Instruction, Opcode, isa::TABLE};

const WORDS_PER_ROW: usize = 200;

#[test]
fn random_instructions_read_alike() {
    let seed = SplitMix64::entropy();
    let mut random = SplitMix64::new(seed);
    let mut words = Vec::new();
    // Objdump knows no extensions.
    for row in TABLE.iter().filter(|row| row.opcode != Opcode::Custom) {
        for _ in 0..WORDS_PER_ROW {
            let mut word = row.match_bits | random.next_u32() & !row.mask;
            match row.opcode {
                // Objdump prints neither reserved fields nor fence modes.
                Opcode::Fence => word &= 0x0ff0_707f,
                Opcode::FenceI => word = row.match_bits,
                _ => {}
            }
            words.push(word);
        }
    }

    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("words.bin");
    let bytes: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
    let result = Command::new("riscv64-unknown-elf-objdump")
        .args(["-D", "-z", "-b", "binary", "-m", "riscv:rv32", "-M", "no-aliases"])
        .arg(&path)
        .output();
    let output = match result {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        result => panic!("objdump cannot be run ({result:?}); install Debian's binutils-riscv64-unknown-elf"),
    };

    // "   1c:	fe112e23          	sw	ra,-4(sp) # comment"
    let lines: Vec<Vec<&str>> = output.lines().map(|line| line.split('\t').map(str::trim).collect()).collect();
    let lines: Vec<&Vec<&str>> = lines.iter().filter(|columns| columns.len() >= 3).collect();
    assert_eq!(lines.len(), words.len(), "seed {seed:#x}");
    for ((columns, &word), pc) in lines.iter().zip(&words).zip((0u32..).step_by(4)) {
        let text = columns[2..].join(" ");
        let text = text.split(['#', '<']).next().unwrap_or_default().trim();
        let ours = Instruction::decode(word).map(|instruction| instruction.at(pc).to_string());
        let ours = ours.unwrap_or_else(|| panic!("{word:#010x} is legal"));
        assert_eq!(ours, text, "{word:#010x} at {pc:#x}, seed {seed:#x}");
    }
}
