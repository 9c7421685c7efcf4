//! No file makes the loader panic, believe a size, or load what the emulator cannot run.

use std::fs;
use std::path::Path;

use engram_rv32im::elf::{IMAGE_BYTES_MAX, INSTRUCTIONS_MAX};
use engram_rv32im::testing::{ElfSegment, SplitMix64, elf_file, text_segment};
use engram_rv32im::{ElfError, Emulator, Instruction, Opcode, Program};

const NOP: Instruction = Instruction { opcode: Opcode::Addi, rd: 0, rs1: 0, rs2: 0, imm: 0 };

fn text(address: u32) -> ElfSegment {
    text_segment(address, &[NOP; 4])
}

fn data(address: u32, memory_bytes: u32) -> ElfSegment {
    ElfSegment { address, data: vec![1], memory_bytes, flags: 6 }
}

fn refusal(elf: &[u8]) -> ElfError {
    match Program::from_elf(elf) {
        Ok(program) => panic!("loaded: {program:?}"),
        Err(error) => error,
    }
}

/// A good file with some bytes changed.
fn patched(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = elf_file(0x1000, &[text(0x1000), data(0x2000, 8)]);
    elf[offset..offset + bytes.len()].copy_from_slice(bytes);
    elf
}

/// Offsets in the file header, and in the program header of the first segment.
const TYPE: usize = 16;
const MACHINE: usize = 18;
const PROGRAM_HEADERS: usize = 28;
const SEGMENT: usize = 52;

#[test]
fn other_kinds_of_file() {
    assert_eq!(refusal(b""), ElfError::NotElf);
    assert_eq!(refusal(b"#!/bin/sh\n"), ElfError::NotElf);
    assert!(matches!(refusal(b"\x7fELF"), ElfError::BadHeader { .. }));
    assert_eq!(refusal(&patched(4, &[2])), ElfError::Not32Bit { class: 2 });
    assert_eq!(refusal(&patched(5, &[2])), ElfError::NotLittleEndian { encoding: 2 });
    assert_eq!(refusal(&patched(MACHINE, &[62])), ElfError::NotRiscV { machine: 62 });
    assert_eq!(refusal(&patched(TYPE, &[1])), ElfError::NotExecutable { file_type: 1 });
    assert_eq!(refusal(&patched(TYPE, &[3])), ElfError::PositionIndependent);
    assert_eq!(refusal(&patched(SEGMENT, &[2])), ElfError::Dynamic { index: 0, segment_type: 2 });
    assert_eq!(refusal(&patched(SEGMENT + 32, &[3])), ElfError::Dynamic { index: 1, segment_type: 3 });
    assert!(matches!(refusal(&patched(PROGRAM_HEADERS, &[0, 0, 0, 0xff])), ElfError::BadHeader { .. }));
}

#[test]
fn segments_that_cannot_be() {
    let truncated = patched(SEGMENT + 4, &[0, 0, 0, 0xf0]);
    assert!(matches!(refusal(&truncated), ElfError::SegmentTruncated { index: 0, offset: 0xf000_0000, .. }));
    let inverted = patched(SEGMENT + 20, &[8]);
    assert_eq!(refusal(&inverted), ElfError::SegmentInverted { index: 0, file_bytes: 16, memory_bytes: 8 });
    let outside = elf_file(0x1000, &[text(0x1000), data(0xffff_fff0, 17)]);
    assert!(matches!(refusal(&outside), ElfError::SegmentOutsideMemory { index: 1, .. }));
    let overlap = elf_file(0x1000, &[data(0x1008, 8), text(0x1000)]);
    assert_eq!(refusal(&overlap), ElfError::SegmentsOverlap { address: 0x1008 });
    let large = elf_file(0x1000, &[text(0x1000), data(0x2000, IMAGE_BYTES_MAX as u32)]);
    assert_eq!(refusal(&large), ElfError::ImageTooLarge { bytes: IMAGE_BYTES_MAX + 16 });
    let code = vec![NOP; INSTRUCTIONS_MAX as usize + 1];
    let long = elf_file(0x1000, &[text_segment(0x1000, &code)]);
    assert_eq!(refusal(&long), ElfError::TooManyInstructions { words: INSTRUCTIONS_MAX + 1 });
}

#[test]
fn entry_points_that_are_no_instruction() {
    for entry in [0, 0x1002, 0x1010, 0x2000] {
        let elf = elf_file(entry, &[text(0x1000), data(0x2000, 8)]);
        assert_eq!(refusal(&elf), ElfError::EntryOutsideProgram { entry });
    }
    assert_eq!(refusal(&elf_file(0, &[])), ElfError::EntryOutsideProgram { entry: 0 });
}

#[test]
fn programs_run_at_any_link_address() {
    for address in [0, 0x1000, 0x7fff_0000, 0x7fff_eff0, 0x8000_0000, 0xffff_efe0, 0xffff_fff0] {
        let elf = elf_file(address, &[text(address)]);
        let program = Program::from_elf(&elf).unwrap_or_else(|error| panic!("{address:#x}: {error}"));
        assert_eq!(program.index_of(address), Some(0));
        assert_eq!(program.instructions().len(), 4);
        let mut emulator = Emulator::without_input(&program);
        let outcome = emulator.run(3);
        assert_eq!(emulator.steps(), 3, "{address:#x}: {outcome:?}");
        let Err(fault) = emulator.run(10) else { panic!("ran off the end") };
        assert_eq!(fault.pc, address.wrapping_add(16));
    }
}

/// Damaged files, each run for a while when it still loads, with all that a fault's message looks up.
#[test]
fn damaged_files_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf");
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    let mut loaded = 0;
    for name in ["fib", "hello", "fault-load-unmapped", "wordcount"] {
        let path = folder.join(format!("{name}.elf"));
        let original = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for _ in 0..500 {
            let mut elf = original.clone();
            // Headers are at the start; the tail has the section headers. Both deserve more than their share.
            for _ in 0..1 + random.below(8) {
                let length = elf.len() as u32;
                let offset = match random.below(4) {
                    0 => random.below(256),
                    1 => length - 1 - random.below(1200),
                    _ => random.below(length),
                };
                elf[offset as usize] = random.next_u32() as u8;
            }
            if random.below(4) == 0 {
                elf.truncate(random.below(elf.len() as u32) as usize);
            }
            let Ok(program) = Program::from_elf(&elf) else { continue };
            loaded += 1;
            if let Err(fault) = Emulator::without_input(&program).run(100_000) {
                assert!(!fault.to_string().is_empty());
            }
            for &(pc, _) in program.instructions().iter().step_by(997) {
                let _ = (program.source_line(pc), program.symbol(pc));
            }
        }
    }
    assert!(loaded > 100, "only {loaded} damaged files loaded");
}
