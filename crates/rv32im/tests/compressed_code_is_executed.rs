//! A file may say that it has compressed instructions: that alone changes nothing. Those that it has are faults where they are
//! executed, and the fault says so.

use std::fs;

use engram_rv32im::testing::{ElfSegment, elf_file, guest_elf, guest_vectors, text_segment};
use engram_rv32im::{ElfError, Emulator, Fault, FaultKind, Instruction, Opcode, Outcome, Program};

const TEXT: u32 = 0x1_0000;
const NOP: u32 = 0x13;
const JUMP_BACK_2: u32 = 0xffff_f06f;
const JUMP_6: u32 = 0x0060_006f;
const RETURN: u32 = 0x8067;
/// `c.nop`, and the pair of it.
const COMPRESSED_NOP: u16 = 1;
const COMPRESSED_PAIR: u32 = 0x0001_0001;

/// The file, which now says that it has compressed instructions.
fn claiming(mut elf: Vec<u8>) -> Vec<u8> {
    const FLAGS: usize = 36;
    elf[FLAGS] |= 1;
    elf
}

fn code(words: &[u32]) -> ElfSegment {
    let data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    ElfSegment { address: TEXT, memory_bytes: data.len() as u32, data, flags: 5 }
}

fn program(elf: &[u8]) -> Program {
    Program::from_elf(elf).unwrap_or_else(|error| panic!("{error}"))
}

fn fault(program: &Program) -> Fault {
    let mut emulator = Emulator::without_input(program);
    let Err(fault) = emulator.run(100) else { panic!("no fault in {program:?}") };
    assert_eq!(emulator.pc(), fault.pc);
    fault
}

#[test]
fn a_file_that_only_claims_to_be_compressed_runs() {
    let vectors = guest_vectors();
    for name in ["hello", "fib-1000", "fault-jump-misaligned"] {
        let vector = vectors.iter().find(|vector| vector.name == name).unwrap_or_else(|| panic!("no case {name}"));
        let path = guest_elf(&vector.guest);
        let elf = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (plain, claims) = (program(&elf), program(&claiming(elf)));
        assert_eq!(plain.instructions(), claims.instructions());
        let mut emulators = [&plain, &claims].map(Emulator::without_input);
        let outcomes = emulators.each_mut().map(|emulator| emulator.run(1 << 32));
        assert_eq!(emulators[1].output(), vector.output, "{name}");
        if vector.end == "exit:0" {
            assert!(matches!(outcomes, [_, Ok(Outcome::Exited(exit))] if exit.value == 0), "{name}: {outcomes:?}");
        }
        assert_eq!(emulators[0].state(), emulators[1].state());
    }
}

#[test]
fn compressed_instructions_fault_where_they_are_executed() {
    // The first of the pair is reached by a step; the jump over it is not disturbed.
    let file = |words: &[u32]| program(&claiming(elf_file(TEXT, &[code(words)])));
    let fallen_into = fault(&file(&[NOP, COMPRESSED_PAIR]));
    assert_eq!((fallen_into.pc, &fallen_into.kind), (TEXT + 4, &FaultKind::Compressed { parcel: COMPRESSED_NOP }));
    let text = format!("{fallen_into}; {}", fallen_into.help());
    for part in ["unsupported compressed instruction 0x0001 at pc 0x00010004", "-march=rv32im", "not supported"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(fallen_into.kind.code(), "compressed-instruction");

    let over = Instruction { opcode: Opcode::Jal, rd: 0, rs1: 0, rs2: 0, imm: 8 }.encode();
    let skipped = fault(&file(&[over, COMPRESSED_PAIR, NOP, 0]));
    assert_eq!((skipped.pc, skipped.kind), (TEXT + 12, FaultKind::IllegalInstruction { word: 0 }));
}

#[test]
fn jumps_between_words_are_jumps_to_compressed_code_only_inside_code_that_claims_it() {
    let words = [NOP, JUMP_6, COMPRESSED_PAIR, COMPRESSED_PAIR];
    let elf = elf_file(TEXT, &[code(&words)]);
    let target = TEXT + 10;
    let inside = fault(&program(&claiming(elf.clone())));
    assert_eq!((inside.pc, &inside.kind), (TEXT + 4, &FaultKind::CompressedTarget { target }));
    assert!(inside.to_string().contains("jump to unsupported compressed code at 0x0001000a"), "{inside}");
    assert_eq!(fault(&program(&elf)).kind, FaultKind::MisalignedJump { target });

    let outside = elf_file(TEXT, &[code(&[JUMP_BACK_2])]);
    let target = TEXT - 2;
    assert_eq!(fault(&program(&claiming(outside))).kind, FaultKind::MisalignedJump { target });
}

/// Code of compressed instructions may end in the middle of a word.
#[test]
fn half_a_word_at_the_end_is_seen() {
    let mut half = code(&[NOP, COMPRESSED_PAIR]);
    half.data.truncate(6);
    half.memory_bytes = 6;
    let elf = elf_file(TEXT, &[half]);
    assert_eq!(fault(&program(&claiming(elf.clone()))).kind, FaultKind::CompressedTarget { target: TEXT + 4 });
    assert_eq!(fault(&program(&elf)).kind, FaultKind::NotExecutable { target: TEXT + 4 });
}

/// What is no instruction without the claim is the same illegal word as ever, and so is what is defined to be illegal.
#[test]
fn illegal_words_are_not_taken_for_compressed_ones() {
    for (word, claims, kind) in [
        (COMPRESSED_PAIR, false, FaultKind::IllegalInstruction { word: COMPRESSED_PAIR }),
        (0, true, FaultKind::IllegalInstruction { word: 0 }),
        (!0, true, FaultKind::IllegalInstruction { word: !0 }),
    ] {
        let elf = elf_file(TEXT, &[code(&[word])]);
        let elf = if claims { claiming(elf) } else { elf };
        assert_eq!(fault(&program(&elf)).kind, kind);
    }
}

#[test]
fn an_entry_between_words_is_a_compressed_instruction() {
    let elf = elf_file(TEXT + 2, &[code(&[COMPRESSED_PAIR, RETURN])]);
    let refusal = |elf: &[u8]| Program::from_elf(elf).err();
    assert_eq!(refusal(&elf), Some(ElfError::EntryOutsideProgram { entry: TEXT + 2 }));
    assert_eq!(refusal(&claiming(elf)), Some(ElfError::CompressedEntry { entry: TEXT + 2 }));
    let data = ElfSegment { flags: 6, ..text_segment(TEXT + 0x1000, &[]) };
    let elsewhere = elf_file(TEXT + 0x1002, &[code(&[NOP]), data]);
    assert_eq!(refusal(&claiming(elsewhere)), Some(ElfError::EntryOutsideProgram { entry: TEXT + 0x1002 }));
}
