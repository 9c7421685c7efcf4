//! Custom instructions do what their extension says, all of it or, where they cannot, nothing; and they are instructions only
//! of programs that were loaded with their extension.

use std::io::empty;
use std::sync::Arc;

use engram_rv32im::memory::Page;
use engram_rv32im::testing::{
    BULK_LOAD, BULK_STORE, ElfSegment, ROTATE_XOR, TestExtensions, elf_file, guest_elf, text_segment,
};
use engram_rv32im::{
    Access, AccessError, Emulator, Extensions, Fault, FaultKind, GuestAccess, Instruction, Memory, Opcode, Outcome,
    PageSource, Program, Refusal,
};

const TEXT: u32 = 0x1_0000;
/// A page that can be written, then one that cannot, then nothing.
const DATA: u32 = 0x2_0000;
const CONSTANTS: u32 = 0x2_1000;
const END: u32 = 0x2_2000;

fn set(register: u8, value: u32) -> [Instruction; 2] {
    let i = |opcode, rs1, imm| Instruction { opcode, rd: register, rs1, rs2: 0, imm };
    let upper = value.wrapping_add(0x800) & !0xfff;
    [i(Opcode::Lui, 0, upper as i32), i(Opcode::Addi, register, value.wrapping_sub(upper) as i32)]
}

/// Sets a0 to a2, then goes on with the code.
fn elf(operands: [u32; 3], code: &[Instruction]) -> Vec<u8> {
    let sets = [set(10, operands[0]), set(11, operands[1]), set(12, operands[2])].concat();
    let words = |range: std::ops::Range<u32>| range.flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let data = ElfSegment { address: DATA, data: words(100..116), memory_bytes: 4096, flags: 6 };
    let constants = ElfSegment { address: CONSTANTS, data: words(200..216), memory_bytes: 4096, flags: 4 };
    elf_file(TEXT, &[text_segment(TEXT, &[&sets, code].concat()), data, constants])
}

fn load(elf: &[u8], extensions: impl Extensions + 'static) -> Program {
    Program::from_elf_with(elf, Arc::new(extensions)).unwrap_or_else(|error| panic!("{error}"))
}

fn words(emulator: &Emulator, address: u32, count: u32) -> Vec<u32> {
    (0..count).map(|offset| emulator.memory().word(address + 4 * offset)).collect()
}

/// The emulator after the instructions.
fn after<'p>(program: &'p Program, steps: u64) -> Emulator<'p> {
    let mut emulator = Emulator::without_input(program);
    assert_eq!(emulator.run(steps), Ok(Outcome::OutOfSteps));
    emulator
}

#[test]
fn each_does_what_it_says() {
    let program = load(&elf([7, 0x8000_0001, 4], &[Instruction::custom(ROTATE_XOR, 10, 11, 12)]), TestExtensions);
    assert_eq!(after(&program, 7).registers()[10], 0x18 ^ 4);
    // Register 0 stays zero, as a destination and as an operand.
    let code = [Instruction::custom(ROTATE_XOR, 0, 11, 12), Instruction::custom(ROTATE_XOR, 10, 0, 12)];
    let program = load(&elf([7, 0x8000_0001, 4], &code), TestExtensions);
    let emulator = after(&program, 8);
    assert_eq!((emulator.registers()[0], emulator.registers()[10]), (0, 4));

    let code = [Instruction::custom(BULK_LOAD, 10, 11, 12)];
    let program = load(&elf([0, CONSTANTS + 4, DATA + 4], &code), TestExtensions);
    let emulator = after(&program, 7);
    assert_eq!(words(&emulator, DATA, 6), [100, 201, 202, 203, 204, 105]);
    assert_eq!(emulator.registers()[10], CONSTANTS + 20);
    // All words are read before the first is written.
    let program = load(&elf([0, DATA, DATA + 4], &code), TestExtensions);
    assert_eq!(words(&after(&program, 7), DATA, 6), [100, 100, 101, 102, 103, 105]);

    let code = [Instruction::custom(BULK_STORE, 11, 11, 12)];
    let program = load(&elf([0, DATA + 8, 5], &code), TestExtensions);
    let emulator = after(&program, 7);
    assert_eq!(words(&emulator, DATA, 7), [100, 101, 5, 5, 5, 5, 106]);
    assert_eq!(emulator.registers()[11], DATA + 24);
}

/// Where a loop of custom and other instructions is cut, and whether it is recorded, changes nothing.
#[test]
fn loops_stop_exactly_where_asked() {
    let i = |opcode, rd, rs1, imm| Instruction { opcode, rd, rs1, rs2: 0, imm };
    let code = [
        Instruction::custom(ROTATE_XOR, 10, 10, 12),
        Instruction::custom(BULK_STORE, 11, 11, 10),
        i(Opcode::Addi, 12, 12, -1),
        Instruction { opcode: Opcode::Bne, rd: 0, rs1: 12, rs2: 0, imm: -12 },
        i(Opcode::Addi, 17, 0, 93),
        i(Opcode::Ecall, 0, 0, 0),
    ];
    let program = load(&elf([1, DATA, 31], &code), TestExtensions);
    let total = 6 + 4 * 31 + 2;
    let mut whole = Emulator::without_input(&program);
    let Ok(Outcome::Exited(exit)) = whole.run(u64::MAX) else { panic!("no exit") };
    let mut expected = 1_u32;
    for amount in (1..32_u32).rev() {
        expected = expected.rotate_left(amount) ^ amount;
    }
    assert_eq!((exit.value, whole.steps()), (expected, total));
    assert_eq!(words(&whole, DATA + 30 * 16, 4), [expected; 4]);
    for pieces in [1, 2, 3, 7, 50] {
        let mut emulator = Emulator::without_input(&program);
        let mut log = emulator.start_log();
        while emulator.steps() + pieces < total {
            let before = emulator.steps();
            assert_eq!(emulator.record(pieces, &mut log), Ok(Outcome::OutOfSteps));
            assert_eq!(emulator.steps(), before + pieces);
        }
        assert_eq!(emulator.record(pieces, &mut log), Ok(Outcome::Exited(exit)));
        assert_eq!((emulator.state(), log.end, log.steps.len() as u64), (whole.state(), whole.state(), total));
        assert!(emulator.memory().pages().eq(whole.memory().pages()));
        let body: Vec<u32> = log.steps[6..14].to_vec();
        assert_eq!(body, [6, 7, 8, 9, 6, 7, 8, 9]);
    }
}

/// Runs to the fault of the instruction after the operands are set, and checks that nothing has changed.
fn fault_of(extensions: impl Extensions + Clone + 'static, operands: [u32; 3], instruction: Instruction) -> Fault {
    let program = load(&elf(operands, &[instruction]), extensions);
    let before = after(&program, 6);
    let mut emulator = Emulator::without_input(&program);
    let mut log = emulator.start_log();
    let Err(fault) = emulator.record(100, &mut log) else { panic!("no fault of {instruction}") };
    assert_eq!(fault.pc, TEXT + 24);
    assert_eq!(fault.instruction, Some(instruction));
    assert_eq!((emulator.state(), log.end), (before.state(), before.state()), "{fault}");
    assert!(emulator.memory().pages().eq(before.memory().pages()), "{fault}");
    assert_eq!((log.steps.len(), emulator.steps()), (6, 6));
    assert_eq!(emulator.run(100), Err(fault.clone()), "a fault stays");
    fault
}

#[test]
fn what_faults_changes_nothing() {
    let copy = Instruction::custom(BULK_LOAD, 11, 11, 12);
    let fill = Instruction::custom(BULK_STORE, 11, 11, 12);
    let access = |access, error| FaultKind::Access { access, error };
    let of = |operands, instruction| fault_of(TestExtensions, operands, instruction).kind;
    let refused = |reason: &str| FaultKind::Refused { reason: reason.into() };
    for misaligned in [1, 2, 3] {
        let reason = format!("the address {:#010x} is not a multiple of 4", DATA + misaligned);
        assert_eq!(of([0, DATA + misaligned, DATA], copy), refused(&reason));
        assert_eq!(of([0, DATA, DATA + misaligned], copy), refused(&reason));
        assert_eq!(of([0, DATA + misaligned, 9], fill), refused(&reason));
    }
    assert_eq!(of([0, DATA, 64], Instruction::custom(ROTATE_XOR, 10, 11, 12)), refused("0x40 rotates by nothing"));
    // The first words are allowed, a later one is not.
    let unmapped = AccessError::Unmapped { address: END };
    assert_eq!(of([0, END - 8, DATA], copy), access(Access::Load, unmapped));
    let read_only = AccessError::ReadOnly { address: CONSTANTS };
    assert_eq!(of([0, DATA, CONSTANTS - 12], copy), access(Access::Store, read_only));
    assert_eq!(of([0, CONSTANTS - 4, 9], fill), access(Access::Store, read_only));
    assert_eq!(of([0, 0, DATA], copy), access(Access::Load, AccessError::Unmapped { address: 0 }));
}

/// A program at both ends of memory: an instruction does not reach round from one to the other.
#[test]
fn addresses_do_not_wrap() {
    let page = |address| ElfSegment { address, data: vec![1; 16], memory_bytes: 4096, flags: 6 };
    let code = [set(11, 0xffff_fff8).as_slice(), &[Instruction::custom(BULK_STORE, 11, 11, 12)]].concat();
    let elf = elf_file(TEXT, &[page(0), text_segment(TEXT, &code), page(0xffff_f000)]);
    let program = load(&elf, TestExtensions);
    let mut emulator = Emulator::without_input(&program);
    assert_eq!(emulator.memory().check(0, 4, Access::Store), Ok(()));
    let Err(fault) = emulator.run(100) else { panic!("no fault") };
    let error = AccessError::Unmapped { address: 0 };
    assert_eq!(fault.kind, FaultKind::Access { access: Access::Store, error });
    assert_eq!(emulator.memory().word(0xffff_fff8), 0);
}

/// Extensions that do all they can before they refuse, or go on after they were refused.
#[derive(Clone, Copy, Debug)]
struct Careless;

impl Extensions for Careless {
    fn name(&self, id: u16) -> Option<&str> {
        (id < 4).then_some("careless")
    }

    fn execute(&self, id: u16, guest: &mut dyn GuestAccess) -> Result<(), Refusal> {
        guest.store(DATA, 0, 1)?;
        if id == 3 {
            return Ok(());
        }
        guest.set_rd(2);
        match id {
            0 => Err(Refusal::Operands { reason: "too late".to_owned() }),
            1 => {
                // Two accesses are refused. The first one says why.
                let _ = (guest.load(4, 0), guest.store(DATA + 1, 0, 3));
                Ok(())
            }
            _ => {
                guest.store(DATA, 0, 4)?;
                let word = guest.load(DATA, 0)?;
                guest.store(DATA, 1, word + 1)
            }
        }
    }
}

#[test]
fn what_is_refused_late_changes_nothing_either() {
    let of = |id| fault_of(Careless, [0; 3], Instruction::custom(id, 10, 11, 12)).kind;
    assert_eq!(of(0), FaultKind::Refused { reason: "too late".into() });
    let error = AccessError::Unmapped { address: 4 };
    assert_eq!(of(1), FaultKind::Access { access: Access::Load, error });

    let program = load(&elf([0; 3], &[Instruction::custom(2, 10, 11, 12)]), Careless);
    let emulator = after(&program, 7);
    assert_eq!(words(&emulator, DATA, 3), [4, 5, 102], "an instruction finds what it stored");
    assert_eq!(emulator.registers()[10], 2);
    let program = load(&elf([9; 3], &[Instruction::custom(3, 10, 11, 12)]), Careless);
    assert_eq!(after(&program, 7).registers()[10], 9, "a register that is not set keeps its value");
}

#[test]
fn faults_name_the_extension() {
    let fault = fault_of(TestExtensions, [0, DATA + 2, DATA], Instruction::custom(BULK_LOAD, 10, 11, 12));
    let text =
        "refused by the extension: the address 0x00020002 is not a multiple of 4 at pc 0x00010018 (bulk_load a0,a1,a2)";
    assert_eq!(fault.to_string(), text);
    assert_eq!((fault.kind.code(), fault.extension.as_deref()), ("extension-refused", Some("bulk_load")));
    let fault = fault_of(TestExtensions, [0, 0, DATA], Instruction::custom(BULK_LOAD, 10, 11, 12));
    assert_eq!(fault.kind.code(), "load-unmapped");
    assert!(fault.to_string().ends_with("(bulk_load a0,a1,a2)"), "{fault}");
    let text = Instruction::custom(BULK_STORE, 1, 2, 3).at(0).named_by(&TestExtensions).to_string();
    assert_eq!(text, "bulk_store ra,sp,gp");
}

/// Without its extension a custom instruction is no instruction of the program, and nothing else about the program differs.
#[test]
fn unknown_extensions_are_illegal_instructions() {
    let known = elf([1, 2, 3], &[Instruction::custom(ROTATE_XOR, 10, 11, 12)]);
    let unknown = elf([1, 2, 3], &[Instruction::custom(ROTATE_XOR + 1, 10, 11, 12)]);
    let word = Instruction::custom(ROTATE_XOR + 1, 10, 11, 12).encode();
    let without = Program::from_elf(&known).unwrap_or_else(|error| panic!("{error}"));
    for (program, word) in
        [(without, Instruction::custom(ROTATE_XOR, 10, 11, 12).encode()), (load(&unknown, TestExtensions), word)]
    {
        assert_eq!(program.instructions().len(), 6);
        assert_eq!((program.index_of(TEXT + 24), program.word_at(TEXT + 24)), (None, Some(word)));
        let mut emulator = Emulator::without_input(&program);
        let Err(fault) = emulator.run(100) else { panic!("no fault") };
        assert_eq!((fault.pc, fault.kind), (TEXT + 24, FaultKind::IllegalInstruction { word }));
        assert_eq!((fault.instruction, fault.extension), (None, None));
    }
    assert_eq!(load(&known, TestExtensions).instructions().len(), 7);

    for name in ["hello", "wordcount"] {
        let elf = std::fs::read(guest_elf(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let without = Program::from_elf(&elf).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(without.instructions(), load(&elf, TestExtensions).instructions());
    }
}

#[derive(Debug)]
struct Kept;

impl PageSource for Kept {
    fn page(&self, number: u32) -> Result<Option<Box<Page>>, String> {
        match number << 12 {
            DATA => Ok(Some(Box::new([7; 4096]))),
            CONSTANTS => Err("the page is lost".to_owned()),
            _ => Ok(None),
        }
    }
}

#[test]
fn memory_that_is_kept_elsewhere_is_brought_in() {
    let code = [Instruction::custom(BULK_LOAD, 10, 10, 11), Instruction::custom(BULK_LOAD, 10, 12, 11)];
    let program = load(&elf([DATA, DATA + 32, CONSTANTS], &code), TestExtensions);
    let memory = Memory::stored(&program, Arc::new(Kept));
    let mut emulator = Emulator::with_memory(&program, memory, Box::new(empty()));
    assert_eq!(emulator.run(7), Ok(Outcome::OutOfSteps));
    assert_eq!((emulator.memory().word(DATA + 32), emulator.registers()[10]), (0x0707_0707, DATA + 16));
    let Err(fault) = emulator.run(1) else { panic!("no fault") };
    assert_eq!(fault.kind, FaultKind::Host { stream: "stored memory", message: "the page is lost".to_owned() });
}
